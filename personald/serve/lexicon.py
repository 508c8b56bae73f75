"""What may stand for a question's words in everyday English: synonyms and ways of asking, each graded.

`alike.txt` holds groups of words, `asking.txt` phrases of questions with the words that documents have instead; both
are general knowledge. The grades are shares of what the word itself would count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from personald.serve.support import names
from personald.serve.words import plain, stem, stems

# What a word counts that stands for another: because of how was asked, because it means nearly the same, because it goes
# with it. Without the last, values lost three right answers for each wrong one (benchmarks/answers.py).
ASKED_GRADE = 0.8
NEAR_GRADE = 0.7
FAR_GRADE = 0.3

Variants = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Groups:
    """alike.txt, read.

    Attributes:
        graded: for each stem the stems that may stand for it, with their grades.
        phrases: (phrase, its stems, the stems that may stand for it, each with its grade).
    """

    graded: Mapping[str, Mapping[str, float]]
    phrases: tuple[tuple[str, frozenset[str], Mapping[str, float]], ...]


def lines(name: str) -> Iterable[str]:
    """The lines of one of this room's word lists, without remarks."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def _groups() -> _Groups:
    graded: dict[str, dict[str, float]] = {}
    phrases = []

    def relate(ones: Iterable[str], others: Iterable[str], grade: float) -> None:
        targets = tuple(others)
        for one in ones:
            known = graded.setdefault(one, {})
            for other in targets:
                if other != one and known.get(other, 0.0) < grade:
                    known[other] = grade

    for line in lines("alike.txt"):
        near, _, far = line.partition("~")
        nears, fars = _single(near), _single(far)
        relate(nears, nears, NEAR_GRADE)
        relate(nears, fars, FAR_GRADE)
        relate(fars, nears, FAR_GRADE)
        for phrase in near.split():
            if "_" in phrase:
                words = phrase.replace("_", " ")
                targets = dict.fromkeys(fars, FAR_GRADE) | dict.fromkeys(nears, NEAR_GRADE)
                phrases.append((words, frozenset(stems(words)), targets))
    for line in lines("asking.txt"):
        words, _, meant = line.partition(">")
        targets = dict.fromkeys(_single(meant), ASKED_GRADE)
        phrases.append((words, frozenset(stems(words)), targets))
    return _Groups(graded, tuple(phrases))


def _single(text: str) -> list[str]:
    """The stems of a line's single words; those that say nothing by themselves are left out."""
    words = [plain(word) for word in text.split() if "_" not in word]
    return [stem(word) for word in words if stems(word)]


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    """A phrase with gaps, as it may stand in a folded question."""
    gap = r"(?:\W+\w[\w'’-]*){0,3}\W+"
    parts = [re.escape(part.strip()).replace(r"\ ", r"\W+") for part in plain(phrase).split("…")]
    return re.compile(rf"\b{gap.join(parts)}\b")


def _phrases(question: str) -> Iterator[tuple[frozenset[str], Mapping[str, float]]]:
    """The known phrases in a question: their stems, and what may stand for them."""
    folded, held = plain(question), frozenset(stems(question))
    for phrase, words, targets in _groups().phrases:
        if words <= held and _pattern(phrase).search(folded):
            yield words, targets


@lru_cache(maxsize=256)
def variants(question: str) -> Variants:
    """For each stem of a question the stems that may stand for it, itself with grade 1; a name stands for itself only."""
    proper = names(question)
    found = {
        word: {word: 1.0} | ({} if word in proper else dict(_groups().graded.get(word, {})))
        for word in stems(question)
    }
    for words, targets in _phrases(question):
        for word in words - proper:
            for target, grade in targets.items():
                found[word][target] = max(found[word].get(target, 0.0), grade)
    return found
