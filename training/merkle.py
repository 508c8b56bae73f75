"""One hash for a set: the Merkle root over sorted leaves (the tree of RFC 6962, section 2.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def merkle_root(digests: Iterable[bytes]) -> str:
    """Hex root over SHA-256 digests, whatever their order; that of nothing is the hash of nothing.

    Leaves and inner nodes are told apart by a first byte, so that no inner node passes for a leaf.
    """
    level = [hashlib.sha256(b"\x00" + digest).digest() for digest in sorted(digests)]
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + level[place] + level[place + 1]).digest()
            for place in range(0, len(level) - 1, 2)
        ]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()
