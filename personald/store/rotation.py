"""How deletion becomes real: the keys above the data keys change, and what was deleted is not taken along.

One transaction opens every page of data keys with generation n, leaves out the keys of what is gone, and seals the
rest under generation n + 1. The new generation is in the key store before the transaction commits, the old one is
deleted from it after: at any moment of a crash the database's own generation can be had. From then on no old copy of
the database, its log or its backups opens: not even the master key can derive a generation.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from personald.keys.derived import Generation
from personald.store.errors import DocumentDamaged
from personald.store.pages import open_page
from personald.store.sealing import (
    KEY_BYTES,
    PAGE_KEYS,
    Kind,
    associated_data,
    row_identity,
    seal,
)
from personald.store.transaction import Transaction

# A page with fewer keys than this is merged with others; the few that a small change leaves would add up.
SPARSE = PAGE_KEYS // 2


@dataclass(frozen=True, slots=True)
class Resealed:
    """What one pass over the pages did.

    Attributes:
        keys: data keys sealed again.
        moved: documents that got another slot.
        damaged: pages that did not open and were left as they are.
    """

    keys: int
    moved: int
    damaged: int


def reseal(transaction: Transaction, old: Generation, new: Generation) -> Resealed:
    """Seal every living data key under a generation's key, inside a transaction.

    Args:
        transaction: its buffer must be empty; its connection sees what is alive.
        old: the generation that opens the pages.
        new: the generation to seal under; the same as `old` to take in only what the watcher sealed.

    Pages that are dense stay where they are; sparse ones are merged and their documents pointed to the new slots.
    """
    connection = transaction.connection
    store = transaction.anchor.store
    living = _living_slots(connection)
    query = "SELECT id, kind, sealed FROM key_page"
    if old.number == new.number:
        query += f" WHERE kind = {int(Kind.INBOX_PAGE)}"
    written: list[tuple[int, int, int, bytes]] = []
    emptied: list[tuple[int]] = []
    sparse: list[tuple[int, bytes]] = []
    keys = damaged = 0
    for number, kind, sealed in connection.execute(query).fetchall():
        alive = living.get(number, [])
        if not alive:
            emptied.append((number,))
            continue
        try:
            page = open_page(store, old, number, kind, sealed)
        except DocumentDamaged:
            damaged += 1
            continue
        keys += len(alive)
        if len(alive) < SPARSE:
            sparse += [(document, _key(page, place)) for place, document in alive]
            emptied.append((number,))
        else:
            written.append(_sealed_page(store, new, number, _without_the_dead(page, alive)))
    connection.executemany("DELETE FROM key_page WHERE id = ?", emptied)
    moves: list[tuple[int, int]] = []
    for start in range(0, len(sparse), PAGE_KEYS):
        part = sparse[start : start + PAGE_KEYS]
        number = transaction.next_number()
        written.append(_sealed_page(store, new, number, b"".join(key for _, key in part)))
        moves += [
            (number * PAGE_KEYS + place, document) for place, (document, _) in enumerate(part)
        ]
    connection.executemany(
        "INSERT OR REPLACE INTO key_page (id, generation, kind, sealed) VALUES (?, ?, ?, ?)",
        written,
    )
    connection.executemany("UPDATE document SET slot = ? WHERE id = ?", moves)
    return Resealed(keys, len(moves), damaged)


def _living_slots(connection: sqlite3.Connection) -> dict[int, list[tuple[int, int]]]:
    """Page → (place, document row) of every version that is still there."""
    living: dict[int, list[tuple[int, int]]] = {}
    for document, slot in connection.execute("SELECT id, slot FROM document"):
        number, place = divmod(slot, PAGE_KEYS)
        living.setdefault(number, []).append((place, document))
    return living


def _key(page: bytes, place: int) -> bytes:
    return page[place * KEY_BYTES : (place + 1) * KEY_BYTES]


def _without_the_dead(page: bytes, alive: list[tuple[int, int]]) -> bytes:
    if len(alive) * KEY_BYTES == len(page):
        return page
    kept = bytearray(len(page))
    for place, _ in alive:
        kept[place * KEY_BYTES : (place + 1) * KEY_BYTES] = _key(page, place)
    return bytes(kept)


def _sealed_page(
    store: bytes, generation: Generation, number: int, page: bytes
) -> tuple[int, int, int, bytes]:
    associated = associated_data(store, Kind.PAGE, row_identity(number))
    return number, generation.number, int(Kind.PAGE), seal(generation.kek, page, associated)
