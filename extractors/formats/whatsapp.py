"""WhatsApp's text exports, in every locale's way to write a date.

A message begins with its moment: `23/06/2018, 01:55 p.m. - Name: words` on Android, `[15-01-20 02:22:56] Name: words` on
iPhones; lines without one go on with the message above. Whether the day or the month comes first is decided for the
whole file.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from extractors.formats.conversation import Message, conversations
from extractors.formats.plain import read_text, title_of
from extractors.options import Options
from extractors.results import CannotRead, Item, Skip
from extractors.signatures import WHATSAPP_START as START

_SPEAKER = re.compile(r"([^:\n\"“]{1,80}?):[ \n](.*)", re.DOTALL)
# What stands for a picture, a sound or a deleted message.
_PLACEHOLDER = re.compile(
    r"<[^<>\n]{3,60}>|\S*\s?\(?(?:image|video|audio|sticker|gif|document|contact card|bild|foto|imagen|immagine|imagem|afbeelding)\s?(?:omitted|weggelassen|omitid[ao]|omess[oa]|ocultad[ao]|weggelaten)\)?"
    r"|this message was deleted\.?|you deleted this message\.?|diese nachricht wurde gelöscht\.?|\S+\.(?:jpg|opus|mp4|webp|pdf|vcf) \([^()]{3,40}\)|null|missed (?:voice|video) call\.?",
    re.IGNORECASE,
)
_EDITED = re.compile(
    r"\s*<(?:this message was edited|diese nachricht wurde bearbeitet)>\s*$", re.IGNORECASE
)
_CHAT_WITH = re.compile(
    r"^(?:whatsapp[ -]?chat (?:with|mit|con|met|med|com)|chat whatsapp (?:con|avec)|conversation whatsapp avec|conversa do whatsapp com|discussion whatsapp avec)\s+",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Raw:
    """A message as it stands in the file: the numbers of its date, its time, and its lines."""

    numbers: tuple[int, int, int]
    time: tuple[int, int, int]
    lines: list[str]


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an export; each conversation is a document, lines of the program itself are passed over."""
    raw = list(_messages(read_text(path, options)))
    if not raw:
        raise CannotRead("it holds no messages")
    order = _date_order([message.numbers for message in raw])
    found: list[Message] = []
    own = 0
    for message in raw:
        match = _SPEAKER.fullmatch("\n".join(message.lines).strip("\n"))
        if match is None:
            own += 1
            continue
        words = _EDITED.sub("", match.group(2)).strip()
        if _PLACEHOLDER.fullmatch(words):
            own += 1
            continue
        found.append(Message(match.group(1).strip().lstrip("~ "), words, _moment(message, order)))
    if own:
        yield Skip("message without words", own)
    name = _CHAT_WITH.sub("", title_of(path))
    yield from conversations(found, name, origin, "whatsapp", options)


def _messages(text: str) -> Iterator[_Raw]:
    current: _Raw | None = None
    for line in text.split("\n"):
        match = START.match(line)
        if match is None:
            if current is not None:
                current.lines.append(line)
            continue
        first, second, third = (int(match.group(group)) for group in (1, 2, 3))
        half = (match.group("half") or match.group("before") or "").lower()
        hour = int(match.group(5))
        if half.startswith("p") and hour < 12:
            hour += 12
        elif half.startswith("a") and hour == 12:
            hour = 0
        if current is not None:
            yield current
        time = (hour, int(match.group(6)), int(match.group(7) or 0))
        current = _Raw((first, second, third), time, [line[match.end() :]])
    if current is not None:
        yield current


def _date_order(dates: list[tuple[int, int, int]]) -> str:
    """Return "ymd", "dmy" or "mdy": what no date contradicts; of two that fit, the one whose dates go back less often."""
    if any(first > 31 for first, _, _ in dates):
        return "ymd"
    fitting = [
        order
        for order, month, day in (("dmy", 1, 0), ("mdy", 0, 1))
        if all(1 <= date[month] <= 12 and 1 <= date[day] <= 31 for date in dates)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        return "dmy"
    return min(
        fitting, key=lambda order: _steps_back([_year_month_day(date, order) for date in dates])
    )


def _steps_back(dates: list[tuple[int, int, int]]) -> int:
    return sum(1 for before, after in itertools.pairwise(dates) if after < before)


def _year_month_day(date: tuple[int, int, int], order: str) -> tuple[int, int, int]:
    first, second, third = date
    year, month, day = {
        "ymd": (first, second, third),
        "dmy": (third, second, first),
        "mdy": (third, first, second),
    }[order]
    return (year if year > 99 else 2000 + year, month, day)


def _moment(message: _Raw, order: str) -> datetime | None:
    try:
        return datetime(*_year_month_day(message.numbers, order), *message.time)
    except ValueError:
        return None
