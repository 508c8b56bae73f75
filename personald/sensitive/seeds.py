"""Wallet seeds: 12 to 24 words of BIP-39's English list in a row whose checksum fits (bips/bip-0039)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from mnemonic import Mnemonic

LENGTHS = (24, 21, 18, 15, 12)
# A text made of nothing but words of the list would otherwise cost a checksum for each of them.
MAX_CHECKS = 1000
_NOT_A_WORD = r"[^\w]+(?:\d{1,2}[^\w]+)?"


def find_seeds(lowered: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every seed in a text.

    Args:
        lowered: the text in lower case.
        words: its words in order, numbers left out: seeds are often written as a numbered list.
    """
    known, check = _list()
    flags = bytes(map(known.__contains__, words))
    place = flags.find(b"\1" * LENGTHS[-1])
    after = checks = 0
    while place != -1 and checks < MAX_CHECKS:
        for length in LENGTHS:
            checks += 1
            candidate = words[place : place + length]
            if (
                len(candidate) == length
                and all(flags[place : place + length])
                and check(" ".join(candidate))
            ):
                found = re.compile(_NOT_A_WORD.join(candidate)).search(lowered, after)
                if found:
                    yield found.span()
                    after = found.end()
                    place += length - 1
                break
        place = flags.find(b"\1" * LENGTHS[-1], place + 1)


def seed_words() -> frozenset[str]:
    """Return the list, in lower case."""
    return _list()[0]


@functools.cache
def _list() -> tuple[frozenset[str], functools.partial[bool]]:
    mnemonic = Mnemonic("english")
    return frozenset(mnemonic.wordlist), functools.partial(mnemonic.check)
