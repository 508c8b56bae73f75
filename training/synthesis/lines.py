"""What people write in lines: "Key: value", tables, and lists under a heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from training.material import Fact
from training.synthesis.facts import make
from training.synthesis.people import given_names, is_full_name, is_name
from training.synthesis.prose import unwrapped, without_remarks
from training.synthesis.relations import relation_for
from training.synthesis.sources import SourceDocument

PAIR = re.compile(
    r"^\s*(?:[-*+•]\s+)?(?:\*\*|__)?([A-Za-zÀ-ž][\w /'’.&()\-]{1,38}?)(?:\*\*|__)?\s*(?::(?:\*\*|__)?|\s[–—-]|=)\s+(\S.*)$"
)
HEADING = re.compile(r"^\s*#{1,6}\s+(.+?)\s*#*\s*$")
ROW = re.compile(r"^\s*\|(.+)\|\s*$")
RULE = re.compile(r"^[\s|:\-]+$")
ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+(?:\[[ xX]\]\s+)?(.+)$")

NO_KEYS = frozenset(
    """http https note notes from to cc bcc date subject re fwd ps p.s user assistant attachments todo ps. tags title
    q a example e.g i.e warning important update edit reading finished jan feb mar apr may jun jul aug sep sept oct nov
    dec mon tue wed thu fri sat sun now then today yesterday tomorrow soon later before after""".split()
)
NO_NOUN = re.compile(
    r"\b(?:i|you|he|she|we|they|it|am|is|are|was|were|do|don['’]t|does|doesn['’]t|didn['’]t|will|won['’]t|can['’]t"
    r"|not|never|no|one|yes|coming|maybe|hates?|likes?|loves?|wants?|needs?|made|said|talk)\b|['’](?:ll|d|ve|re|m)\b",
    re.IGNORECASE,
)
"""What a key does not hold that names something: whoever writes "she doesn't eat: coriander" names no attribute."""

MAIL_HEADS = ("From: ", "To: ", "Cc: ", "Date: ", "Subject: ", "Attachments: ")

MOST_WORDS_OF_A_KEY = 5
FEW_ITEMS = 7

DATED = re.compile(r"\d[./-]\d|\b\d{1,2} [A-Z][a-z]+$")
"""A key that ends in a date is an entry of a diary."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text and where it begins."""

    text: str
    start: int


def lines_of(text: str) -> list[Line]:
    """The lines of a text with their places."""
    place, found = 0, []
    for line in text.split("\n"):
        found.append(Line(line, place))
        place += len(line) + 1
    return found


def read(source: SourceDocument) -> Iterator[Fact]:
    """The facts that stand in lines; cards, calendars and chats are read elsewhere."""
    document = source.document
    if document.kind in ("contact", "event", "task") or document.turns:
        return
    for reader in (_front_matter, _pairs, _tables, _lists):
        yield from (fact for fact in reader(source) if fact is not None)


def _front_matter(source: SourceDocument) -> Iterator[Fact | None]:
    """Properties that the person wrote above a note; they count as stated where the text below shows them too."""
    if source.document.domain == "mail":
        return
    for label, value in source.document.properties:
        if label.casefold() in NO_KEYS:
            continue
        yield make(source, topic(source.document.title), relation_for(label), value, value)


def topic(title: str) -> str:
    """What a note is about, as a subject: its title without file endings, dates and the words of a heading."""
    bare = re.sub(r"\.(md|txt|html?)$", "", title).strip()
    bare = re.sub(
        r"^(notes?|list|info|about|contact)\s*(on|for|about|:|–|-)\s*",
        "",
        bare,
        flags=re.IGNORECASE,
    )
    # "Leven Terrace, useful stuff": what is after the comma says what kind of note it is.
    bare = re.sub(r"(?<=\w\w)(?:, .*|\s*\([^()]*\)|[!?…]+)$", "", bare)
    return re.sub(r"[\s_]+", " ", bare).strip(" :–-")


def _pairs(source: SourceDocument) -> Iterator[Fact | None]:
    subject = topic(source.document.title)
    above = ""
    for line in lines_of(unwrapped(source.document.text)):
        if line.text.startswith(MAIL_HEADS) and source.document.domain == "mail":
            continue
        heading = HEADING.match(line.text)
        if heading:
            above = topic(heading[1])
            continue
        match = PAIR.match(line.text)
        if match is None or "|" in line.text:
            continue
        key, written = match[1].strip(), match[2].strip().strip("*_ ")
        value, fuller = without_remarks(written)
        if not _is_key(key) or written.endswith("?") or "//" in line.text[:12]:
            continue
        about = above if above and above.casefold() != subject.casefold() else subject
        quote = source.document.text[line.start : line.start + len(line.text)].strip()
        whose, relation, asked = _stated(key, about)
        yield make(
            *(source, whose, relation, value, quote),
            near=line.start,
            questions=asked,
            accepted=fuller,
        )


def _stated(key: str, about: str) -> tuple[str, str, list[str]]:
    """Whom a pair is about, what it states of them, and how that is asked for where no relation says it.

    "Jonas Berg: 555 123": the key is the person, the heading says what the number is. "Jonas – hay fever": what is
    noted of somebody can be anything.
    """
    if is_full_name(key) and not relation_for(key, known_only=True):
        return key, relation_for(about), []
    if key.casefold() in given_names():
        asked = [question.format(name=key, about=about) for question in NOTED]
        return key, f"noted in {about}", asked
    return about, relation_for(key), []


NOTED = (
    'What does "{about}" say about {name}?',
    'What did I write about {name} in "{about}"?',
    'What is noted for {name} under "{about}"?',
    'Which remark on {name} is in "{about}"?',
)
"""Questions for what stands after a first name, the last one for the tests (see `wordings`)."""


def _is_key(key: str) -> bool:
    """Whether what stands before a colon names an attribute."""
    return (
        key.casefold().rstrip(".") not in NO_KEYS
        and len(key.split()) <= MOST_WORDS_OF_A_KEY
        and NO_NOUN.search(key) is None
        and DATED.search(key) is None
    )


def _tables(source: SourceDocument) -> Iterator[Fact | None]:
    """Markdown tables: the first column names whom or what, the heads of the others say what is stated."""
    head: list[str] = []
    for line in lines_of(source.document.text):
        match = ROW.match(line.text)
        if match is None:
            head = []
            continue
        if RULE.match(line.text):
            continue
        cells = [cell.strip().strip("*") for cell in match[1].split("|")]
        if not head:
            head = cells
            continue
        for label, value in list(zip(head, cells, strict=False))[1:]:
            label = "price" if label in ("$", "€", "£") else label.rstrip("?")
            if cells[0] and label and value and value != "-":
                yield make(
                    source, cells[0], relation_for(label), value, line.text.strip(), near=line.start
                )


@dataclass(slots=True)
class Listing:
    """Items that stand under one another, and what stands above them."""

    above: str
    items: list[str]
    start: int
    end: int


def listings(text: str, title: str) -> Iterator[Listing]:
    """The lists of a text; what stands above one is the heading, the line that ends in a colon, or the title."""
    above, current = title, Listing(title, [], 0, 0)
    for line in lines_of(text):
        item = ITEM.match(line.text)
        if item and not PAIR.match(line.text):
            if not current.items:
                current = Listing(above, [], line.start, 0)
            current.items.append(item[1].strip().rstrip(".,;"))
            current.end = line.start + len(line.text)
        elif line.text.strip():
            if current.items:
                yield current
            current = Listing(above, [], 0, 0)
            heading = HEADING.match(line.text)
            if heading:
                above = topic(heading[1])
            elif line.text.rstrip().endswith(":"):
                above = topic(line.text.rstrip()[:-1])
    if current.items:
        yield current


def _lists(source: SourceDocument) -> Iterator[Fact | None]:
    """A short list under a heading is one fact: what is on it."""
    text = source.document.text
    for found in listings(text, topic(source.document.title)):
        if not 2 <= len(found.items) <= FEW_ITEMS or is_name(found.above):
            continue
        asked = [
            f"What is on the list {found.above}?",
            f"What does the list {found.above} say?",
            f"What is listed under {found.above}?",
        ]
        quote = text[found.start : found.end]
        yield make(
            source,
            found.above,
            "list",
            ", ".join(found.items),
            quote,
            near=found.start,
            questions=asked,
        )
