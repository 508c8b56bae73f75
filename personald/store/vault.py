"""`Vault`: the reading side, for the trainer and for the owner's own commands. It needs all keys of the device."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from extractors.document import Domain
from personald.keys.derived import DeviceKeys, Generation
from personald.store import anchor as anchors
from personald.store import counting, forgetting, integrity, schema
from personald.store.errors import DocumentDamaged
from personald.store.forgetting import Forgotten, Maintenance, Writing
from personald.store.hardening import forbid_core_dumps
from personald.store.identity import find, uid_of, unknown
from personald.store.integrity import Finding, Reading
from personald.store.opening import SELECT_TEXTS, SELECT_VERSIONS, Opener, VersionRow
from personald.store.query import parse
from personald.store.records import FailedFile, StoredDocument
from personald.store.search import Hit, SearchIndex
from personald.store.shards import ShardFolder
from personald.store.watching import Watch

if TYPE_CHECKING:
    from personald.store.meaning import Embedder

# Under the home's folder for sealed things that can be made again.
SEARCH_FOLDER = Path("cache", "search")

_Opened = TypeVar("_Opened")

_ONE = "WHERE document.uid = ? AND document.state = 0"
_LIVE = f"{SELECT_VERSIONS} {_ONE}"
_LIVE_TEXT = f"{SELECT_TEXTS} {_ONE}"
_AT_ROW = f"{SELECT_VERSIONS} WHERE document.id = ? AND document.state = 0"


class Vault:
    """The reading side of a store, on a connection of its own.

    Made by `Store.unlock` or `Vault.open`. An iterator sees the store as it was when it began, whatever is written
    meanwhile. Not for use by several threads at once.

    Attributes:
        path: the database file.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        keys: DeviceKeys,
        generation: Generation,
        clock: Callable[[], float],
        embedder: Embedder | None,
    ) -> None:
        self._clock = clock
        self._embedder = embedder
        self.path = path
        self._connection = connection
        self._keys = keys
        self._generation = generation
        self._id = anchors.read(connection, keys.watcher.anchor_key).store
        self._watch = Watch(keys.watcher, self._id)
        self._opener = Opener(connection, self._watch, generation)
        self._shards = ShardFolder(path.parent / SEARCH_FOLDER, self._id)
        self._index: SearchIndex | None = None
        self._indexed_version = -1
        self._data_version = self._read_data_version()

    @classmethod
    def open(
        cls,
        path: Path,
        keys: DeviceKeys,
        clock: Callable[[], float] = time.time,
        embedder: Embedder | None = None,
    ) -> Vault:
        """Open the reading side of the store at a path.

        Args:
            path: the database file.
            keys: all keys of the device.
            clock: seconds since 1970.
            embedder: a local embedding model (`meaning.StaticEmbedder`), None to search by words only.

        Raises:
            StoreMissing, NotAStore, StoreTooNew, StoreForeign, StoreDamaged: see each.
            ForeignKeys: the key store does not hold this store's generation of keys.
            Locked: the key store cannot be read at present.
        """
        forbid_core_dumps()
        connection = schema.open_file(path)
        try:
            with schema.database_errors(path):
                anchor = anchors.read(connection, keys.watcher.anchor_key)
                generation = keys.generation(anchor.store, anchor.generation)
                return cls(path, connection, keys, generation, clock, embedder)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ---- reading ----

    def documents(
        self, domain: Domain | None = None, source: int | None = None
    ) -> Iterator[StoredDocument]:
        """Yield the live documents, oldest first.

        Args:
            domain: only of this domain.
            source: only of this source.

        A damaged document is passed over here; `verify` names it.
        """
        conditions, values = ["document.state = 0"], list[object]()
        if domain is not None:
            conditions.append("document.domain = ?")
            values.append(self._watch.tokens[domain])
        if source is not None:
            conditions.append("file.source = ?")
            values.append(source)
        for row in self._rows(f"WHERE {' AND '.join(conditions)} ORDER BY document.id", values):
            try:
                yield self._opener.document(row)
            except DocumentDamaged:
                continue

    def get(self, document_id: str) -> StoredDocument:
        """Return the live version of one document.

        Args:
            document_id: its id, or the beginning of it (at least 4 characters) when no other begins so.

        Raises:
            DocumentUnknown: there is none, or there are several.
            DocumentDamaged: its row does not open.
        """
        return self._live(document_id, _LIVE, self._opener.document)

    def text(self, document_id: str) -> str:
        """Return only the text of one document's live version: faster than `get`. Raises as `get` does."""
        return self._live(document_id, _LIVE_TEXT, self._opener.text)

    def history(self, document_id: str) -> list[StoredDocument]:
        """Return all versions of one document that are kept, newest first. Raises as `get` does."""
        uid = find(self._connection, document_id)
        rows = self._rows("WHERE document.uid = ? ORDER BY document.version DESC", [uid])
        return [self._opener.document(row) for row in rows]

    def failed(self) -> list[FailedFile]:
        """Return the files and parts that could not be read, and why."""
        with schema.database_errors(self.path):
            return counting.failed(self._connection, self._watch)

    def texts(self) -> Iterator[tuple[str, int, str]]:
        """Yield (id, version, text) of every live document: the fastest way through all texts."""
        self._catch_up()
        yield from self._opener.texts()

    # ---- searching ----

    def search(
        self,
        query: str,
        *,
        domain: Domain | None = None,
        person: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10,
    ) -> list[Hit]:
        """Find documents, best first.

        Args:
            query: words, "phrases", beginnings*, -exclusions and fields; see `query.parse`.
            domain: only in this domain.
            person: only where this is author, recipient or speaker.
            since, until: only documents dated in this span, `until` excluded.
            limit: how many at most.

        Raises:
            UsageError: a field of the query has no such value.
        """
        understood = parse(query, domain=domain, person=person, since=since, until=until)
        with schema.database_errors(self.path):
            return self._search_index().search(understood, limit)

    def refresh_index(self) -> int:
        """Bring the search index up to date and write it, sealed; returns how many documents were new to it."""
        with schema.database_errors(self.path):
            return self._search_index().refresh(save=True)

    def live_rows(self) -> set[int]:
        """Return the rows of all live documents; for the search index."""
        return {
            row for (row,) in self._connection.execute("SELECT id FROM document WHERE state = 0")
        }

    def at_rows(self, rows: Iterable[int]) -> Iterator[tuple[int, StoredDocument]]:
        """Yield (row, document) for those of these rows that are live and open; for the search index."""
        for number in rows:
            row = self._connection.execute(_AT_ROW, (number,)).fetchone()
            if row is not None:
                with contextlib.suppress(DocumentDamaged):
                    yield number, self._opener.document(row)

    def _search_index(self) -> SearchIndex:
        self._catch_up()
        if self._index is None:
            self._index = SearchIndex(self._shards, self._generation, self, self._embedder)
            self._indexed_version = -1
        if self._indexed_version != self._data_version:
            self._index.refresh()
            self._indexed_version = self._data_version
        return self._index

    # ---- changing ----

    def maintain(self) -> Maintenance:
        """Shred what was deleted, take in what was stored, and bring the search index up to date.

        Done before each training. Raises as `shred` does.
        """
        result = self.shred()
        self.refresh_index()
        return result

    def shred(self) -> Maintenance:
        """Take in what the watcher sealed; rotate the keys when deletions wait for it.

        Raises:
            StoreBusy, StoreFull, StoreUncertain: nothing was changed.
            Locked: the key store cannot be written.
        """
        result, generation = forgetting.maintain(self._writing())
        self._use(generation)
        return result

    def forget(self, document_ids: Iterable[str]) -> Forgotten:
        """Delete documents with all their versions, and rotate the keys so that no old copy gives them back.

        They are not read again from where they were; a new place (a copy, a source added anew) is a new document.

        Args:
            document_ids: full ids; those that are not there are passed over.

        Raises:
            DocumentUnknown: an id is not one.
            StoreBusy, StoreFull, StoreUncertain: nothing was changed.
            Locked: the key store cannot be written.
        """
        result, generation = forgetting.forget(self._writing(), [uid_of(i) for i in document_ids])
        self._use(generation)
        return result

    def record_provenance(self, adapter: str, documents: Iterable[tuple[str, int]]) -> None:
        """Note which (document id, version) an adapter was trained on."""
        forgetting.record_provenance(
            self._writing(),
            adapter,
            [(uid_of(document), version) for document, version in documents],
        )

    def documents_behind(self, adapter: str) -> list[tuple[str, int]]:
        """Return (document id, version) of everything an adapter was trained on."""
        found = forgetting.documents_behind(self._connection, adapter)
        return [(uid.hex(), version) for uid, version in found]

    def adapters_trained_on(self, document_ids: Iterable[str]) -> set[str]:
        """Return the adapters that learnt from any of these documents."""
        return forgetting.adapters_trained_on(self._connection, [uid_of(i) for i in document_ids])

    def tainted_adapters(self) -> set[str]:
        """Return the adapters that learnt from a document which is gone: to be trained again or withdrawn."""
        return forgetting.tainted_adapters(self._connection)

    # ---- verifying ----

    def verify(self, *, deep: bool) -> Iterator[Finding]:
        """Yield what is not as it was written.

        Args:
            deep: open every row; otherwise only the database's structure and the anchor are checked.
        """
        self._catch_up()
        reading = Reading(self._connection, self._watch, self._generation)
        with schema.database_errors(self.path):
            yield from integrity.verify(reading, self._writing(), deep=deep)
            if deep:
                yield from integrity.damaged_pieces(self._shards.damaged(self._generation))

    def mend(self, findings: Iterable[Finding]) -> int:
        """Set aside what is damaged and have its file read again; returns how many documents were set aside."""
        aside = integrity.mend(self._writing(), findings)
        self._use(self._generation)
        self._index = None
        return aside

    def _writing(self) -> Writing:
        return Writing(self.path, self._connection, self._keys, self._clock)

    def _use(self, generation: Generation) -> None:
        """Go on under a generation of keys; where it is a new one, the search index follows."""
        if generation.number != self._generation.number:
            alive = {row for (row,) in self._connection.execute("SELECT id FROM document")}
            self._shards.rekey(self._generation, generation, alive)
            self._index = None
        self._generation = generation
        self._opener.use(generation)
        self._data_version = self._read_data_version()

    # ---- staying up to date ----

    def _read_data_version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _catch_up(self) -> bool:
        """Take note of what another process committed: its rotation may have moved data keys to other pages.

        Returns:
            Whether another process committed anything since the last time.
        """
        changed = self._read_data_version() != self._data_version
        if changed:
            anchor = anchors.read(self._connection, self._keys.watcher.anchor_key)
            generation = self._generation
            if anchor.generation != generation.number:
                generation = self._keys.generation(self._id, anchor.generation)
            self._use(generation)
        return changed

    def _rows(self, clause: str, values: list[object]) -> Iterator[VersionRow]:
        with schema.database_errors(self.path):
            self._catch_up()
            yield from self._connection.execute(f"{SELECT_VERSIONS} {clause}", values)

    def _live(self, document_id: str, query: str, open_row: Callable[[Any], _Opened]) -> _Opened:
        """Open the row of a live document.

        Pages of data keys that were opened before stay right whatever another process does; where a new one does
        not open, the reason may be that process's rotation, which is taken note of before the second try.
        """
        uid = find(self._connection, document_id)
        while True:
            try:
                row = self._connection.execute(query, (uid,)).fetchone()
                if row is None:
                    raise unknown(document_id)
                return open_row(row)
            except DocumentDamaged:
                if not self._catch_up():
                    raise
            except sqlite3.Error as error:
                raise schema.explained(error, self.path) from error
