"""Does a document say so? Keeps a memory from giving one person another person's value."""

from __future__ import annotations

import re
from collections.abc import Iterable

from personald.serve.passages import Passage
from personald.serve.words import plain, stems
from training.matching import normalise

# Words in a question that name somebody or something: a large first letter inside the question, or a digit.
_NAME = re.compile(r"(?<!^)\b[^\W\d_a-z]\w*|\b\w*\d\w*", re.UNICODE)

# Words that may have a large letter and name nobody.
_NO_NAMES = frozenset("i i'm i'd i'll i've mr mrs ms miss dr prof".split())


def names(question: str) -> frozenset[str]:
    """The stems of the names in a question."""
    return frozenset(
        stem
        for name in _NAME.findall(question.strip())
        if plain(name) not in _NO_NAMES
        for stem in stems(name)
    )


def contains(text: str, answer: str) -> bool:
    """True when the answer stands in the text as whole words, in the comparison that `personald eval` promises."""
    wanted = normalise(answer)
    return bool(wanted) and f" {wanted} " in f" {normalise(text)} "


def supporting(question: str, answer: str, passages: Iterable[Passage]) -> Passage | None:
    """The first passage that holds the answer and all names of the question; None when no passage does.

    A name may stand in the passage's title ("Car.md" says whose licence plate it is).
    """
    wanted = names(question)
    for passage in passages:
        if contains(passage.text, answer) and wanted <= set(
            stems(f"{passage.context}\n{passage.text}")
        ):
            return passage
    return None
