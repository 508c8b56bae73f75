"""Whose a value is, by the words beside it: somebody else's, the speaker's own, or another thing's of the same sort."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import pairwise

from personald.serve.lexicon import Variants
from personald.serve.passages import Passage
from personald.serve.question import Question
from personald.serve.values import Kind, Span, find
from personald.serve.words import stems, tokens

SAME_SORT = 0.9
"""What stands for a word in this grade or better is no other sort (`lexicon`)."""

_CLAUSE = re.compile(r"[,;:(\n–—]|[.!?]\s")
_OWN = re.compile(r"\b(?:my|mine|our|ours)\b", re.IGNORECASE)


def is_somebody_elses(
    question: Question,
    passage: Passage,
    sentence: Span,
    words: Collection[str],
    span: Span,
) -> bool:
    """Whether a value's line names somebody, but none of those whom the question names.

    Args:
        question: understood.
        passage: where the value stands.
        sentence: its line or sentence.
        words: the stems in it.
        span: the value.
    """
    if not question.names or passage.record or question.names & frozenset(words):
        return False
    start, end = sentence
    return any(
        start <= first < last <= end and not (first < span[1] and span[0] < last)
        for first, last in find(Kind.PERSON, passage.text)
    )


def is_speakers_own(question: Question, passage: Passage, span: Span) -> bool:
    """Whether a value is called the speaker's own ("mine runs out 9/2031") where the question names somebody else."""
    if not question.names or passage.record or _OWN.search(question.text):
        return False
    clause = _clause(passage.text, span)
    if not _OWN.search(clause) or question.names & frozenset(stems(clause)):
        return False
    author = passage.about.split("\n")[0] if "<" in passage.about.split("\n")[0] else ""
    return not question.names & frozenset(stems(author))


def _clause(text: str, span: Span) -> str:
    """The clause in front of a value and after it, up to the signs that end it."""
    begins = [match.end() for match in _CLAUSE.finditer(text, 0, span[0])]
    ends = _CLAUSE.search(text, span[1])
    return text[begins[-1] if begins else 0 : ends.start() if ends else len(text)]


def is_another_sort(
    question: Question,
    meant: Variants,
    passage: Passage,
    places: Mapping[str, tuple[int, ...]],
) -> bool:
    """Whether a line speaks of the thing asked for, but of another one ("knee doctor" where it is the hand doctor).

    Args:
        question: understood.
        meant: what may stand for its words.
        passage: where the line stands; one that says the sort anywhere is not of another one.
        places: where each stem stands in the line, counted in words.
    """
    standing = {place: word for word, spots in places.items() for place in spots}
    held = frozenset(stems(passage.text)) | frozenset(stems(passage.context))
    said = [word for _, _, word in tokens(question.text)]
    for sort, thing in pairwise(said):
        if thing not in question.words or sort not in question.words or thing not in places:
            continue
        same = {word for word, grade in meant.get(sort, {}).items() if grade >= SAME_SORT}
        if held & {sort, *same}:
            continue
        if any(place - 1 in standing for place in places[thing]):
            return True
    return False
