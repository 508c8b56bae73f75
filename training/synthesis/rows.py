"""Rows that no single fact stands behind: rewritten texts, how the owner writes, questions that a text leaves open.

Each names the document and the words that it was made from, so that provenance runs both ways for it too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from training.material import Example, Purpose, asked


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One thing to study, made from a stretch of a document.

    Attributes:
        way: how it was made; "rewrite/note", "style/mail" …
        question: what is asked.
        answer: what should be said.
        purpose: study, abstention or style.
        document, version: what it was made from.
        start, end: the characters of the document's text that support it.
        quote: those characters.
        others: (identity, version) of further documents without which the answer cannot be known.
    """

    way: str
    question: str
    answer: str
    purpose: Purpose
    document: str
    version: int
    start: int
    end: int
    quote: str
    others: tuple[tuple[str, int], ...] = ()

    @property
    def documents(self) -> tuple[tuple[str, int], ...]:
        """(identity, version) of every document that it was made from."""
        return ((self.document, self.version), *self.others)

    @property
    def identity(self) -> str:
        """32 hex characters of a hash over what it teaches and where that stands."""
        parts = "\0".join((self.way, self.question, self.answer, self.document))
        return hashlib.sha256(parts.encode()).hexdigest()[:32]

    def example(self) -> Example:
        """The row as it is trained on."""
        return Example(
            asked(self.question), self.answer, self.purpose, (self.identity,), f"train/{self.way}"
        )
