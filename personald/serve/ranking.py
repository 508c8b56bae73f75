"""Which passages may hold the answer to a question, best first: BM25 that knows names, synonyms and what a passage is about."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from personald.serve.lexicon import variants
from personald.serve.passages import Passage
from personald.serve.support import names
from personald.serve.words import stems

# Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, 3.2). These constants and the next
# ones were varied one at a time and moved where nearly each of six made-up persons gained, no blind one among them.
K1 = 0.9
B = 0.5

# Fields are weighted before saturation, as in BM25F (the same, 3.6): the text counts once; title and heading say what
# the whole passage is about; the rest of the document only leans towards it.
CONTEXT_WEIGHT = 1.2
DOCUMENT_WEIGHT = 0.05

# A name tells more than its rarity says, and so do words that stand together; a quoted letter tells less.
NAME_WEIGHT = 1.3
PAIR_WEIGHT = 0.3
QUOTED_WEIGHT = 0.85


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its score for a question; higher is better."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class _Fields:
    """The words of a passage, weighted.

    Attributes:
        near: how often its text and its context hold each word.
        document: the words of its whole document, which may be a book: one set for all its passages.
    """

    near: Mapping[str, float]
    document: Set[str]

    def weight(self, word: str) -> float:
        """How much of a word there is."""
        return self.near.get(word, 0.0) + (DOCUMENT_WEIGHT if word in self.document else 0.0)

    def length(self) -> float:
        """The sum of all weights, at least 1."""
        return max(sum(self.near.values()) + DOCUMENT_WEIGHT * len(self.document), 1.0)


def rank(question: str, passages: Sequence[Passage], limit: int) -> list[Ranked]:
    """The passages that share most with a question, best first; at equal score, newer ones first.

    Args:
        question: as asked.
        passages: candidates.
        limit: how many to return; those that share nothing are left out.
    """
    if not passages:
        return []
    asked = stems(question)
    wanted = _wanted(question)
    own = [stems(item.text) for item in passages]
    fields = _fields(own, passages)
    lengths = [field.length() for field in fields]
    average = sum(lengths) / len(lengths)
    holders = Counter(word for field in fields for word in field.near)
    scored = []
    for item, words, field, length in zip(passages, own, fields, lengths, strict=True):
        norm = K1 * (1 - B + B * length / average)
        score = 0.0
        for grades in wanted:
            score += max(
                weight
                * _inverse(holders[variant], len(passages))
                * field.weight(variant)
                * (K1 + 1)
                / (field.weight(variant) + norm)
                for variant, weight in grades.items()
            )
        if item.quoted:
            score *= QUOTED_WEIGHT
        if score > 0:
            scored.append(Ranked(item, score * (1 + PAIR_WEIGHT * _pairs(asked, words))))
    scored.sort(key=lambda item: (-round(item.score, 3), _older(item.passage.date)))
    return scored[:limit]


def _wanted(question: str) -> list[dict[str, float]]:
    """For each word asked for what may stand for it, and what each of them counts."""
    proper = names(question)
    return [
        {other: NAME_WEIGHT if word in proper else grade for other, grade in grades.items()}
        for word, grades in variants(question).items()
    ]


def _fields(own: Sequence[Sequence[str]], passages: Sequence[Passage]) -> list[_Fields]:
    """For each passage the words of its text, of its context, and of its document, which its passages share."""
    documents: dict[str, set[str]] = {}
    for words, item in zip(own, passages, strict=True):
        documents.setdefault(item.document, set()).update(words)
    fields = []
    for words, item in zip(own, passages, strict=True):
        near = dict.fromkeys(stems(item.context), CONTEXT_WEIGHT)
        for word in words:
            near[word] = near.get(word, 0.0) + 1.0
        fields.append(_Fields(near, documents[item.document]))
    return fields


def _inverse(holders: int, total: int) -> float:
    """BM25's inverse document frequency, of passages."""
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5))


def _pairs(asked: Sequence[str], words: Sequence[str]) -> float:
    """The share of the question's neighbouring words that stand near each other in the passage too."""
    pairs = list(pairwise(asked))
    if not pairs:
        return 0.0
    places: dict[str, list[int]] = {word: [] for word in asked}
    for place, word in enumerate(words):
        if word in places:
            places[word].append(place)
    near = sum(
        any(0 < abs(first - second) < 4 for first in places[one] for second in places[other])
        for one, other in pairs
    )
    return near / len(pairs)


def _older(date: str) -> tuple[int, ...]:
    """A key that sorts newer dates first and no date last."""
    return tuple(-ord(character) for character in date) or (0,)
