"""Who says "I" where in a document.

Words of an assistant program are never taken for a source, whoever kept them: what a model once said is no evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractors.document import Domain
from training.synthesis.people import is_full_name
from training.synthesis.sources import Owner, SourceDocument, name_of

PROGRAMS = frozenset("assistant system tool model ai bot chatgpt gpt copilot personald".split())
"""First words of names that exports of chats give to programs."""
NAMESAKES = frozenset({"claude", "gemini"})
"""Programs that share a name with people: meant where it is all that the speaker is called."""
MACHINES = re.compile(
    r"\b(?:user|admin|administrator|office|owner|scanner|printer)\b", re.IGNORECASE
)
"""What programs write into a file as its author when nobody told them a name."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A stretch of text and who says "I" in it.

    Attributes:
        start, end: characters of the document's text.
        speaker: a name; "" for the owner of the files, None when unknown (then "I" and "my" are nobody's).
    """

    start: int
    end: int
    speaker: str | None


def is_assistant(speaker: str) -> bool:
    """Whether a speaker is a program."""
    words = speaker.casefold().replace("-", " ").split()
    return bool(words) and (words[0] in PROGRAMS or (len(words) == 1 and words[0] in NAMESAKES))


def voices(source: SourceDocument, owner: Owner) -> Iterator[Voice]:
    """Who speaks where in a document."""
    document = source.document
    if document.turns:
        for turn in document.turns:
            if is_assistant(turn.speaker):
                continue
            mine = owner.is_named(turn.speaker)
            yield Voice(turn.start, turn.end, "" if mine else (turn.speaker or None))
    elif document.domain == Domain.MAIL or is_others(source, owner):
        mine = owner.is_named(document.author)
        yield Voice(0, len(document.text), "" if mine else (name_of(document.author) or None))
    else:
        yield Voice(0, len(document.text), "")


def is_others(source: SourceDocument, owner: Owner) -> bool:
    """Whether a file names another person as its author; then "I" in it is not the owner."""
    author = name_of(source.document.author)
    known = bool(owner.names or owner.addresses)
    return (
        known
        and is_full_name(author)
        and not MACHINES.search(author)
        and not owner.is_named(author)
    )
