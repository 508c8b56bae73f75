"""Values that a passage offers to a question, and how well each of them fits: what stands around it, and its own form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from personald.serve.fitting import fits, is_outdated
from personald.serve.passages import Passage
from personald.serve.question import Question
from personald.serve.values import Kind, Span, find, labelled
from personald.serve.words import alike, stems, tokens

# What a word of the question counts by where it stands, seen from the value: in its line or sentence, there but nearer
# to another value, beside it, further away in the passage, in what the passage is about. A synonym counts less than
# the word itself.
SAME = 1.0
OTHERS = 0.75
BESIDE = 0.7
PASSAGE = 0.5
CONTEXT = 0.8
ALIKE = 0.75

# The form of the value and the names around it lower a coverage by these factors.
UNFIT = 0.6
SOMEBODY_ELSE = 0.7
NAME_MISSING = 0.4
OUTDATED = 0.9

# A longer line after a label is a sentence, not a value (words).
LONGEST_LABELLED = 8

# A line break inside a running sentence is no end of it: the line is long and does not end like a sentence.
_BREAK = re.compile(r"(?<=[.!?;])\s+|(?<![^\n]{50})\n+|(?<=[.!?:;])\n+|\n\n+|\n(?=\s*[-*•\d])")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that may be the answer.

    Attributes:
        text: the words, as they stand there.
        passage: where.
        fit: how well it fits the question, 0 to 1.
    """

    text: str
    passage: Passage
    fit: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line or sentence of a passage: where it stands, and where in it each word stands (counted in words)."""

    start: int
    end: int
    places: Mapping[str, tuple[int, ...]]
    starts: tuple[int, ...]


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[Sentence, ...]:
    """The lines and sentences of a text."""
    found = []
    place = 0
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        if text[place:end].strip():
            found.append(_sentence(text, place, end))
        place = match.end() if match else end
    return tuple(found)


def _sentence(text: str, start: int, end: int) -> Sentence:
    places: dict[str, list[int]] = {}
    starts: list[int] = []
    for begin, _, word in tokens(text[start:end]):
        if not starts or starts[-1] != begin + start:
            starts.append(begin + start)
        if word:
            places.setdefault(word, []).append(len(starts) - 1)
    return Sentence(start, end, {w: tuple(p) for w, p in places.items()}, tuple(starts))


@lru_cache(maxsize=4096)
def _context(passage: Passage) -> frozenset[str]:
    return frozenset(stems(passage.context))


def candidates(
    question: Question,
    passage: Passage,
    weights: Mapping[str, float],
    known: frozenset[str] = frozenset(),
) -> list[Candidate]:
    """The values of the kind asked for in a passage, each with how well it fits.

    Args:
        question: understood.
        passage: to look in.
        weights: what each word of the question counts.
        known: folded words that are names (`names.known_names`).
    """
    asked = set(stems(question.text))
    found: dict[str, Candidate] = {}
    offered = spans(question, passage)
    for span in offered:
        text = passage.text[span[0] : span[1]]
        if set(stems(text)) <= asked:
            continue
        fit = fitness(question, passage, span, weights, offered, known)
        if text not in found or found[text].fit < fit:
            found[text] = Candidate(text, passage, fit)
    return list(found.values())


def spans(question: Question, passage: Passage) -> list[Span]:
    """Where values of the kind asked for stand in a passage."""
    text = passage.text
    if passage.record and question.kind is Kind.PERSON and "\nStart: " not in text:
        return [(0, len(text.split("\n", 1)[0]))]
    found = list(find(question.kind, text))
    asked = set(stems(question.text))
    if question.kind in (Kind.THING, Kind.PERSON, Kind.PLACE):
        for label, span in labelled(text):
            words = set(stems(label))
            meant = words and all(word in asked or alike(word) & asked for word in words)
            if meant and len(text[span[0] : span[1]].split()) <= LONGEST_LABELLED:
                found.append(span)
    return found


def missing(question: Question, passage: Passage) -> frozenset[str]:
    """The names of the question that neither the passage nor its context holds."""
    held = _context(passage)
    return frozenset(
        name
        for name in question.names - held
        if not any(name in part.places for part in sentences(passage.text))
    )


def fitness(
    question: Question,
    passage: Passage,
    span: Span,
    weights: Mapping[str, float],
    others: Sequence[Span] = (),
    known: frozenset[str] = frozenset(),
) -> float:
    """How well a stretch of a passage fits a question, 0 to 1: the share of the question that stands around it, less
    when its form is not what is asked for, when somebody else is named beside it, or when a name is missing.

    Args:
        question: understood.
        passage: where it stands.
        span: the stretch.
        weights: what each word of the question counts.
        others: the other stretches that may be the answer; a word counts most for the one that it stands next to.
        known: folded words that are names.
    """
    parts = sentences(passage.text)
    at = next((i for i, part in enumerate(parts) if part.start <= span[0] < part.end), 0)
    beside = _word_places(parts[at], [span, *others])
    total = got = 0.0
    for word in (*question.words, *question.attributes):
        weight = weights.get(word, 1.0) * (0.5 if word in question.attributes else 1.0)
        total += weight
        got += weight * _credit(word, parts, at, beside, passage, word in question.names)
    score = got / total if total else 0.0
    if not fits(question, passage.text, span, known):
        score *= UNFIT
    if missing(question, passage):
        score *= NAME_MISSING
    elif question.kind is not Kind.PERSON and _somebody_else(question, passage, parts[at], span):
        score *= SOMEBODY_ELSE
    if is_outdated(passage.text, span) is not question.earlier:
        score *= OUTDATED
    return score


def _word_places(part: Sentence, spans: Sequence[Span]) -> tuple[int, ...]:
    """Where values stand in a sentence, counted in words; the first is the one that matters."""
    return tuple(
        sum(start < span[0] for start in part.starts)
        for span in spans
        if part.start <= span[0] < part.end
    )


def _credit(
    word: str,
    parts: Sequence[Sentence],
    at: int,
    beside: tuple[int, ...],
    passage: Passage,
    name: bool,
) -> float:
    """What one word of the question counts for a value."""
    best = 0.0
    others = frozenset() if name else alike(word)
    for variants, factor in ((frozenset((word,)), 1.0), (others, ALIKE)):
        if variants & _context(passage):
            best = max(best, factor * (SAME if passage.record else CONTEXT))
        for place, part in enumerate(parts):
            held = [spot for variant in variants for spot in part.places.get(variant, ())]
            if not held:
                continue
            if place == at:
                near = max(SAME if _nearest(spot, beside) else OTHERS for spot in held)
            elif passage.record:
                near = SAME
            else:
                near = BESIDE if abs(place - at) == 1 else PASSAGE
            best = max(best, factor * near)
    return best


def _nearest(spot: int, beside: tuple[int, ...]) -> bool:
    """Whether a word stands nearest to the first of these values; what follows a word is nearer than what precedes it."""

    def distance(place: int) -> float:
        return place - spot if place >= spot else 1.5 * (spot - place)

    return not beside or all(distance(beside[0]) <= distance(other) for other in beside[1:])


def _somebody_else(question: Question, passage: Passage, part: Sentence, span: Span) -> bool:
    """Whether the value's line names somebody, but none of those whom the question names."""
    if not question.names or passage.record or question.names & part.places.keys():
        return False
    return any(
        part.start <= start < end <= part.end and not (start < span[1] and span[0] < end)
        for start, end in find(Kind.PERSON, passage.text)
    )
