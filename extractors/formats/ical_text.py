"""iCalendar text before it is parsed: small faults mended, and a calendar that does not parse as a whole taken apart.

One bad line makes the parser refuse a calendar, and one that is cut off gives it nothing; so each entry can be had as a
small calendar of its own (RFC 5545, 3.4 and 3.6), with the time zones that all of them need.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractors import charset

ENTRIES = ("VEVENT", "VTODO", "VJOURNAL")
_MARK = re.compile(r"(BEGIN|END):([A-Z0-9-]+)[ \t]*", re.IGNORECASE)
_QUOTED = re.compile(
    r"([A-Z-]+)((?:;[^:;]*)*?);(?:ENCODING=)?QUOTED-PRINTABLE((?:;[^:]*)?):(.*)", re.I
)
_CHARSET = re.compile(r";CHARSET=([\w.:-]{1,40})", re.IGNORECASE)
_NO_ZONE = re.compile(r';TZID=(?:"")?(?=[:;])', re.IGNORECASE)
_UID = re.compile(r"^UID(?:;[^:\n]*)?:(.{1,200})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, task or journal entry of a calendar.

    Attributes:
        text: a calendar that holds just this entry.
        uid: its identifier, "" when it has none.
        whole: False when the text ended, or another entry began, before its end.
    """

    text: str
    uid: str
    whole: bool


def mended(text: str) -> str:
    """Undo what keeps otherwise good calendars from being parsed.

    Blank lines, text before the beginning and empty names of time zones go; quoted-printable values (vCalendar 1.0) are decoded.
    """
    start = text.upper().find("BEGIN:VCALENDAR")
    lines = [line for line in text[max(start, 0) :].splitlines() if line.strip()]
    if "QUOTED-PRINTABLE" in text.upper():
        lines = list(_unquoted(lines))
    return _NO_ZONE.sub("", "\r\n".join(lines))


def is_balanced(text: str) -> bool:
    """Tell whether every component that begins also ends."""
    waiting: list[str] = []
    for line in text.splitlines():
        match = _MARK.fullmatch(line)
        if match is None:
            continue
        name = match.group(2).upper()
        if match.group(1).upper() == "BEGIN":
            waiting.append(name)
        elif not waiting or waiting.pop() != name:
            return False
    return not waiting


def entries(text: str) -> Iterator[Entry]:
    """Take a calendar apart, its lines mended before; what belongs to no entry and no time zone is left out."""
    zones: list[str] = []
    names: list[str] = []
    block: list[str] = []
    kind = ""
    for line in text.splitlines():
        match = _MARK.fullmatch(line)
        begins = match is not None and match.group(1).upper() == "BEGIN"
        name = match.group(2).upper() if match else ""
        if begins and name in (*ENTRIES, "VTIMEZONE"):
            if kind in ENTRIES:
                yield _entry(names, zones, block, whole=False)
            kind, block = name, [line]
        elif kind:
            block.append(line)
            if not begins and name == kind:
                if kind == "VTIMEZONE":
                    zones += block
                else:
                    yield _entry(names, zones, block, whole=True)
                kind, block = "", []
        elif line.upper().startswith("X-WR-CALNAME"):
            names.append(line)
    if kind in ENTRIES:
        yield _entry(names, zones, block, whole=False)


def _entry(names: list[str], zones: list[str], block: list[str], whole: bool) -> Entry:
    inside = "\r\n".join(block)
    uid = _UID.search(inside.replace("\r", ""))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *names, *zones, inside, "END:VCALENDAR"]
    return Entry("\r\n".join(lines), uid.group(1).strip() if uid else "", whole)


def _unquoted(lines: list[str]) -> Iterator[str]:
    waiting = iter(lines)
    for line in waiting:
        match = _QUOTED.fullmatch(line)
        if match is None:
            yield line
            continue
        name, before, after, value = match.groups()
        pieces = [value]
        while pieces[-1].endswith("="):
            pieces[-1] = pieces[-1][:-1]
            pieces.append(next(waiting, ""))
        declared = _CHARSET.search(before + after)
        raw = quopri.decodestring("".join(pieces).encode("utf-8", "replace"))
        shown = charset.decode(raw, declared.group(1) if declared else "")
        escaped = shown.replace("\\", "\\\\").replace("\r\n", "\\n").replace("\n", "\\n")
        yield f"{name}:{escaped.replace(';', chr(92) + ';').replace(',', chr(92) + ',')}"
