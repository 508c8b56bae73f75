"""The anchor: one small row that binds the whole store together, rewritten in every transaction.

It says which store this is, which generation of keys it is under, how many changes it has seen, how many versions it
holds, and a sum over all of them, and it is authenticated by a key that only this device has. So a row that is
taken away, put back, or exchanged for an older one of its own is noticed by a deep check, and an older copy of the
whole file by the counter that is mirrored in the key store.

The sum is the exclusive or of one keyed hash for each version (MSet-XOR-Hash: Clarke et al., ASIACRYPT 2003). The
hashes themselves are never written, so that nobody without the key can look for sets of rows whose sum is zero.
"""

from __future__ import annotations

import hmac
import sqlite3
import struct
from dataclasses import dataclass, replace
from typing import Any

from personald.store.errors import StoreDamaged, StoreForeign
from personald.store.sealing import token, tokens

META_NAME = "anchor"
_LAYOUT = struct.Struct(">16sQQQQQQ16s32s")
MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the anchor says.

    Attributes:
        store: the store's 16-byte identity.
        generation: under which keys it is sealed.
        counter: how many transactions it has seen.
        created: seconds since 1970 when the store was made.
        versions: how many versions of documents it holds.
        next_row: the next unused row number; numbers are given once, to documents, files and pages alike.
        shreddable: how many deleted versions still have a data key in a page; the next rotation takes them away.
        total: the sum of the terms of all versions.
        public_key: what the watcher seals to: X25519, of this generation.
    """

    store: bytes
    generation: int
    counter: int
    created: int
    versions: int
    next_row: int
    shreddable: int
    total: bytes
    public_key: bytes

    def encode(self, key: bytes) -> bytes:
        """Return the row's bytes, authenticated."""
        packed = _LAYOUT.pack(
            self.store,
            self.generation,
            self.counter,
            self.created,
            self.versions,
            self.next_row,
            self.shreddable,
            self.total,
            self.public_key,
        )
        return packed + token(key, b"anchor", packed, MAC_BYTES)

    def changed(self, **changes: Any) -> Anchor:
        """Return the anchor after one more transaction, with other values for some of its attributes."""
        return replace(self, counter=self.counter + 1, **changes)


def decode(raw: bytes, key: bytes) -> Anchor:
    """Read the row's bytes.

    Raises:
        StoreForeign: it was not written under this key.
        StoreDamaged: it is not even of the right length.
    """
    if len(raw) != _LAYOUT.size + MAC_BYTES:
        raise StoreDamaged("its anchor is broken", "Run `personald restore FILE`.")
    packed = raw[: _LAYOUT.size]
    if not hmac.compare_digest(token(key, b"anchor", packed, MAC_BYTES), raw[_LAYOUT.size :]):
        raise StoreForeign(
            "it was made under other keys, or its anchor was changed",
            "Put the keys or the store of the same home back, or use `personald restore FILE`.",
        )
    return Anchor(*_LAYOUT.unpack(packed))


def read(connection: sqlite3.Connection, key: bytes) -> Anchor:
    """Read the anchor from the database. Raises as `decode` does."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (META_NAME,)).fetchone()
    if row is None or not isinstance(row[0], bytes):
        raise StoreDamaged("it has no anchor", "Run `personald restore FILE`.")
    return decode(row[0], key)


def write(connection: sqlite3.Connection, key: bytes, anchor: Anchor) -> None:
    """Write the anchor, inside the caller's transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (META_NAME, anchor.encode(key))
    )


_NARROW = struct.Struct(">16sQBQ8s8s16s")


class Terms:
    """What single versions add to the anchor's sum: a keyed hash of a version's narrow columns and its fields' tags.

    Args:
        key: the watcher's anchor key.
    """

    def __init__(self, key: bytes) -> None:
        self._hash = tokens(key, b"term")

    def term(
        self,
        uid: bytes,
        version: int,
        state: int,
        file: int,
        domain: bytes,
        part: bytes,
        content: bytes,
        tags: bytes,
    ) -> int:
        """Return the term of one version.

        Args:
            uid, version, state, file, domain, part, content: the columns; each packs into a fixed length.
            tags: the last 16 bytes of the sealed head, then of the sealed body.
        """
        row = _NARROW.pack(uid, version, state, file, domain, part, content)
        return int.from_bytes(self._hash(row + tags), "big")


def add(total: bytes, terms: int) -> bytes:
    """Add terms to a sum, or take them away: the exclusive or is its own inverse."""
    return (int.from_bytes(total, "big") ^ terms).to_bytes(16, "big")
