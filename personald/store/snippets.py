"""The passage of a document that answers a search, with what was found marked in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from personald.store.query import Term
from personald.store.scripts import fold, is_unspaced

WIDTH = 180
# A snippet is looked for in the beginning of a document; a longer search would cost more than it gives.
MAX_CHARACTERS = 400_000
MAX_MATCHES = 400
_BETWEEN_CHARACTERS = r"\s*"
_BETWEEN_WORDS = r"[\W_]+"
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage on one line.

    Attributes:
        text: at most `WIDTH` characters and the ellipses at its ends.
        highlights: (start, end) in it of what was found, sorted.
    """

    text: str
    highlights: tuple[tuple[int, int], ...]


def patterns(terms: Sequence[Term]) -> tuple[re.Pattern[str], ...]:
    """Return one expression for each term that finds it in folded text.

    Each begins with the term's first word as it is, for `re` runs through a text many times as fast when it can look
    for fixed letters first; that no letter stands before the word is asked afterwards.
    """
    return tuple(re.compile(_expression(term)) for term in terms if not term.excluded)


def _expression(term: Term) -> str:
    folded = [re.escape(fold(word)) for word in term.words]
    if any(map(is_unspaced, term.words)):
        return _BETWEEN_CHARACTERS.join(folded)
    first, *others = folded
    beginning = rf"{first}(?<!\w{first})"
    end = r"\w*" if term.prefix else ""
    return rf"{_BETWEEN_WORDS.join([beginning, *others])}{end}(?!\w)"


def snippet(text: str, finders: Sequence[re.Pattern[str]], width: int = WIDTH) -> Snippet:
    """Return the passage with the most different terms, then the most of them; the beginning when there are none.

    Args:
        text: the document's.
        finders: from `patterns`.
        width: how many characters at most.
    """
    searched = text[:MAX_CHARACTERS]
    matches = _matches(fold(searched), finders)
    start, end = _window(matches, len(searched), width)
    if start:
        space = searched.find(" ", start, start + 20)
        start = (
            space + 1
            if space != -1 and all(m[0] > space or m[1] <= start for m in matches)
            else start
        )
    return _one_line(searched, start, end, [(a, b) for a, b, _ in matches], end < len(text))


def _matches(folded: str, finders: Sequence[re.Pattern[str]]) -> list[tuple[int, int, int]]:
    """Return (start, end, number of the term) of the first places found, in order; of two that overlap the longer."""
    found = sorted(
        (match.start(), -match.end(), number)
        for number, finder in enumerate(finders)
        for match in itertools.islice(finder.finditer(folded), MAX_MATCHES)
    )
    matches: list[tuple[int, int, int]] = []
    reached = 0
    for start, negative_end, number in found[:MAX_MATCHES]:
        if start >= reached:
            reached = -negative_end
            matches.append((start, reached, number))
    return matches


def _window(matches: Sequence[tuple[int, int, int]], length: int, width: int) -> tuple[int, int]:
    best, best_value, last = 0, (0, 0), 0
    for first, (start, _, _) in enumerate(matches):
        last = max(last, first)
        while last < len(matches) and matches[last][1] <= start + width * 3 // 4:
            last += 1
        inside = matches[first:last]
        value = (len({name for _, _, name in inside}), len(inside))
        if value > best_value:
            best, best_value = start, value
    start = max(0, min(best - width // 4, length - width)) if best_value[1] else 0
    return start, min(length, start + width)


def _one_line(
    text: str, start: int, end: int, matches: Sequence[tuple[int, int]], more: bool
) -> Snippet:
    """Cut the passage out, bring it to one line, and move the marks along."""
    pieces, highlights, length, place = (["…"] if start else []), [], 1 if start else 0, start
    for first, last in [*((a, b) for a, b in matches if start <= a and b <= end), (end, end)]:
        before = _SPACE.sub(" ", text[place:first])
        found = _SPACE.sub(" ", text[first:last])
        pieces += [before, found]
        if found:
            highlights.append((length + len(before), length + len(before) + len(found)))
        length += len(before) + len(found)
        place = last
    if more:
        pieces.append("…")
    return Snippet("".join(pieces), tuple(highlights))
