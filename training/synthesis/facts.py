"""Making facts: one place that gives a statement its identity, its support and the forms in which it may be answered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from training.matching import normalise
from training.material import Fact
from training.synthesis.sources import SourceDocument

MONTHS = (
    "January February March April May June July August September October November December".split()
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

STAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?(?: \S+)?")
"""The form in which extractors write moments: 2026-05-01 or 2026-05-01 10:00 Europe/Oslo."""

LONGEST_VALUE = 90
"""Characters; what is longer is no answer but a passage, and belongs to retrieval."""


def make(
    source: SourceDocument,
    subject: str,
    relation: str,
    value: str,
    quote: str,
    *,
    near: int = 0,
    speaker: str = "",
    questions: Sequence[str] = (),
    accepted: Sequence[str] = (),
    date: datetime | None = None,
) -> Fact | None:
    """A fact, if the document supports it.

    Args:
        source: the document.
        subject, relation, value, speaker, questions, accepted: as in `Fact`.
        quote: words of the document's text that hold the statement; looked for from character `near` on.
        date: when it was stated, if not when the document was written.

    Returns:
        None when the quote is not in the text, may not be studied, or the value is empty or too long.
    """
    value = " ".join(value.split()).strip(" ,;")
    if not value or len(value) > LONGEST_VALUE or not normalise(value):
        return None
    start = source.document.text.find(quote, near)
    if start < 0:
        start = source.document.text.find(quote)
    if start < 0 or not source.may_study(start, start + len(quote)):
        return None
    spoken, forms = spoken_form(value)
    return Fact(
        identity=fact_identity(subject, relation, spoken, source.id),
        subject=" ".join(subject.split()),
        relation=relation,
        value=spoken,
        accepted=tuple(dict.fromkeys([spoken, *accepted, *forms])),
        document=source.id,
        version=source.version,
        start=start,
        end=start + len(quote),
        quote=quote,
        date=date or source.document.date,
        speaker=speaker or source.document.author,
        questions=tuple(questions),
    )


def fact_identity(subject: str, relation: str, value: str, document: str) -> str:
    """The identity of a fact: 32 hex characters of a hash over what it says and where."""
    folded = "\0".join((subject.casefold(), relation, normalise(value), document))
    return hashlib.sha256(folded.encode()).hexdigest()[:32]


def spoken_form(value: str) -> tuple[str, list[str]]:
    """A value as people say it, and further forms of it that count as right: stamps become "1 May 2026 at 10:00"."""
    match = STAMP.fullmatch(value)
    if match is None:
        return value, []
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    try:
        weekday = DAYS[datetime(year, month, day).weekday()]
    except ValueError:
        return value, []
    name = MONTHS[month - 1]
    forms = [
        f"{day} {name}",
        f"{name} {day}",
        f"{day} {name} {year}",
        f"{year}-{match[2]}-{match[3]}",
        value,
    ]
    plain = f"{weekday} {day} {name} {year}"
    if match[4]:
        return f"{plain} at {int(match[4])}:{match[5]}", [plain, *forms]
    return f"{day} {name} {year}", [plain, *forms]
