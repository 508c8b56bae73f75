"""Known words and phrases in a text: the longest at each place, found by look-ups.

An alternation of thousands of words is tried one by one at every letter; here a text costs a few
look-ups a word, however many are known.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
WORD = re.compile(r"[\w'-]+")


class Found(NamedTuple, Generic[T]):
    """A known phrase in a text: its first character, the one after its last, and its entry."""

    start: int
    end: int
    entry: T


class Phrases(Generic[T]):
    """A table of phrases of a few words.

    Args:
        entries: an entry for each phrase, which is in small letters with single spaces.
    """

    def __init__(self, entries: Mapping[str, T]) -> None:
        self._entries = entries
        self._most_words: dict[str, int] = {}
        for phrase in entries:
            parts = phrase.split(" ")
            self._most_words[parts[0]] = max(len(parts), self._most_words.get(parts[0], 0))

    def find(self, text: str) -> Iterator[Found[T]]:
        """The known phrases of ``text`` as whole words, letters' case aside, in order, none over another.

        None are found in a text with a letter whose small form is longer ("İ"): places would shift.
        """
        low = text.lower()
        if len(low) != len(text):
            return
        places = [match.span() for match in WORD.finditer(low)]
        number = 0
        while number < len(places):
            start, end = places[number]
            for count in range(self._most_words.get(low[start:end], 0), 0, -1):
                last = number + count - 1
                if last < len(places) and low[start : places[last][1]] in self._entries:
                    phrase_end = places[last][1]
                    yield Found(start, phrase_end, self._entries[low[start:phrase_end]])
                    number = last
                    break
            number += 1
