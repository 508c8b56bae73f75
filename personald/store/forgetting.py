"""Taking documents away for good, taking in what the watcher sealed, and knowing which adapters learnt from what."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from personald.keys.derived import ANCHOR_ITEM, DeviceKeys, Generation
from personald.store import anchor as anchors
from personald.store import schema
from personald.store.anchor import Anchor
from personald.store.records import State
from personald.store.rotation import Resealed, reseal
from personald.store.transaction import SECONDS_OF_A_DAY, Transaction
from personald.store.watching import Watch

BACKUP_NAME = "backup"
_COUNTER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `forget` did.

    Attributes:
        documents: how many documents are gone.
        versions: how many versions of them were kept and are gone.
        adapters: the adapters that learnt from them and must be trained again or withdrawn.
        backed_up_at: when the last backup file was made; such a file was meant to be kept, and still holds them.
    """

    documents: int
    versions: int
    adapters: tuple[str, ...]
    backed_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What `maintain` did.

    Attributes:
        taken_in: data keys brought from the watcher's inbox under the vault's own key.
        rotated: whether the keys were rotated, because deletions waited for it.
        damaged: pages of data keys that did not open.
    """

    taken_in: int
    rotated: bool
    damaged: int


@dataclass(frozen=True, slots=True)
class Writing:
    """What the owner's side needs to write.

    Attributes:
        path: the database file.
        connection: outside any transaction.
        keys: all keys of the device.
        clock: seconds since 1970.
    """

    path: Path
    connection: sqlite3.Connection
    keys: DeviceKeys
    clock: Callable[[], float]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the write lock; the caller finishes the transaction, and leaving commits it."""
        with schema.database_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                anchor = anchors.read(self.connection, self.keys.watcher.anchor_key)
                day = int(self.clock()) // SECONDS_OF_A_DAY
                watch = Watch(self.keys.watcher, anchor.store)
                yield Transaction(self.connection, watch, anchor, day)
                self.connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise


def forget(writing: Writing, uids: Iterable[bytes]) -> tuple[Forgotten, Generation]:
    """Delete documents with all their versions, and rotate the keys so that no old copy gives them back.

    Args:
        writing: the owner's side.
        uids: the documents; those that are not there are passed over.

    Returns:
        What was done, and the generation that the store is under now.
    """
    with writing.transaction() as transaction:
        documents = versions = 0
        adapters: set[str] = set()
        for uid in uids:
            rows = transaction.rows("uid = ?", (uid,))
            adapters.update(_adapters(transaction.connection, uid))
            if not rows:
                continue
            documents += 1
            versions += len(rows)
            newest = max(rows, key=lambda row: row.version)
            transaction.connection.execute(
                "INSERT OR IGNORE INTO forgotten (part, file)"
                " SELECT part, file FROM document WHERE id = ?",
                (newest.id,),
            )
            transaction.bury(newest, counted=newest.state == State.LIVE)
            transaction.remove_versions(rows)
        generation, _ = _rotate(writing, transaction)
        backed_up_at = _backed_up_at(transaction.connection)
    _finish_rotation(writing, transaction.anchor)
    return Forgotten(documents, versions, tuple(sorted(adapters)), backed_up_at), generation


def maintain(writing: Writing) -> tuple[Maintenance, Generation]:
    """Take in what the watcher sealed, and rotate the keys when deletions wait for it; done before each training.

    Returns:
        What was done, and the generation that the store is under now.
    """
    with writing.transaction() as transaction:
        anchor = transaction.anchor
        # A crash after an earlier rotation may have left the generation before this one in the key store.
        writing.keys.drop_generation(anchor.store, anchor.generation - 1)
        rotated = anchor.shreddable > 0
        if rotated:
            generation, resealed = _rotate(writing, transaction)
        else:
            generation = writing.keys.generation(anchor.store, anchor.generation)
            resealed = reseal(transaction, generation, generation)
            transaction.finish()
    if rotated:
        _finish_rotation(writing, anchor)
    remember_counter(writing)
    return Maintenance(resealed.keys, rotated, resealed.damaged), generation


def _rotate(writing: Writing, transaction: Transaction) -> tuple[Generation, Resealed]:
    """Seal everything under a new generation, inside the transaction, and finish it."""
    anchor = transaction.anchor
    old = writing.keys.generation(anchor.store, anchor.generation)
    new = writing.keys.new_generation(anchor.store, anchor.generation + 1)
    resealed = reseal(transaction, old, new)
    transaction.finish(
        generation=new.number, public_key=new.public_key.public_bytes_raw(), shreddable=0
    )
    return new, resealed


def _finish_rotation(writing: Writing, before: Anchor) -> None:
    """After the commit: the old generation dies, and the log that still holds old pages is emptied."""
    writing.keys.drop_generation(before.store, before.generation)
    with schema.database_errors(writing.path):
        writing.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def remember_counter(writing: Writing) -> None:
    """Mirror the anchor's counter into the key store, so that an older copy of the whole file is noticed."""
    anchor = anchors.read(writing.connection, writing.keys.watcher.anchor_key)
    item = counter_item(anchor.store)
    known = writing.keys.key_store.get(item)
    if known is None or int.from_bytes(known, "big") < anchor.counter:
        writing.keys.key_store.set(item, anchor.counter.to_bytes(_COUNTER_BYTES, "big"))


def counter_item(store: bytes) -> str:
    """Return the key store's name for the mirrored counter of a store."""
    return f"{ANCHOR_ITEM}.{store.hex()[:12]}"


# ---- provenance ----


def record_provenance(
    writing: Writing, adapter: str, documents: Iterable[tuple[bytes, int]]
) -> None:
    """Note which versions of which documents an adapter was trained on."""
    with writing.transaction() as transaction:
        transaction.connection.executemany(
            "INSERT OR REPLACE INTO provenance (adapter, uid, version) VALUES (?, ?, ?)",
            [(adapter, uid, version) for uid, version in documents],
        )
        transaction.finish()


def adapters_trained_on(connection: sqlite3.Connection, uids: Sequence[bytes]) -> set[str]:
    """Return the adapters that learnt from any of these documents."""
    return {adapter for uid in uids for adapter in _adapters(connection, uid)}


def documents_behind(connection: sqlite3.Connection, adapter: str) -> list[tuple[bytes, int]]:
    """Return (uid, version) of every document that an adapter was trained on."""
    return [
        (bytes(uid), int(version))
        for uid, version in connection.execute(
            "SELECT uid, version FROM provenance WHERE adapter = ? ORDER BY uid", (adapter,)
        )
    ]


def tainted_adapters(connection: sqlite3.Connection) -> set[str]:
    """Return the adapters that learnt from a document which is gone."""
    return {
        str(adapter)
        for (adapter,) in connection.execute(
            "SELECT DISTINCT provenance.adapter FROM provenance"
            " JOIN tombstone ON tombstone.uid = provenance.uid"
        )
    }


def _adapters(connection: sqlite3.Connection, uid: bytes) -> list[str]:
    return [
        str(adapter)
        for (adapter,) in connection.execute("SELECT adapter FROM provenance WHERE uid = ?", (uid,))
    ]


# ---- backups made ----


def note_backup(writing: Writing) -> None:
    """Write down that a backup file was made, so that `forget` can say that it still holds what it held."""
    with writing.transaction() as transaction:
        transaction.connection.execute(
            "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
            (BACKUP_NAME, int(writing.clock()).to_bytes(8, "big")),
        )
        transaction.finish()


def _backed_up_at(connection: sqlite3.Connection) -> datetime | None:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (BACKUP_NAME,)).fetchone()
    return datetime.fromtimestamp(int.from_bytes(row[0], "big"), UTC) if row else None
