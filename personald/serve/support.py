"""Does a text say so, and where?"""

from __future__ import annotations

import re

from personald.serve.values import Span
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


def place_of(text: str, passage: str) -> Span | None:
    """Where a text stands in a passage, signs and case aside; None when it does not."""
    start = passage.casefold().find(text.strip().rstrip(".").casefold())
    if start >= 0 and len(passage) == len(passage.casefold()):
        return start, start + len(text.strip().rstrip("."))
    wanted = normalise(text).split()
    places = [
        (match.start(), match.end(), word)
        for match in re.finditer(r"[^\s\-–—/]+", passage)
        if (word := normalise(match.group()))
    ]
    for index in range(len(places) - len(wanted) + 1):
        if wanted and [word for _, _, word in places[index : index + len(wanted)]] == wanted:
            return places[index][0], places[index + len(wanted) - 1][1]
    return None
