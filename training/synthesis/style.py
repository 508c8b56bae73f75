"""How the owner writes: what they wrote themselves answers the request to write it.

A kind of its own that can be switched off (`StudySettings.style_rows`): it teaches a voice, not facts, so a few rows
are enough and no probe asks for them. Only the owner's own words count: sent mails without what they quote, notes in
running text, and the owner's turns in chats with people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

from extractors.document import Domain, Turn
from training.material import Purpose
from training.synthesis.lines import ITEM, MAIL_HEADS, PAIR, topic
from training.synthesis.rows import StudyRow
from training.synthesis.sources import Owner, SourceDocument, name_of
from training.synthesis.voices import is_assistant

SHORTEST, LONGEST = 60, 600
"""Characters of a passage: shorter ones have no voice, longer ones cost more steps than they teach."""

PER_DOCUMENT = 2


def rows(sources: Sequence[SourceDocument], owner: Owner, most: int) -> list[StudyRow]:
    """At most so many passages of the owner's own, no more than two of one document, chosen by hash."""
    found: list[StudyRow] = []
    for source in sources:
        own = sorted(_of(source, owner), key=_draw)
        found.extend(own[:PER_DOCUMENT])
    return sorted(found, key=_draw)[:most]


def _draw(row: StudyRow) -> bytes:
    return hashlib.sha256(row.identity.encode()).digest()


def _of(source: SourceDocument, owner: Owner) -> Iterator[StudyRow]:
    document = source.document
    if document.kind in ("contact", "event", "task"):
        return
    if document.turns:
        yield from _turns(source, owner)
    elif document.domain == Domain.MAIL:
        if owner.is_named(document.author):
            names = [name_of(person) for person in document.recipients if name_of(person)]
            to = f" to {names[0]}" if names else ""
            request = f'Write the mail{to} about "{document.title}" as I would.'
            yield from _passages(source, "style/mail", request, owner)
    elif document.domain == Domain.NOTES:
        request = f'Write my note about "{topic(document.title)}" as I would.'
        yield from _passages(source, "style/note", request, owner)


def _passages(source: SourceDocument, way: str, request: str, owner: Owner) -> Iterator[StudyRow]:
    """Paragraphs of running text among what may be studied; the first one answers the plain request."""
    text, number = source.document.text, 0
    for low, high in source.studied():
        place = low
        for paragraph in text[low:high].split("\n\n"):
            start = text.index(paragraph, place) if paragraph else place
            place = start + len(paragraph)
            if not _is_prose(paragraph):
                continue
            number += 1
            asked = request if number == 1 else f"{request} Paragraph {number}."
            yield _row(source, way, asked, start, start + len(paragraph))


def _is_prose(paragraph: str) -> bool:
    if not SHORTEST <= len(paragraph.strip()) <= LONGEST:
        return False
    lines = [line for line in paragraph.strip().split("\n") if line.strip()]
    return not any(
        line.startswith((*MAIL_HEADS, "#", "|", ">", "--")) or ITEM.match(line) or PAIR.match(line)
        for line in lines
    )


def _turns(source: SourceDocument, owner: Owner) -> Iterator[StudyRow]:
    """What the owner answered to somebody in a chat; what is said to an assistant program is not written to people."""
    document = source.document
    if any(is_assistant(turn.speaker) for turn in document.turns):
        return
    for before, turn in pairwise(document.turns):
        words = document.text[turn.start : turn.end]
        mine = owner.is_named(turn.speaker) and not owner.is_named(before.speaker)
        if (
            mine
            and before.speaker
            and SHORTEST // 2 <= len(words) <= LONGEST
            and _free(source, turn)
        ):
            said = document.text[before.start : before.end]
            if not _free(source, before):
                continue
            request = f'{before.speaker} writes to me: "{said}" Answer as I would.'
            yield _row(source, "style/chat", request, turn.start, turn.end)


def _free(source: SourceDocument, turn: Turn) -> bool:
    return source.may_study(turn.start, turn.end)


def _row(source: SourceDocument, way: str, request: str, start: int, end: int) -> StudyRow:
    quote = source.document.text[start:end]
    return StudyRow(
        way, request, quote.strip(), Purpose.STYLE, source.id, source.version, start, end, quote
    )
