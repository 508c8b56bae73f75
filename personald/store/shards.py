"""The full-text index in pieces: each a small SQLite database with FTS5 that lives in memory and is sealed as a whole.

On disk an FTS5 index shows its vocabulary and positions, even without content, so it never goes there in the clear. A
shard holds up to 4,096 documents; a new document rewrites one shard, and forgetting one rebuilds one.

A shard's file is ``"PDIX" 0x01 000000 ‖ generation(u64) ‖ name(16) ‖ field`` (see `sealing`), sealed under the
generation's index key with generation and name as its identity; its own name is the name in hexadecimal.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from personald.keys.derived import Generation
from personald.store.errors import DocumentDamaged
from personald.store.records import StoredDocument
from personald.store.scripts import prepare
from personald.store.sealing import Kind, associated_data, seal, unseal

SHARD_DOCUMENTS = 4096
SHARD_CHARACTERS = 32_000_000
SUFFIX = ".index"
MAX_RANKED = 200
MAX_REMEMBERED_WORDS = 10_000
_HEADER = struct.Struct(">8sQ16s")
_MARK = b"PDIX\x01\x00\x00\x00"
# Marks count as parts of words, so that Indic words stay whole.
_TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"


class ShardOutdated(DocumentDamaged):
    """A piece of the search index belongs to a generation of keys that is gone."""


class Shard:
    """One piece of the index, in memory.

    Attributes:
        name: 16 random bytes.
        connection: the database in memory.
        rows: the document rows it holds.
        characters: how much text it holds.
        model: the embedding model of its vectors; "" for none.
        changed: whether it differs from its file.
    """

    def __init__(self, name: bytes, connection: sqlite3.Connection) -> None:
        self.name = name
        self.connection = connection
        self.rows: set[int] = {row for (row,) in connection.execute("SELECT id FROM entry")}
        (self.characters,) = connection.execute(
            "SELECT coalesce(sum(characters), 0) FROM entry"
        ).fetchone()
        (self.model,) = connection.execute("SELECT name FROM model").fetchone()
        self.changed = False
        self._holders: dict[str, int] = {}
        connection.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, word, row)")

    @classmethod
    def empty(cls, model: str = "") -> Shard:
        """Make a shard without documents, whose vectors will come from the embedding model of this name."""
        connection = _memory()
        connection.execute("CREATE TABLE model (name TEXT)")
        connection.execute("INSERT INTO model (name) VALUES (?)", (model,))
        connection.execute(
            "CREATE TABLE entry (id INTEGER PRIMARY KEY, domain TEXT, date REAL, characters INTEGER,"
            " vector BLOB)"
        )
        connection.execute(
            "CREATE VIRTUAL TABLE word USING fts5"
            f"(title, people, body, content='', tokenize=\"{_TOKENIZER}\")"
        )
        return cls(os.urandom(16), connection)

    @property
    def is_full(self) -> bool:
        """True when further documents shall go into another shard."""
        return len(self.rows) >= SHARD_DOCUMENTS or self.characters >= SHARD_CHARACTERS

    def add(self, row: int, stored: StoredDocument, vector: bytes | None = None) -> None:
        """Put one document into the index, with its vector where there is an embedding model."""
        document = stored.document
        people = {document.author, *document.recipients, *(turn.speaker for turn in document.turns)}
        self.connection.execute(
            "INSERT INTO word (rowid, title, people, body) VALUES (?, ?, ?, ?)",
            (
                row,
                prepare(document.title),
                prepare("\n".join(sorted(people))),
                prepare(document.text),
            ),
        )
        self.connection.execute(
            "INSERT INTO entry (id, domain, date, characters, vector) VALUES (?, ?, ?, ?, ?)",
            (
                row,
                document.domain.value,
                document.date.timestamp() if document.date else None,
                len(document.text),
                vector,
            ),
        )
        self.rows.add(row)
        self.characters += len(document.text)
        self.changed = True
        self._holders.clear()

    def optimise(self) -> None:
        """Merge what many insertions left, for speed and size."""
        self.connection.execute("INSERT INTO word (word) VALUES ('optimize')")

    def check(self) -> None:
        """Compare the full-text index with itself (sqlite.org/fts5.html, 6.6). Raises sqlite3.DatabaseError."""
        self.connection.execute("INSERT INTO word (word) VALUES ('integrity-check')")

    def holders(self, word: str) -> int:
        """Return how many documents hold a folded word; FTS5 counts them one by one, so it is remembered."""
        known = self._holders.get(word)
        if known is None:
            row = self.connection.execute(
                "SELECT doc FROM temp.vocabulary WHERE term = ?", (word,)
            ).fetchone()
            known = int(row[0]) if row else 0
            if len(self._holders) < MAX_REMEMBERED_WORDS:
                self._holders[word] = known
        return known

    def match(
        self, expression: str, conditions: str, values: Iterable[object], limit: int
    ) -> list[tuple[float, int]]:
        """Return (score, document row) of the best matches; BM25 with titles and people counting more.

        Of more than `MAX_RANKED` matches only the newest are ranked: what so many documents hold says little, and
        ranking them all would cost more than the rest of the search.

        Args:
            expression: in FTS5's query language.
            conditions: on `entry`'s columns, "" for none, else beginning with AND.
            values: for the conditions.
            limit: how many.
        """
        entry = " JOIN entry ON entry.id = word.rowid" if conditions else ""
        newest = self.connection.execute(
            f"SELECT -bm25(word, 4.0, 2.0, 1.0), word.rowid FROM word{entry}"
            f" WHERE word MATCH ? {conditions} ORDER BY word.rowid DESC LIMIT ?",
            (expression, *values, MAX_RANKED),
        )
        return heapq.nlargest(limit, newest)

    def sealed(self, store: bytes, generation: Generation) -> bytes:
        """Return the shard's file."""
        identity = struct.pack(">Q16s", generation.number, self.name)
        header = _HEADER.pack(_MARK, generation.number, self.name)
        content = self.connection.serialize()
        return header + seal(
            generation.index_key, content, associated_data(store, Kind.SHARD, identity)
        )


def open_shard(content: bytes, store: bytes, generation: Generation) -> Shard:
    """Open a shard's file.

    Raises:
        ShardOutdated: it was sealed under another generation, as a crash in a rotation may leave it.
        DocumentDamaged: it was changed, cut off, or sealed for another store.
    """
    if len(content) < _HEADER.size:
        raise DocumentDamaged("a piece of the search index is cut off")
    mark, number, name = _HEADER.unpack_from(content)
    if mark != _MARK:
        raise DocumentDamaged("a piece of the search index is something else")
    if number != generation.number:
        raise ShardOutdated("a piece of the search index is of another time")
    identity = struct.pack(">Q16s", number, name)
    plain = unseal(
        generation.index_key,
        content[_HEADER.size :],
        associated_data(store, Kind.SHARD, identity),
    )
    connection = _memory()
    connection.deserialize(plain)
    return Shard(name, connection)


def _memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


@dataclass(frozen=True, slots=True)
class ShardFolder:
    """The sealed shards of one store on disk.

    Attributes:
        path: the folder; made when something is written.
        store: the store's 16-byte identity.
    """

    path: Path
    store: bytes

    def load(self, generation: Generation) -> list[Shard]:
        """Open every shard of this generation; what does not open is thrown away, for it can be made again."""
        shards = []
        for file in self._files():
            try:
                shards.append(open_shard(file.read_bytes(), self.store, generation))
            except DocumentDamaged:
                file.unlink(missing_ok=True)
            except OSError:
                continue
        return shards

    def damaged(self, generation: Generation) -> Iterator[str]:
        """Yield the name of every shard's file that does not open, or whose full-text index contradicts itself."""
        for file in self._files():
            try:
                open_shard(file.read_bytes(), self.store, generation).check()
            except ShardOutdated:
                continue
            except (DocumentDamaged, sqlite3.DatabaseError):
                yield file.name

    def save(self, shard: Shard, generation: Generation) -> None:
        """Write a shard whole or not at all. Raises OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        final = self.path / (shard.name.hex() + SUFFIX)
        draft = final.with_suffix(".new")
        try:
            draft.write_bytes(shard.sealed(self.store, generation))
            draft.replace(final)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        shard.changed = False

    def remove(self, shard: Shard) -> None:
        """Delete a shard's file, if it has one."""
        (self.path / (shard.name.hex() + SUFFIX)).unlink(missing_ok=True)

    def rekey(self, old: Generation, new: Generation, alive: set[int]) -> None:
        """After a rotation: seal under the new generation what holds only living documents, throw the rest away."""
        for shard in self.load(old):
            if shard.rows <= alive:
                self.save(shard, new)
            else:
                self.remove(shard)

    def _files(self) -> Iterator[Path]:
        if self.path.is_dir():
            yield from sorted(self.path.glob("*" + SUFFIX))
