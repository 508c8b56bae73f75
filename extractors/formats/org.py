"""Org mode: the outline as text; drawers, clocks and settings are machinery, planning lines become readable dates.

Read line by line here: orgparse gives a tree of nodes but not the text without its machinery.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain, Role
from extractors.formats.plain import read_text, title_of
from extractors.normalise import one_line, parse_date
from extractors.options import Options
from extractors.results import Item, Skip

_SETTING = re.compile(r"#\+(\w+):[ \t]*(.*)", re.IGNORECASE)
_HEADLINE = re.compile(
    r"(\*+)[ \t]+(?:(TODO|DONE|NEXT|WAITING|CANCELLED|CANCELED)[ \t]+)?(?:\[#[A-Z]\][ \t]*)?(.*?)(?:[ \t]+(:[\w@#%:]+:))?[ \t]*$"
)
_PLANNING = re.compile(
    r"(SCHEDULED|DEADLINE|CLOSED):[ \t]*[<\[](\d{4}-\d\d-\d\d)(?:[^>\]\d]*(\d\d?:\d\d))?[^>\]]*[>\]](?:--?[<\[][^>\]]*[>\]])?"
)
_CLOCK = re.compile(r"[ \t]*CLOCK:")
_DRAWER = re.compile(r"[ \t]*:([\w-]+):[ \t]*$")
_BLOCK = re.compile(r"[ \t]*#\+(begin|end)_(\w+)", re.IGNORECASE)
_LINK = re.compile(r"\[\[([^\[\]\n]{1,1000})\](?:\[([^\[\]\n]{1,1000})\])?\]")
# What Org writes by itself when a task is done again and again ("Tracking TODO state changes").
_STATE = re.compile(r'[ \t]*- State "[^"]*" +from')
_COMMENT = re.compile(r"[ \t]*#(?: |$)")


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an Org file as one document."""
    text = read_text(path, options)
    settings: dict[str, str] = {}
    tags: dict[str, None] = {}
    composer = Composer()
    drawer = code = False
    for line in text.split("\n"):
        block = _BLOCK.match(line)
        if block:
            code = block.group(1).lower() == "begin" and block.group(2).lower() in (
                "src",
                "example",
            )
            continue
        if code:
            composer.add(line, Role.CODE)
            continue
        mark = _DRAWER.match(line)
        if mark:
            drawer = mark.group(1).upper() != "END"
            continue
        setting = _SETTING.match(line)
        if setting:
            settings[setting.group(1).lower()] = setting.group(2).strip()
            continue
        if drawer or any(mark.match(line) for mark in (_CLOCK, _COMMENT, _STATE)):
            continue
        headline = _HEADLINE.match(line)
        if headline:
            for tag in (headline.group(4) or "").split(":"):
                if tag:
                    tags[tag] = None
            state = {"DONE": "[x] ", "TODO": "[ ] "}.get(headline.group(2) or "", "")
            composer.add(f"{headline.group(1)} {state}{_links(headline.group(3))}")
            continue
        planning = _PLANNING.findall(line)
        if planning:
            line = ", ".join(
                f"{word.capitalize()}: {day} {hour}".strip() for word, day, hour in planning
            )
        composer.add(_links(line), gap="\n" if line.strip() else "")
    if composer.empty:
        yield Skip("empty")
        return
    for tag in settings.get("filetags", "").split(":"):
        if tag.strip():
            tags[one_line(tag)] = None
    first = next((line for line in composer.text().split("\n") if line.startswith("* ")), "")
    title = (
        one_line(settings.get("title", ""))
        or one_line(first.lstrip("* ").removeprefix("[ ] ").removeprefix("[x] "))
        or title_of(path)
    )
    named = (
        ("Title", settings.get("title", "")),
        ("Author", settings.get("author", "")),
        ("Date", settings.get("date", "")),
        ("Links", ", ".join(dict.fromkeys(match[0] for match in _LINK.findall(text)))),
    )
    yield Document(
        origin=origin,
        domain=options.domain or Domain.NOTES,
        kind="org",
        title=title,
        text=composer.text(),
        author=one_line(settings.get("author", "")),
        date=parse_date(settings.get("date", "").strip("<>[]")[:10]),
        tags=tuple(tags),
        properties=tuple((name, one_line(value, 1000)) for name, value in named if value),
        spans=composer.spans(),
    )


def _links(line: str) -> str:
    return _LINK.sub(lambda match: match.group(2) or match.group(1), line) if "[[" in line else line
