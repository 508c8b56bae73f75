"""What people write without verbs: "plate LMR-4471", "**Leif** – allergic to kiwi", columns, the end of a mail.

Notes are kept for oneself: the title says what a line is about, and the verb is left out. Only what is unmistakable is
read: an attribute whose noun is known to carry numbers or codes, followed by one; a column of at least three lines; a
telephone number after a name or under a mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractors.document import Domain, Role
from training.material import Fact
from training.synthesis.facts import make
from training.synthesis.lines import HEADING, ITEM, Line, lines_of, topic
from training.synthesis.people import NAME, given_names, is_full_name, is_name
from training.synthesis.prose import STOP_WITHIN, unwrapped
from training.synthesis.relations import relation_for
from training.synthesis.sources import Owner, SourceDocument, name_of

AMOUNT_NOUNS = (
    "rent|price|fee|fare|total|tax|deposit|loan|insurance|salary|sub|subs|membership|share|fine|wage|tip|pension|premium"
    "|weight|height|size|length|width|mileage"
)
CODE_NOUNS = "code|pin|plate|number|no|ref|reference|zone|locker|room|seat|gate|platform|shelf|flat|apartment|account|network|ssid|plot|berth"

AMOUNT = r"[€$£]?\d[\d.,:]*\d?(?: ?(?:%|kg|g|lb|lbs|cm|m|mm|km|miles|l|metres|pounds|euros|dollars|kr|kroner|EUR|GBP|USD))?\b(?: (?:a|an|per|each) \w+)?"
CODE = r"#?(?=[\w./\-#]*\d)[\w./\-]+#?"

ATTRIBUTE = re.compile(
    rf"^(?:(?:the|our|my|his|her|its|their) )?(?P<noun>(?:[A-Za-z][\w'’\-]* ){{0,3}}?(?:{AMOUNT_NOUNS}))\.?(?: is| are| was)?:? (?P<value>{AMOUNT})(?=$| \(|[;.!](?:\s|$)| +[a-z])"
    rf"|^(?:(?:the|our|my|his|her|its|their) )?(?P<code_noun>(?:[A-Za-z][\w'’\-]* ){{0,3}}?(?:{CODE_NOUNS}))\.?(?: is)?:? (?P<code>{CODE})(?=$| \(|[;.!](?:\s|$))",
    re.IGNORECASE,
)
STATES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"^(?:is |am )?allergic to (?P<value>[^(;.!]+?)(?=$| \(|[;.!])", re.IGNORECASE),
        "allergy",
    ),
    (re.compile(rf"^weighs (?P<value>{AMOUNT})", re.IGNORECASE), "weight"),
    (re.compile(r"^blood (?:group|type) (?P<value>(?:O|A|B|AB)\b[ \w+\-−]*?)(?=$|[;.!,])"), "blood group"),
    (
        re.compile(r"^born (?:on )?(?P<value>\d[^;.!]*|[A-Z]\w+ \d[^;.!]*?)(?=$|[;.!])", re.IGNORECASE),
        "birthday",
    ),
)  # fmt: skip
OWNED = re.compile(r"(?:my|our) ", re.IGNORECASE)
"""Whole sentences about the owner's things are read as such (see `sentences`)."""
NO_NOUN = re.compile(r"\b(?:is|are|was|were|has|have|for|of|in|on|at|to|with|by)\b", re.IGNORECASE)
HEAD = re.compile(
    r"^(?:\*\*|__)?(?P<head>[A-ZÀ-ÖØ-Þ][\w'’\-]+(?: [A-ZÀ-ÖØ-Þ][\w'’\-]+)?)(?:\*\*|__)?(?::(?:\*\*|__)?| [–—-]) (?P<rest>.+)$"
)
COLUMNS = re.compile(r"^(?P<key>\S(?:.*?\S)?)(?: {2,}|\t+)(?P<value>\S.*)$")
FEWEST_COLUMNS = 3
PHONE = r"\+?\(?\d[\d ()\-./]{5,}\d"
PHONE_AFTER = re.compile(rf"(?P<who>{NAME})(?:,| \(|:)? ?(?P<phone>{PHONE})(?!\d)(?![.,]\d)")
SIGNED_PHONE = re.compile(
    rf"^(?P<label>[A-Za-z. ]{{0,12}}?)[.:]? ?(?P<phone>{PHONE})$", re.IGNORECASE
)
LEAST_PHONE_DIGITS = 7
"""Fewer digits are a house number, a price or an extension (E.164 numbers without prefixes have 7 or more)."""


@dataclass(frozen=True, slots=True)
class About:
    """Whom or what a line is about, and how sure that is.

    Attributes:
        subject: as in `Fact`.
        person: whether it can have an allergy or a birthday.
    """

    subject: str
    person: bool


def read(source: SourceDocument, owner: Owner) -> Iterator[Fact]:
    """The facts that are written tersely; cards, calendars and chats are read elsewhere."""
    document = source.document
    if document.kind in ("contact", "event", "task") or document.turns:
        return
    found = _signature(source, owner) if document.domain == Domain.MAIL else _notes(source)
    yield from (fact for fact in found if fact is not None)


def _notes(source: SourceDocument) -> Iterator[Fact | None]:
    text = source.document.text
    title = topic(source.document.title)
    about = About(title, is_name(title))
    yield from _columns(source, title)
    for line in lines_of(unwrapped(text)):
        heading = HEADING.match(line.text)
        if heading:
            name = topic(heading[1])
            about = About(name, is_name(name))
            continue
        quote = text[line.start : line.start + len(line.text)].strip()
        item = ITEM.match(line.text)
        written = (item[1] if item else line.text).strip()
        whose = about
        head = HEAD.match(written)
        if head and (head["head"].casefold() in given_names() or head["head"] == "Me"):
            whose = About("" if head["head"] == "Me" else head["head"], True)
            written = head["rest"]
        for piece in _pieces(written):
            yield _stated(source, whose, piece, quote, line)
        for match in PHONE_AFTER.finditer(written):
            yield _phone(source, match["who"], match["phone"], quote, line)


def _pieces(text: str) -> Iterator[str]:
    """What stands between full stops and commas; those within numbers and titles do not count."""
    masked = STOP_WITHIN.sub(lambda found: found[0].replace(".", "_"), text)
    start = 0
    for match in re.finditer(r"(?:[.!;]|, )(?:\s|$)|, (?=[a-z])", masked):
        yield text[start : match.start()].strip(" *_")
        start = match.end()
    yield text[start:].strip(" *_.!")


def _stated(
    source: SourceDocument, about: About, piece: str, quote: str, line: Line
) -> Fact | None:
    """The fact that one piece of a line states, by the first pattern that reads it."""
    for pattern, relation in STATES:
        match = pattern.match(piece)
        if match and (about.person or relation == "weight"):
            return make(
                source, about.subject, relation, match["value"].strip(), quote, near=line.start
            )
    match = ATTRIBUTE.match(piece)
    if match is None:
        return None
    noun, value = match["noun"] or match["code_noun"], match["value"] or match["code"]
    if noun.casefold() in ("number", "no") or OWNED.match(piece) or NO_NOUN.search(noun):
        return None
    return make(source, about.subject, relation_for(_whole(noun)), value, quote, near=line.start)


def _whole(noun: str) -> str:
    """An attribute's noun in full."""
    noun = re.sub(r"\bref$", "reference", noun, flags=re.IGNORECASE)
    return re.sub(r"\bno$", "number", noun, flags=re.IGNORECASE)


def _columns(source: SourceDocument, title: str) -> Iterator[Fact | None]:
    """Lines in two columns, at least three under one another: who or what, and how much or when."""
    group: list[tuple[Line, re.Match[str]]] = []
    for line in [*lines_of(source.document.text), Line("", 0)]:
        match = COLUMNS.match(line.text)
        if match and len(match["key"].split()) <= 5:
            group.append((line, match))
            continue
        if len(group) >= FEWEST_COLUMNS:
            people = any(found["key"].casefold() in given_names() for _, found in group)
            for held, found in group:
                yield _column(source, title, people, held, found)
        group = []


def _column(
    source: SourceDocument, title: str, people: bool, line: Line, found: re.Match[str]
) -> Fact | None:
    """One line of a column; where one key is a first name, the other names are people too ("Mum")."""
    key = found["key"].strip(" :*-")
    value = re.sub(r"\s*\([^()]*\)$", "", re.split(r" [–—-] | {2,}", found["value"])[0]).strip(
        " .!"
    )
    if not re.search(r"\d", value) or re.search(r"\d[./-]\d", key):
        return None
    quote = line.text.strip()
    who = key.split(",")[0]
    if re.fullmatch(PHONE, value) and is_name(who):
        return make(source, who, "phone", value, quote, near=line.start)
    if is_full_name(key) or (people and is_name(key)):
        kind = relation_for(re.sub(r"(?i)\b(?:list|dates?|table)$|s\b$", "", title).strip())
        return make(source, key, kind, value, quote, near=line.start)
    return make(source, title, relation_for(key), value, quote, near=line.start)


def _phone(source: SourceDocument, who: str, number: str, quote: str, line: Line) -> Fact | None:
    known = is_full_name(who) or who.split()[0].casefold() in given_names()
    if not known or sum(map(str.isdigit, number)) < LEAST_PHONE_DIGITS:
        return None
    return make(source, who, "phone", number.strip(), quote, near=line.start)


def _signature(source: SourceDocument, owner: Owner) -> Iterator[Fact | None]:
    """Under a mail stand its sender's telephone numbers; within it, those of others after their names."""
    document = source.document
    sender = name_of(document.author)
    signed = [span for span in document.spans if span.role is Role.SIGNATURE]
    for line in lines_of(unwrapped(document.text)):
        written = line.text.strip()
        quote = document.text[line.start : line.start + len(line.text)].strip()
        if any(span.start <= line.start < span.end for span in signed):
            match = SIGNED_PHONE.match(written)
            if match and sender and not owner.is_named(document.author):
                label = match["label"].strip(" .:").casefold()
                kind = "work phone number" if label in ("desk", "office", "work") else "phone"
                yield make(source, sender, kind, match["phone"], quote, near=line.start)
            continue
        for found in PHONE_AFTER.finditer(written):
            yield _phone(source, found["who"], found["phone"], quote, line)
