"""Running text cut into sentences, whatever its line ends: mails are wrapped, and "Dr." ends nothing.

Characters are only ever exchanged for others, one for one, so that every sentence keeps its place in the text that it
quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WRAP = re.compile(
    r"(?<=[^\n]{50}[^\n.!?:;])\n(?=[^\W\d_A-ZÀ-ÖØ-Þ]|[(£$€])"
    r"|(?<=[^\n]{61}[^\n.!?:;])\n(?=[^\W_]|[\"“‘'])(?![A-Za-z][\w ]{0,20}:\s)"
)
"""A line's end that may be a wrap: mail programs wrap at 66 to 78 characters (RFC 3676, section 4.2), and a word that
does not fit moves to the next line, with a small letter most of the time."""

STOP_WITHIN = re.compile(
    r"\b(?:(?:Dr|Mr|Mrs|Ms|Prof|Jr|Sr|St|approx|ca|vs|tel|Tel|apt|Apt|e\.g|i\.e)(?P<title>\.)(?= )"
    r"|[Nn]o(?P<number>\.)(?= ?\d)|[A-Z](?P<initial>\.)(?= [a-z]))"
)
SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]?")
"""A stretch up to a full stop that is followed by a space; stops inside numbers, times and addresses do not count."""

BULLET = re.compile(r"^(?:[-*+•>]|\d+[.)]|\[[ x]\])\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its place.

    Attributes:
        text: on one line, without the mark of a list.
        quote: as it stands in the document.
        start: where the quote begins.
    """

    text: str
    quote: str
    start: int


def unwrapped(text: str) -> str:
    """The text with the ends of wrapped lines turned to spaces; as long as before."""
    return WRAP.sub(" ", text)


def sentences_of(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The sentences of a stretch of a text."""
    flat = unwrapped(text)
    masked = STOP_WITHIN.sub(lambda found: found[0].replace(".", "_"), flat)
    for match in SENTENCE.finditer(masked, start, end):
        found = flat[match.start() : match.end()]
        place = match.start() + len(found) - len(found.lstrip())
        quote = text[place : match.end()].strip()
        if quote:
            plain = " ".join(found.split())
            yield Sentence(BULLET.sub("", plain), quote, place)


FIRST_SENTENCE = re.compile(r"[.!?]+ +(?=[\"“‘'(]?[A-ZÀ-ÖØ-Þ])")
REMARK = re.compile(
    r", (?:but|because|so|though|although|he|she|it|they|we|I|you|ask|tell|which|who|yes|no|not)\b(?=['’]?\w*[ ,]).*$"
)
ASIDE = re.compile(r"(?<=\S) \([^()]*\)[.!]*$")


def without_remarks(value: str) -> tuple[str, list[str]]:
    """What answers within what was written after a key, and the fuller forms that count as right as well.

    The first sentence, without the clause that comments on it ("…, he prefers letters") and without an aside in
    brackets.
    """
    masked = STOP_WITHIN.sub(lambda found: found[0].replace(".", "_"), value)
    end = FIRST_SENTENCE.search(masked)
    first = value[: end.start()] if end else value
    comma = first.find(",")
    remark = REMARK.search(first, comma) if comma > 0 else None
    said = first[: remark.start()] if remark else first
    bare = ASIDE.sub("", said).strip(" .!,;")
    return bare, [form for form in (said.strip(" .!,;"),) if form and form != bare]
