"""The line of a passage that a person is shown beside an answer, or instead of one."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from personald.serve.evidence import Asked, sentences
from personald.serve.passages import Passage
from personald.serve.support import place_of

LONGEST = 200
"""Characters of a quotation."""


def quoted(asked: Asked, passage: Passage, answer: str = "") -> str:
    """The line or sentence of a passage that says most about a question, on one line.

    Args:
        asked: what the question looks for.
        passage: from where.
        answer: the value that was taken from this passage; its own line is quoted then.
    """
    parts = sentences(passage.text)
    if not parts:
        return ""
    place = place_of(answer, passage.text) if answer else None
    if place is not None:
        at = next((part for part in parts if part.start <= place[0] < part.end), parts[0])
    else:
        at = max(parts, key=lambda part: _said(asked, part.places.keys()))
    text = " ".join(passage.text[at.start : at.end].split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _said(asked: Asked, words: AbstractSet[str]) -> float:
    """How much of the question stands in a line."""
    total = 0.0
    for word, weight in asked.weights.items():
        grades = asked.meant.get(word, {})
        total += weight * max((grades[other] for other in grades.keys() & words), default=0.0)
    return total
