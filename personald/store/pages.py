"""Pages of data keys: 256 keys of 32 bytes sealed as one value, so that changing the key above them costs little.

A document's row names its slot: page × 256 + place in the page. Pages that the watcher wrote are sealed to the
generation's public key (the inbox); pages that the vault wrote, under the generation's key-encryption key.
"""

from __future__ import annotations

import sqlite3

from personald.keys.derived import Generation
from personald.store.errors import DocumentDamaged
from personald.store.sealing import (
    KEY_BYTES,
    PAGE_KEYS,
    Kind,
    associated_data,
    row_identity,
    unseal,
    unseal_from,
)


def open_page(store: bytes, generation: Generation, number: int, kind: int, sealed: bytes) -> bytes:
    """Return the data keys of one page, one after another.

    Raises:
        DocumentDamaged: it was changed, or belongs to another store, place or generation.
    """
    if kind == Kind.INBOX_PAGE:
        associated = associated_data(store, Kind.INBOX_PAGE, row_identity(number))
        return unseal_from(generation.private_key, sealed, associated)
    return unseal(generation.kek, sealed, associated_data(store, Kind.PAGE, row_identity(number)))


class KeyPages:
    """Data keys by slot; each page is opened once and kept.

    Args:
        connection: the database.
        store: the store's 16-byte identity.
        generation: whose keys open the pages.
    """

    def __init__(
        self, connection: sqlite3.Connection, store: bytes, generation: Generation
    ) -> None:
        self._connection = connection
        self._store = store
        self._generation = generation
        self._pages: dict[int, bytes] = {}

    def key(self, slot: int) -> bytes:
        """Return the data key at a slot. Raises DocumentDamaged when its page is gone or does not open."""
        number, place = divmod(slot, PAGE_KEYS)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = self._open(number)
        return page[place * KEY_BYTES : (place + 1) * KEY_BYTES]

    def _open(self, number: int) -> bytes:
        row = self._connection.execute(
            "SELECT kind, sealed FROM key_page WHERE id = ?", (number,)
        ).fetchone()
        if row is None:
            raise DocumentDamaged("a page of keys is gone", "Run `personald doctor --deep`.")
        return open_page(self._store, self._generation, number, row[0], row[1])
