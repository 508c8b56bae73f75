"""Values that a passage offers to a question, and how well each of them fits: what stands around it, and its own form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from personald.serve.belonging import is_another_sort, is_somebody_elses, is_speakers_own
from personald.serve.fitting import form, is_outdated
from personald.serve.lexicon import Variants
from personald.serve.passages import Passage
from personald.serve.phrases import colours, phrases
from personald.serve.question import Question
from personald.serve.values import Kind, Span, find, labelled
from personald.serve.words import plain, stem, stems, tokens

# What a word of the question counts by where it stands, seen from the value: in its line or sentence, there but nearer
# to another value, beside it, further away in the passage, in what the passage is about. What stands for the word
# counts less, by its grade.
SAME = 1.0
OTHERS = 0.75
BESIDE = 0.7
PASSAGE = 0.5
CONTEXT = 0.8

# The same for a name, which belongs to one value only.
OTHERS_NAME = 0.4

# The names around a value, its time, and what it is a value of, lower a coverage by these factors.
SOMEBODY_ELSE = 0.7
SPEAKERS_OWN = 0.4
ANOTHER_SORT = 0.8
NAME_MISSING = 0.4
OUTDATED = 0.8
HEADLESS = 0.75

# What a value is a value of must stand near it by itself, not by a synonym: it counts at least by this share.
HEAD_CREDIT = 0.75

# A longer line after a label is a sentence, not a value (words).
LONGEST_LABELLED = 8

_CAPITAL_BEFORE = re.compile(r"\b([^\W\d_a-z][\w'’]+) $")

# A line break inside a running sentence is no end of it: the line is long and does not end like a sentence.
_BREAK = re.compile(
    r"(?<=[.!?;])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\b[A-Z]\.)\s+|(?<![^\n]{50})\n+|(?<=[.!?:;])\n+|\n\n+|\n(?=\s*[-*•\d])"
)


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
class Names:
    """What is a name in somebody's documents: folded words.

    Attributes:
        known: they have a large first letter where no sentence begins.
        people: they stand in contacts and among those who write.
    """

    known: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question looks for in some documents.

    Attributes:
        question: understood.
        weights: what each of its words counts.
        meant: for each of its words what may stand for it, graded.
        names: what is a name in these documents.
    """

    question: Question
    weights: Mapping[str, float]
    meant: Variants
    names: Names

    def all_meant(self) -> frozenset[str]:
        """All stems that may stand for a word of the question."""
        return frozenset(other for grades in self.meant.values() for other in grades)


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


def candidates(asked: Asked, passage: Passage) -> list[Candidate]:
    """The values of the kind asked for in a passage, each with how well it fits.

    Args:
        asked: what the question looks for.
        passage: to look in.
    """
    own = set(stems(asked.question.text))
    found: dict[str, Candidate] = {}
    offered = [_whole(asked.question, passage.text, span) for span in spans(asked, passage)]
    for span in offered:
        text = passage.text[span[0] : span[1]]
        if (set(stems(text)) <= own and not passage.record) or "\n" in text:
            continue
        fit = fitness(asked, passage, span, offered)
        if text not in found or found[text].fit < fit:
            found[text] = Candidate(text, passage, fit)
    return list(found.values())


def spans(asked: Asked, passage: Passage) -> list[Span]:
    """Where values of the kind asked for stand in a passage."""
    question, text = asked.question, passage.text
    if passage.record and question.kind is Kind.PERSON and "\nStart: " not in text:
        return [(0, len(text.split("\n", 1)[0]))]
    found = list(find(question.kind, text))
    if passage.record and question.kind is Kind.PLACE:
        lines = [line for _, line in labelled(text)]
        found = [_around(span, lines) for span in found]
    meant = asked.all_meant()
    if question.kind in (Kind.THING, Kind.PERSON, Kind.PLACE):
        for label, span in labelled(text):
            words = set(stems(label))
            fits = words and words <= meant
            fits = fits or (question.kind is Kind.PLACE and label in ("Location", "Where"))
            if fits and len(text[span[0] : span[1]].split()) <= LONGEST_LABELLED:
                found.append(span)
    if question.kind is Kind.THING:
        if question.head in ("colour", "color"):
            return [*found, *colours(text)]
        found += phrases(text, meant - question.names)
    return found


def _around(span: Span, lines: Sequence[Span]) -> Span:
    """The line that a value is a part of; itself where there is none."""
    return next((line for line in lines if line[0] <= span[0] and span[1] <= line[1]), span)


def _whole(question: Question, text: str, span: Span) -> Span:
    """A value with the word in front of it that is part of its name: of "which café", "Sperl" is "Café Sperl"."""
    before = _CAPITAL_BEFORE.search(text[: span[0]])
    if before is None or not text[span[0]].isupper():
        return span
    asked_for = question.head or next(iter(question.words), "")
    return (before.start(), span[1]) if stem(plain(before[1])) == asked_for else span


def missing(question: Question, passage: Passage) -> frozenset[str]:
    """The names of the question that neither the passage nor its context holds."""
    held = _context(passage)
    return frozenset(
        name
        for name in question.names - held
        if not any(name in part.places for part in sentences(passage.text))
    )


def fitness(asked: Asked, passage: Passage, span: Span, others: Sequence[Span] = ()) -> float:
    """How well a stretch of a passage fits a question, 0 to 1: the share of the question that stands around it, less
    when its form is not what is asked for, when somebody else is named beside it, or when a name is missing.

    Args:
        asked: what the question looks for.
        passage: where it stands.
        span: the stretch.
        others: the other stretches that may be the answer; a word counts most for the one that it stands next to.
    """
    question, names = asked.question, asked.names
    parts = sentences(passage.text)
    at = next((i for i, part in enumerate(parts) if part.start <= span[0] < part.end), 0)
    beside = _word_places(parts[at], [span, *others])
    total = got = 0.0
    headless = False
    for word in (*question.words, *question.attributes):
        weight = asked.weights.get(word, 1.0) * (0.5 if word in question.attributes else 1.0)
        total += weight
        credit = _credit(word, asked, parts, at, beside, passage)
        got += weight * credit
        if word == question.head:
            headless = credit < (SAME if question.kind is Kind.PERSON else BESIDE) * HEAD_CREDIT
    score = got / total if total else 0.0
    score *= form(question, passage.text, span, names.known, names.people)
    if headless:
        score *= HEADLESS
    if missing(question, passage):
        score *= NAME_MISSING
    elif question.kind is not Kind.PERSON and is_somebody_elses(
        question, passage, (parts[at].start, parts[at].end), parts[at].places.keys(), span
    ):
        score *= SOMEBODY_ELSE
    if is_speakers_own(question, passage, span):
        score *= SPEAKERS_OWN
    if is_another_sort(question, asked.meant, passage, parts[at].places):
        score *= ANOTHER_SORT
    if is_outdated(passage.text, span, passage.context) is not question.earlier:
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
    asked: Asked,
    parts: Sequence[Sentence],
    at: int,
    beside: tuple[int, ...],
    passage: Passage,
) -> float:
    """What one word of the question counts for a value."""
    best = 0.0
    name = word in asked.question.names
    context = _context(passage)
    grades = asked.meant[word]
    for variant in grades.keys() & context:
        best = max(best, grades[variant] * (SAME if passage.record else CONTEXT))
    for place, part in enumerate(parts):
        for variant in grades.keys() & part.places.keys():
            if place == at:
                far = OTHERS_NAME if name else OTHERS
                spots = part.places[variant]
                near = max(SAME if _nearest(spot, beside) else far for spot in spots)
            elif passage.record:
                near = SAME
            else:
                near = BESIDE if abs(place - at) == 1 else PASSAGE
            best = max(best, grades[variant] * near)
    return best


def _nearest(spot: int, beside: tuple[int, ...]) -> bool:
    """Whether a word stands nearest to the first of these values; what follows a word is nearer than what precedes it."""

    def distance(place: int) -> float:
        return place - spot if place >= spot else 1.5 * (spot - place)

    return not beside or all(distance(beside[0]) <= distance(other) for other in beside[1:])
