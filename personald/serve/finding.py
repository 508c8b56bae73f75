"""Find the passages for a question and the values in them that may be its answer, best first: no model is needed for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from personald.serve.evidence import Asked, Candidate, Names, candidates
from personald.serve.lexicon import variants
from personald.serve.passages import Passage
from personald.serve.question import Question
from personald.serve.ranking import NAME_WEIGHT, Ranked, rank
from personald.serve.values import Kind, known_names
from personald.serve.words import plain, stems
from training.matching import normalise

# How many passages are looked at closely.
PASSAGES = 8

# Of two values that fit alike, the one counts that comes from the better-ranked passage, that another document says
# too, and that was written later; for a question about former times the one that was written earlier.
RANK_SHARE = 0.08
AGREEMENT = 0.04
RECENCY = 0.05

# A passage moves up by this share of its score, times the fit of the best value in it. Measured by
# benchmarks/answers.py: an accepted answer stands in the first passage for one question in twenty more.
ANSWER_SHARE = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question.

    Attributes:
        asked: what the question looks for.
        ranked: passages, best first.
        offers: values that may be the answer, best first.
    """

    asked: Asked
    ranked: tuple[Ranked, ...]
    offers: tuple[Candidate, ...]


def find_answers(question: Question, passages: Sequence[Passage], limit: int = PASSAGES) -> Found:
    """Rank passages for a question and weigh the values that they offer.

    Args:
        question: understood.
        passages: candidates.
        limit: how many passages are looked at closely.
    """
    weights, meant = word_weights(question, passages), variants(question.text)
    asked = Asked(question, weights, meant, names_of(passages))
    ranked = rank(question.text, passages, limit)
    offers = [
        replace(offer, fit=offer.fit * (1 - RANK_SHARE) + RANK_SHARE * item.score / ranked[0].score)
        for item in ranked
        for offer in candidates(asked, item.passage)
    ]
    offers = weighed(question, offers)
    return Found(asked, _reranked(ranked, offers), tuple(offers))


def _reranked(ranked: Sequence[Ranked], offers: Sequence[Candidate]) -> tuple[Ranked, ...]:
    """The passages that hold values which fit move up."""
    best: dict[Passage, float] = {}
    for offer in offers:
        best[offer.passage] = max(best.get(offer.passage, 0.0), offer.fit)
    moved = [
        replace(item, score=item.score * (1 + ANSWER_SHARE * best.get(item.passage, 0.0)))
        for item in ranked
    ]
    return tuple(sorted(moved, key=lambda item: -item.score))


def names_of(passages: Sequence[Passage]) -> Names:
    """What is a name in these passages."""
    titles = [item.title for item in passages if item.record and "\nStart: " not in item.text]
    authors = [item.about.split("\n")[0].split("<")[0] for item in passages if "<" in item.about]
    people = {plain(word).strip(".,()") for text in (*titles, *authors) for word in text.split()}
    return Names(
        known_names((*(item.text for item in passages), *titles, *authors)), frozenset(people)
    )


def weighed(question: Question, offers: Sequence[Candidate]) -> list[Candidate]:
    """Offers with agreement and recency counted in, best first."""
    dates = sorted({offer.passage.date for offer in offers if offer.passage.date})
    newest = {date: place / max(len(dates) - 1, 1) for place, date in enumerate(dates)}
    documents: dict[str, set[str]] = {}
    for offer in offers:
        documents.setdefault(_value(question.kind, offer.text), set()).add(offer.passage.document)

    def weight(offer: Candidate) -> float:
        agreeing = len(documents[_value(question.kind, offer.text)]) - 1
        late = newest.get(offer.passage.date, 0.5) - 0.5
        return (
            offer.fit
            + AGREEMENT * min(agreeing, 2)
            + RECENCY * (-late if question.earlier else late)
        )

    found = [replace(offer, fit=min(weight(offer), 1.0)) for offer in offers]
    return sorted(found, key=lambda offer: -offer.fit)


def _value(kind: Kind, text: str) -> str:
    """What makes two values the same: of dates the day and the month, else the words."""
    if kind is Kind.DATE:
        day_and_month = [
            word for word in normalise(text).split() if not word.isalpha() or len(word) > 2
        ]
        numbers = [word.rstrip("stndrh") for word in day_and_month if word[0].isdigit()][:1]
        months = [word[:3] for word in day_and_month if word[:3] in _MONTHS]
        if numbers and months:
            return f"{numbers[0]} {months[0]}"
    return normalise(text)


_MONTHS = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())


def word_weights(question: Question, passages: Sequence[Passage]) -> dict[str, float]:
    """What each word of a question counts: rare ones more, names more still."""
    held = [frozenset(stems(f"{item.text}\n{item.context}")) for item in passages]
    weights = {}
    for word in (*question.words, *question.attributes):
        holders = sum(word in words for words in held)
        weights[word] = math.log(1 + (len(held) - holders + 0.5) / (holders + 0.5))
        if word in question.names:
            weights[word] *= NAME_WEIGHT
    return weights
