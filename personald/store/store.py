"""`Store`: the store as the daemon sees it. It knows its sources and files, and puts documents in; it reads none."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from extractors.document import Document, Domain
from personald.keys.derived import DeviceKeys, WatcherKeys
from personald.store import anchor as anchors
from personald.store import counting, files, schema, sources
from personald.store.anchor import Anchor
from personald.store.errors import DocumentUnknown, StoreError, StoreExists
from personald.store.hardening import forbid_core_dumps, refuse_network_volume
from personald.store.intake import Detector, Intake, UnreadablePart, nothing_sensitive
from personald.store.records import (
    Counts,
    FailedFile,
    FileStat,
    FileState,
    FileStatus,
    PutResult,
    Source,
)
from personald.store.sealing import Kind
from personald.store.transaction import SECONDS_OF_A_DAY, Transaction
from personald.store.vault import Vault
from personald.store.watching import Watch

if TYPE_CHECKING:
    from personald.store.meaning import Embedder

DEFAULT_HISTORY = 3


class Store:
    """The writing side of a store.

    Made by `Store.create` or `Store.open`. One object may be used by several threads: each change holds a lock and
    is one transaction; several processes may have the same store open, SQLite's own lock lets one write at a time.

    Attributes:
        path: the database file.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        keys: WatcherKeys,
        *,
        history: int,
        detect: Detector,
        clock: Callable[[], float],
    ) -> None:
        self.path = path
        self._connection = connection
        self._keys = keys
        self._history = history
        self._detect = detect
        self._clock = clock
        self._lock = threading.RLock()
        self._data_version = -1
        self._transaction: Transaction | None = None
        self._intake: Intake | None = None
        self._watch = Watch(keys, anchors.read(connection, keys.anchor_key).store)

    # ---- opening and closing ----

    @classmethod
    def create(
        cls,
        path: Path,
        keys: DeviceKeys,
        *,
        history: int = DEFAULT_HISTORY,
        detect: Detector = nothing_sensitive,
        clock: Callable[[], float] = time.time,
    ) -> Store:
        """Make a new, empty store and its first generation of keys.

        Args:
            path: where; the folder is made, and closed to others, if it is not there.
            keys: all keys of the device.
            history: how many past versions of a document are kept, 0 or more.
            detect: finds what is sensitive in a text, at the moment it is stored.
            clock: seconds since 1970.

        Raises:
            StoreExists, StoreReadOnly, StoreOnNetwork, StoreFull: see each.
            Locked: the key store cannot be written.
        """
        forbid_core_dumps()
        with schema.database_errors(path):
            if path.exists():
                raise StoreExists(f"there is a file at {path}", "Use another home.")
        refuse_network_volume(path.parent)
        store = uuid.uuid4().bytes
        generation = keys.new_generation(store, 1)
        connection = schema.create_file(path)
        with schema.database_errors(path):
            anchors.write(
                connection,
                keys.watcher.anchor_key,
                Anchor(
                    store=store,
                    generation=1,
                    counter=0,
                    created=int(clock()),
                    versions=0,
                    next_row=1,
                    shreddable=0,
                    total=bytes(16),
                    public_key=generation.public_key.public_bytes_raw(),
                ),
            )
        return cls(path, connection, keys.watcher, history=history, detect=detect, clock=clock)

    @classmethod
    def open(
        cls,
        path: Path,
        keys: WatcherKeys | DeviceKeys,
        *,
        history: int = DEFAULT_HISTORY,
        detect: Detector = nothing_sensitive,
        clock: Callable[[], float] = time.time,
    ) -> Store:
        """Open a store for writing; the watcher's keys are enough. Arguments as for `create`.

        Raises:
            StoreMissing, NotAStore, StoreTooNew, StoreForeign, StoreDamaged, StoreReadOnly, StoreOnNetwork,
            StoreBusy: each with its own line.
        """
        forbid_core_dumps()
        refuse_network_volume(path.parent)
        connection = schema.open_file(path)
        watcher = keys.watcher if isinstance(keys, DeviceKeys) else keys
        try:
            with schema.database_errors(path):
                return cls(path, connection, watcher, history=history, detect=detect, clock=clock)
        except BaseException:
            connection.close()
            raise

    def unlock(self, keys: DeviceKeys, embedder: Embedder | None = None) -> Vault:
        """Open the reading side.

        Args:
            keys: all keys of the device.
            embedder: a local embedding model; see `Vault.open`.

        Raises:
            ForeignKeys: the key store does not hold this store's generation of keys.
            Locked: the key store cannot be read at present.
        """
        return Vault.open(self.path, keys, self._clock, embedder)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ---- transactions ----

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Make everything inside one transaction: faster for many files, and all or nothing. May be nested.

        Only a transaction of more than 256 MB is committed in pieces, so that the log does not grow with it.
        """
        with self._lock:
            if self._transaction is not None:
                yield
                return
            with schema.sqlite_errors(self.path):
                self._begin()
                try:
                    yield
                    self._current().finish()
                    self._connection.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                    raise
                finally:
                    self._transaction = self._intake = None

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        anchor = anchors.read(self._connection, self._keys.anchor_key)
        day = int(self._clock()) // SECONDS_OF_A_DAY
        self._transaction = Transaction(self._connection, self._watch, anchor, day)
        self._intake = Intake(self._transaction, self._watch, self._detect, self._history)

    def _current(self) -> Transaction:
        if self._transaction is None:
            raise StoreError("a change was tried outside a transaction")
        return self._transaction

    def flush(self) -> None:
        """Bring the write-ahead log into the database and sync both: what is stored now survives a loss of power.

        SQLite's own memory, which is not needed for a while then, is given back too.
        """
        with self._lock, schema.database_errors(self.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute("PRAGMA shrink_memory")

    # ---- sources ----

    def add_source(
        self, path: Path, domain: Domain | None = None, kind: str | None = None
    ) -> Source:
        """Note a place to watch; the same path again returns the source that is there already.

        Args:
            path: a folder or file, absolute.
            domain: give all its documents this domain; None leaves it to each file.
            kind: read all its files so; None recognises each.
        """
        with self.batch():
            added_at = datetime.fromtimestamp(self._clock(), UTC)
            return sources.add(self._connection, self._watch, path, domain, kind, added_at)

    def source(self, source_id: int) -> Source:
        """Return one source. Raises DocumentUnknown."""
        with self._lock, schema.database_errors(self.path):
            found = sources.one(self._connection, self._watch, source_id)
        if found is None:
            raise DocumentUnknown(f"there is no source {source_id}", "See `personald source list`.")
        return found

    def sources(self) -> list[Source]:
        """Return all sources, in the order they were added."""
        with self._lock, schema.database_errors(self.path):
            return sources.known(self._connection, self._watch)

    def remove_source(self, source_id: int) -> PutResult:
        """Take a source away with all its files and documents. Raises DocumentUnknown."""
        self.source(source_id)
        result = PutResult()
        with self.batch():
            self._current().flush()
            for (file,) in self._connection.execute(
                "SELECT id FROM file WHERE source = ?", (source_id,)
            ).fetchall():
                result += files.drop(self._current(), file)
            self._connection.execute("DELETE FROM source WHERE id = ?", (source_id,))
        return result

    def record_skipped(self, source_id: int, skipped: Mapping[str, int]) -> None:
        """Note how many files of a source were passed over on purpose, for each reason."""
        sealed = self._watch.seal_record(Kind.SKIPPED, source_id, dict(skipped))
        with self.batch():
            self._connection.execute(
                "UPDATE source SET skipped = ? WHERE id = ?", (sealed, source_id)
            )

    # ---- files ----

    def files(self, source_id: int) -> Iterator[FileState]:
        """Yield what is known of every file of a source, a few hundred at a time: a source may have very many."""
        after = 0
        while True:
            with self._lock, schema.database_errors(self.path):
                rows = files.some(self._connection, source_id, after)
            if not rows:
                return
            for row in rows:
                yield self._watch.open_file(*row)
            after = rows[-1][0]

    def file_states(self, source_id: int) -> dict[str, FileState]:
        """Return what is known of every file of a source, by path."""
        return {state.path: state for state in self.files(source_id)}

    def file_state(self, source_id: int, path: Path | str) -> FileState | None:
        """Return what is known of one file; None when nothing is."""
        with self._lock, schema.database_errors(self.path):
            row = files.one(self._connection, source_id, self._watch.path(path))
        return self._watch.open_file(*row) if row else None

    def unchanged(
        self, source_id: int, path: Path | str, stat: FileStat, extractor_version: int = 0
    ) -> bool:
        """True when this very file was read, or found unreadable, by this extractor. Costs one look-up."""
        path_token = self._watch.path(path)
        with self._lock, schema.database_errors(self.path):
            row = self._connection.execute(
                "SELECT stat FROM file WHERE source = ? AND token = ? AND status != ?",
                (source_id, path_token, int(FileStatus.PENDING)),
            ).fetchone()
        return row is not None and row[0] == self._watch.stat(path_token, stat, extractor_version)

    def note_pending(self, source_id: int, paths: Iterable[Path | str]) -> None:
        """Note files that were seen and wait to be read, so that `counts` can say how many there are."""
        with self.batch():
            for path in paths:
                files.note_pending(self._current(), self._watch, source_id, path)

    def put_file(
        self,
        source_id: int,
        path: Path | str,
        stat: FileStat,
        content_hash: bytes,
        parts: Iterable[Document | UnreadablePart],
        extractor_version: int = 0,
    ) -> PutResult:
        """Store what was read from one file, in place of what was read from it before, in one transaction.

        A file of more than 256 MB is committed in pieces; until the last one it counts as not read.

        A document is recognised by its origin within the file: one whose content is the same keeps its id and
        version, one that changed keeps its id and gets the next version, and one that is no longer there is deleted.
        A part that could not be read is noted, and what was read from it before stays; so does everything when
        nothing at all could be read.

        Args:
            source_id: the source that the file belongs to.
            path: the file; the documents' origins begin with it.
            stat: as it was before it was read.
            content_hash: SHA-256 of its bytes; b"" when not known.
            parts: documents, and failures for what could not be read; may be an iterator, for big mailboxes.
            extractor_version: of the extractor; a newer one makes `unchanged` say no.

        Raises:
            StoreFull, StoreBusy, StoreUncertain: nothing of this file was stored.
        """
        with self._lock:
            if self._intake is not None:
                return self._intake.put(
                    source_id, str(path), stat, content_hash, parts, extractor_version
                )
            with self.batch():
                return self.put_file(source_id, path, stat, content_hash, parts, extractor_version)

    def rename_file(self, source_id: int, old: Path | str, new: Path | str) -> bool:
        """Note that a file has another path now; its documents keep their ids and versions.

        Returns:
            False when the old path is not known; then nothing happened.
        """
        with self.batch():
            return files.rename(self._current(), self._watch, source_id, old, new)

    def restat_file(self, source_id: int, path: Path | str, stat: FileStat) -> bool:
        """Note that a file has another stat and the same content: it was touched, or copied over itself.

        Returns:
            False when the path is not known; then nothing happened.
        """
        with self.batch():
            return files.restat(self._current(), self._watch, source_id, path, stat)

    def forget_file(self, source_id: int, path: Path | str) -> PutResult:
        """Take away a file that has vanished, with its documents; nothing happens when it is not known."""
        with self.batch():
            file = self._current().file_id(source_id, self._watch.path(path))
            return PutResult() if file is None else files.drop(self._current(), file)

    # ---- what is in it ----

    def counts(self) -> Counts:
        """Return how much is in the store."""
        with self._lock, schema.database_errors(self.path):
            return counting.counts(self._connection, self._watch)

    def was_changed_elsewhere(self) -> bool:
        """True when another connection has written since this was asked last; costs nothing (PRAGMA data_version)."""
        with self._lock, schema.database_errors(self.path):
            (now,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._data_version = self._data_version, now
        return bool(before != now)

    def failed(self) -> list[FailedFile]:
        """Return the files and parts that could not be read, and why."""
        with self._lock, schema.database_errors(self.path):
            return counting.failed(self._connection, self._watch)

    def revision(self, domain: Domain) -> int:
        """Return a number that grows whenever a document of this domain is added, changed or deleted."""
        with self._lock, schema.database_errors(self.path):
            return counting.revision(self._connection, self._watch, domain)

    def changes_since(self, domain: Domain, revision: int) -> int:
        """Return how many documents of this domain were added, changed or deleted after a revision."""
        with self._lock, schema.database_errors(self.path):
            return counting.changes_since(self._connection, self._watch, domain, revision)
