"""Cut documents into passages, each with what its document says about all of them: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from extractors.document import Document, Role
from personald.serve.values import readable_dates

# A passage holds about so many words: a few sentences, so that a small model sees little that is beside the point.
PASSAGE_WORDS = 70

# Formats that say everything about one thing in a few lines: a contact, an event. They are never cut.
RECORD_KINDS = frozenset({"contact", "event", "task"})

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*$")
_MAIL_HEADER = re.compile(r"(?:From|To|Cc|Bcc|Date|Subject|Attachments): .*(?:\n|$)")
# What mail programs put above a quoted letter.
_ATTRIBUTION = re.compile(
    r"^(?:(?:From|Sent|To|Cc|Date|Subject): .*|-+ ?Original Message ?-+|On .* wrote:|.* wrote:)$\n?",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document.

    Attributes:
        document: the document's id.
        title: the document's title.
        origin: where it came from.
        text: the passage.
        date: ISO date of the document, "" when unknown.
        heading: the heading that the passage stands under, "" for none.
        about: more words that belong to it: who wrote it to whom, tags, the file's name.
        quoted: an earlier letter, quoted in a later one.
        record: a contact or an event: everything in it is about the same person or thing.
    """

    document: str
    title: str
    origin: str
    text: str
    date: str = ""
    heading: str = ""
    about: str = ""
    quoted: bool = False
    record: bool = False

    @property
    def context(self) -> str:
        """What says what the passage is about, beside its own words."""
        return "\n".join(part for part in (self.title, self.heading, self.about) if part)


def passages_of(identity: str, document: Document) -> list[Passage]:
    """The passages of a document, in order.

    Quoted history is kept apart from what is written above it; signatures stay (they hold phone numbers), disclaimers
    and boilerplate do not. A mail's header lines become what its passages are about; dates of contacts and events are
    written as people write them.

    Args:
        identity: the document's id.
        document: with its text and spans.
    """
    date = document.date.date().isoformat() if document.date else ""
    about = "\n".join(
        part for part in (document.author, _file_name(document), *document.tags) if part
    )
    record = document.kind in RECORD_KINDS

    def passage(text: str, heading: str = "", quoted: bool = False) -> Passage:
        return Passage(
            identity, document.title, document.origin, text, date, heading, about, quoted, record
        )

    if record:
        text = readable_dates(document.text).strip()
        return [passage(text)] if text else []
    own, quoted = _parted(document)
    found = [passage(text, heading) for heading, text in _under_headings(own)]
    return found + [passage(text, quoted=True) for text in cut(quoted)]


def _file_name(document: Document) -> str:
    """The file's name without its ending; nothing for a part of a bigger file."""
    return "" if "#" in document.origin else PurePath(document.origin).stem


def _parted(document: Document) -> tuple[str, str]:
    """The document's own text without header lines, and the quoted history without its marks."""
    own: list[str] = []
    quoted: list[str] = []
    place = 0
    for span in document.spans:
        own.append(document.text[place : span.start])
        text = document.text[span.start : span.end]
        if span.role is Role.QUOTED:
            quoted.append(_ATTRIBUTION.sub("", re.sub(r"^[> ]+", "", text, flags=re.MULTILINE)))
        elif span.role not in (Role.DISCLAIMER, Role.BOILERPLATE):
            own.append(text)
        place = span.end
    own.append(document.text[place:])
    text = "".join(own)
    if document.kind == "mail" or text.startswith("From: "):
        start = 0
        while match := _MAIL_HEADER.match(text, start):
            start = match.end()
        text = text[start:]
    return text, "\n".join(quoted)


def _under_headings(text: str) -> Iterator[tuple[str, str]]:
    """(heading, passage) pairs: no passage reaches over a heading."""
    heading = ""
    lines: list[str] = []
    for line in text.splitlines():
        match = _HEADING.match(line)
        if match is None:
            lines.append(line)
            continue
        for part in cut("\n".join(lines)):
            yield heading, part
        heading, lines = match.group(1), []
    for part in cut("\n".join(lines)):
        yield heading, part


def cut(text: str, words: int = PASSAGE_WORDS) -> list[str]:
    """Cut a text into passages of about `words` words, at empty lines, line ends and sentence ends where possible."""
    passages: list[str] = []
    current: list[str] = []
    size = 0
    for piece, separator in _pieces(text, words):
        count = len(piece.split())
        if current and size + count > words:
            passages.append("".join(current).strip())
            current, size = [], 0
        current.append(piece + separator)
        size += count
    passages.append("".join(current).strip())
    return [passage for passage in passages if passage]


def _pieces(text: str, words: int) -> Iterable[tuple[str, str]]:
    """Paragraphs that fit whole; else their lines; else their sentences; else runs of words."""
    for paragraph in re.split(r"\n\s*\n", text):
        if len(paragraph.split()) <= words:
            yield paragraph, "\n\n"
            continue
        for line in paragraph.splitlines():
            if len(line.split()) <= words:
                yield line, "\n"
                continue
            for sentence in _SENTENCE_END.split(line):
                parts = sentence.split()
                for start in range(0, len(parts), words):
                    yield " ".join(parts[start : start + words]), " "
