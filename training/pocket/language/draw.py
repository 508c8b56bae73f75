"""Chance, repeatable: one source of random choices per sample, which knows its side of the split.

The held-out rule: a name, a word or a composed value belongs to the test side when the first four
bytes of the SHA-256 of its lower-case text, as a big-endian number, are divisible by ten. The
training mixture draws only from the other nine tenths.
"""

import enum
import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
HELD_OUT_SHARE = 10  # one in this many belongs to the test side


class Split(enum.Enum):
    """The two sides of the held-out rule."""

    TRAIN = "train"
    TEST = "test"


def split_of(text: str) -> Split:
    """The side of the held-out rule that ``text`` belongs to."""
    digest = hashlib.sha256(text.lower().encode()).digest()
    return Split.TEST if int.from_bytes(digest[:4], "big") % HELD_OUT_SHARE == 0 else Split.TRAIN


class SplitList:
    """A list of words cut in two by `split_of`, once, so that drawing from it is one look-up."""

    __slots__ = ("sides",)

    def __init__(self, entries: Iterable[str]) -> None:
        entries = tuple(dict.fromkeys(entries))
        self.sides: dict[Split, tuple[str, ...]] = {
            side: tuple(e for e in entries if split_of(e) is side) for side in Split
        }

    def __len__(self) -> int:
        return sum(len(side) for side in self.sides.values())


class Draw:
    """The random choices of one sample.

    Args:
        seed: anything hashable to the same sample: equal seeds give equal samples.
        split: the side of the held-out rule to draw names, words and values from.

    Values drawn through `fresh` never repeat within one sample, so that a wrong person's value
    is never right by accident.
    """

    __slots__ = ("_used", "random", "split")

    def __init__(self, seed: str | int, split: Split = Split.TRAIN) -> None:
        self.random = random.Random(seed)
        self.split = split
        self._used: set[str] = set()

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.random.random() < probability

    def choose(self, options: Sequence[T]) -> T:
        """One of the options, each as likely."""
        return options[int(self.random.random() * len(options))]

    def weighted(self, options: Sequence[tuple[float, T]]) -> T:
        """One of ``(weight, option)`` pairs."""
        total = sum(weight for weight, _ in options)
        point = self.random.random() * total
        for weight, option in options:
            point -= weight
            if point < 0:
                return option
        return options[-1][1]

    def integer(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.random.random() * (high - low + 1))

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """``count`` different options (all of them, if there are no more), in random order."""
        return self.random.sample(options, min(count, len(options)))

    def shuffled(self, options: Iterable[T]) -> list[T]:
        """The options in random order."""
        result = list(options)
        self.random.shuffle(result)
        return result

    def word(self, words: SplitList) -> str:
        """A word of this side of the split."""
        return self.choose(words.sides[self.split])

    def held(self, compose: Callable[["Draw"], str]) -> str:
        """A composed value of this side of the split: composed again until it is."""
        while True:
            text = compose(self)
            if split_of(text) is self.split:
                return text

    def claims(self, text: str) -> bool:
        """Whether ``text`` has not been drawn in this sample before; from now on it has."""
        if text in self._used:
            return False
        self._used.add(text)
        return True

    def fresh(self, make: Callable[["Draw"], str]) -> str:
        """A value not yet drawn in this sample, or after 30 tries any (short closed lists)."""
        for _ in range(30):
            text = make(self)
            if self.claims(text):
                break
        return text
