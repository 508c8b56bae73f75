"""Text → the one form in which the project keeps text: Unicode NFC, "\\n" line ends, no controls, no lone surrogates."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

# Controls other than tab and line feed; soft hyphen, zero-width space, word joiner, byte-order mark; marks that only
# steer the direction of display (Unicode 17, 23.2 and 23.3): they hide and reorder, and carry no words.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x0c\x85\u2028\u2029]")
_NO_BREAK = re.compile("[\u00a0\u202f\u2007]")
_TRAILING = re.compile(r"[ \t]+(?=\n|\Z)")
_BLANK_LINES = re.compile(r"\n{4,}")
_SURROGATES = re.compile("[\ud800-\udfff]")
_ASCII_CONTROLS = bytes((*range(9), *range(11, 32), 127))


def clean(text: str) -> str:
    """Bring text into the project's form; idempotent.

    Args:
        text: any string, lone surrogates included.

    Returns:
        NFC text with "\\n" line ends, without control characters, zero-width and direction marks, without blanks at
        line ends, with at most two blank lines in a row. Leading and trailing blank lines are kept.
    """
    if text.isascii():
        if _is_clean_ascii(text):
            return text
    else:
        text = _SURROGATES.sub("\ufffd", text)
        text = unicodedata.normalize("NFC", text)
        text = _NO_BREAK.sub(" ", text)
    text = _LINE_ENDS.sub("\n", text)
    text = _UNWANTED.sub("", text)
    if not text.isascii():
        # Taking a mark out can bring a letter and its accent together.
        text = unicodedata.normalize("NFC", text)
    text = _TRAILING.sub("", text)
    return _BLANK_LINES.sub("\n\n\n", text)


def _is_clean_ascii(text: str) -> bool:
    """True for an ASCII text that is in the project's form already; plain look-ups, for most texts are."""
    return not (
        "\n\n\n\n" in text
        or " \n" in text
        or "\t\n" in text
        or text.endswith((" ", "\t"))
        or _holds_controls(text)
    )


def _holds_controls(text: str) -> bool:
    """Tell whether an ASCII text holds a control; five times as fast as an expression."""
    data = text.encode("ascii")
    return len(data.translate(None, _ASCII_CONTROLS)) < len(data)


def one_line(text: str, limit: int = 300) -> str:
    """Bring text into the project's form on one line of at most `limit` characters: titles, names, labels."""
    line = text if _is_plain_line(text) else " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _is_plain_line(text: str) -> bool:
    """True for ASCII on one line with single spaces: most titles and labels, for which nothing is to be done."""
    return text.isascii() and text.isprintable() and "  " not in text and text.strip() == text


def join_hard_wraps(text: str) -> str:
    """Undo line breaks inside paragraphs, and hyphenation at line ends, where that is safe.

    A break is undone when the line is long (at least 45 characters), does not end a sentence, and the next line goes
    on in lower case; a hyphen at a line end is taken out when letters stand on both sides and the next is lower case.
    Lists, headings, tables and verse therefore keep their lines.
    """
    text = re.sub(r"(?<=[^\W\d_]{2})[-‐]\n(?=[a-zà-öø-ÿ]{2})", "", text)
    return re.sub(r"(?<=[^\n]{45}[\w,;)])\n(?=[a-zà-öø-ÿ(])", " ", text)


def from_timestamp(seconds: float) -> datetime | None:
    """Return seconds since 1970 as a moment in UTC, None where the number means no moment."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def parse_date(text: str) -> datetime | None:
    """Read an ISO 8601 date or moment, or the forms that front matter and exports commonly use; None otherwise.

    A date alone becomes its midnight without a time zone.
    """
    wanted = text.strip().strip("\"'")
    if not any(map(str.isdigit, wanted)):
        return None
    try:
        return datetime.fromisoformat(wanted)
    except ValueError:
        pass
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(wanted, form)
        except ValueError:
            continue
    return None


# Evernote's basic form first (documented in its export DTD), then what people and exporters write.
_DATE_FORMS = (
    "%Y%m%dT%H%M%SZ",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S %z",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%B %d, %Y %I:%M %p",
    "%d.%m.%Y",
)
