"""Find texts that are nearly the same: copies, versions, forwarded mails, so that they are studied once.

A text's sketch is the 64 smallest hashes of its runs of three words (a bottom-k sketch: Cohen and Kaplan, "Summarizing
Data using Bottom-k Sketches", PODC 2007); the share of common hashes among the smallest of both estimates how much of two
texts is common (Broder, "On the resemblance and containment of documents", 1997). By hand, because it needs two functions,
and found more planted copies than the libraries measured beside it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

WORDS_IN_RUN = 3
SKETCH_SIZE = 64
# Estimated resemblance from which on texts are near-duplicates. Above it lie copies with a changed footer or a corrected
# word; letters from one template that differ in their facts lie below.
THRESHOLD = 0.85
# Texts of fewer words say too little to be compared.
MIN_WORDS = 12
MAX_CHARACTERS = 200_000
# A hash that so many texts share (a greeting, a footer) tells nothing.
MAX_SHARING = 200

_WORD = re.compile(r"\w+")


def sketch(text: str) -> bytes:
    """Return a text's sketch: up to 64 hashes of 32 bits, ascending, big-endian; b"" for a text too short to compare."""
    words = _WORD.findall(text[:MAX_CHARACTERS].casefold())
    if len(words) < MIN_WORDS:
        return b""
    runs = zip(*(words[offset:] for offset in range(WORDS_IN_RUN)), strict=False)
    hashes = sorted({zlib.crc32(" ".join(run).encode("utf-8", "replace")) for run in runs})[
        :SKETCH_SIZE
    ]
    return struct.pack(f">{len(hashes)}I", *hashes)


def resemblance(first: bytes, second: bytes) -> float:
    """Estimate the share of common runs of words of two texts from their sketches, 0 to 1."""
    left, right = _hashes(first), _hashes(second)
    if not left or not right:
        return 0.0
    union = sorted({*left, *right})[: min(SKETCH_SIZE, max(len(left), len(right)))]
    both = set(left) & set(right)
    return sum(1 for value in union if value in both) / len(union)


def link(sketches: Iterable[tuple[str, bytes]], threshold: float = THRESHOLD) -> dict[str, str]:
    """Link near-duplicates to the first of their kind.

    Args:
        sketches: (identifier, sketch) of each text, the ones to keep first (the newest version, say).
        threshold: estimated resemblance from which on two are linked.

    Returns:
        duplicate → the text that stands for it; texts that stand for themselves are not in it.
    """
    kept: dict[str, bytes] = {}
    holders: defaultdict[int, list[str]] = defaultdict(list)
    linked: dict[str, str] = {}
    for identifier, own in sketches:
        original = _nearest(own, kept, holders, threshold)
        if original is not None:
            linked[identifier] = original
            continue
        kept[identifier] = own
        for value in _hashes(own):
            if len(holders[value]) < MAX_SHARING:
                holders[value].append(identifier)
    return linked


def _nearest(
    own: bytes, kept: Mapping[str, bytes], holders: Mapping[int, list[str]], threshold: float
) -> str | None:
    shared: Counter[str] = Counter()
    for value in _hashes(own):
        shared.update(holders.get(value, ()))
    best = max(
        ((resemblance(own, kept[candidate]), candidate) for candidate, _ in shared.most_common(5)),
        default=(0.0, ""),
    )
    return best[1] if best[0] >= threshold else None


def _hashes(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 4}I", packed)
