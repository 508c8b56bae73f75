"""One transaction of the writing side, which can add, replace and take away, but cannot read what it stored.

New versions wait in a small buffer. When it is full (a page of 256 data keys, or long texts) they are sealed together
(see `drafting`) and their rows go into the database with `executemany`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from personald.store import anchor as anchors
from personald.store.anchor import Anchor
from personald.store.drafting import UID_PREFIX_BYTES, Draft, FileDraft, seal_files, seal_page
from personald.store.records import State
from personald.store.sealing import PAGE_KEYS, Kind
from personald.store.watching import Watch

MAX_BUFFERED_CHARACTERS = 16 * 1024 * 1024
MAX_TRANSACTION_BYTES = 256 * 1024 * 1024
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Row:
    """The narrow columns of one version in the database."""

    id: int
    uid: bytes
    version: int
    state: int
    file: int
    domain: bytes
    part: bytes
    content: bytes


ROW_COLUMNS = "id, uid, version, state, file, domain, part, content"


@dataclass(slots=True)
class Transaction:
    """What one transaction has gathered and not yet written; see the module's docstring.

    Args:
        connection: inside BEGIN IMMEDIATE.
        watch: the watcher's keys at work.
        anchor: as it was when the transaction began.
        day: today, in days since 1970, for tombstones.
    """

    connection: sqlite3.Connection
    watch: Watch
    anchor: Anchor
    day: int
    versions: int = 0
    shreddable: int = 0
    terms: int = 0
    revisions: dict[bytes, int] = field(default_factory=dict)
    documents: dict[bytes, int] = field(default_factory=dict)
    next_row: int = 0
    files: dict[tuple[int, bytes], int] = field(default_factory=dict)
    buffered: int = 0
    written: int = 0
    waiting: list[Draft] = field(default_factory=list)
    waiting_files: list[FileDraft] = field(default_factory=list)
    uid_prefix: bytes = field(default_factory=lambda: os.urandom(UID_PREFIX_BYTES))
    summand: anchors.Terms = field(init=False)

    def __post_init__(self) -> None:
        self.next_row = self.anchor.next_row
        self.summand = anchors.Terms(self.watch.keys.anchor_key)

    def next_number(self) -> int:
        """Return a row number that was never given before."""
        number = self.next_row
        self.next_row += 1
        return number

    def insert(self, draft: Draft) -> None:
        """Put one version into the buffer; a full buffer is written."""
        self.waiting.append(draft)
        self.buffered += len(draft.document.text)
        if len(self.waiting) == PAGE_KEYS or self.buffered > MAX_BUFFERED_CHARACTERS:
            self.flush()

    def count(self, domain: bytes, change: int) -> None:
        """Note that a domain gained or lost live documents."""
        self.documents[domain] = self.documents.get(domain, 0) + change

    def revision(self, domain: bytes) -> int:
        """Return the domain's revision in this transaction: one more than before it."""
        revision = self.revisions.get(domain)
        if revision is None:
            row = self.connection.execute(
                "SELECT revision FROM domain WHERE token = ?", (domain,)
            ).fetchone()
            revision = self.revisions[domain] = (row[0] if row else 0) + 1
        return revision

    def retire(self, row: Row) -> None:
        """Make a live version a past one."""
        tags = self._tags(row.id)
        self.terms ^= self._term(row, tags, row.state) ^ self._term(row, tags, State.PAST)
        self.connection.execute(
            "UPDATE document SET state = ? WHERE id = ?", (int(State.PAST), row.id)
        )

    def live_rows(self, file: int) -> list[Row]:
        """Return the live versions of a file's documents, and damaged ones that wait to be read again."""
        if file in self.files.values():
            self.flush()
        return self.rows("file = ? AND state != 1", (file,))

    def versions_before(self, uid: bytes, version: int) -> list[Row]:
        """Return the versions of a document that are older than one."""
        return self.rows("uid = ? AND version < ?", (uid, version))

    def rows(self, condition: str, values: tuple[object, ...]) -> list[Row]:
        """Return the narrow columns of what meets a condition; what is still in the buffer is not seen."""
        return [
            Row(*row)
            for row in self.connection.execute(
                f"SELECT {ROW_COLUMNS} FROM document WHERE {condition}", values
            )
        ]

    def delete(self, rows: Iterable[Row]) -> None:
        """Take live documents away with all their versions, and leave a tombstone for whoever learnt from them.

        The rows come from `live_rows` and are therefore no longer in the buffer.
        """
        for row in rows:
            self.bury(row, counted=row.state == State.LIVE)
            self.remove_versions([row, *self.versions_before(row.uid, row.version)])

    def bury(self, row: Row, *, counted: bool) -> None:
        """Leave a tombstone for a document.

        Args:
            row: its newest version.
            counted: whether the domain's count includes it.
        """
        if counted:
            self.count(row.domain, -1)
        self.connection.execute(
            "INSERT OR REPLACE INTO tombstone (uid, version, domain, revision, day)"
            " VALUES (?, ?, ?, ?, ?)",
            (row.uid, row.version, row.domain, self.revision(row.domain), self.day),
        )

    def remove_versions(self, rows: Iterable[Row]) -> None:
        """Take single versions away; their data keys stay in their pages until the next rotation."""
        rows = list(rows)
        for row in rows:
            self.terms ^= self._term(row, self._tags(row.id), row.state)
        self.versions -= len(rows)
        self.shreddable += len(rows)
        ids = [(row.id,) for row in rows]
        self.connection.executemany("DELETE FROM document WHERE id = ?", ids)
        self.connection.executemany("DELETE FROM sealed WHERE id = ?", ids)

    def _tags(self, number: int) -> bytes:
        row = self.connection.execute(
            "SELECT CAST(substr(head, -16) AS BLOB), CAST(substr(body, -16) AS BLOB)"
            " FROM sealed WHERE id = ?",
            (number,),
        ).fetchone()
        # A damaged row may have lost a field.
        return b"".join(bytes(tag or b"") for tag in row) if row else b""

    def _term(self, row: Row, tags: bytes, state: int) -> int:
        return self.summand.term(
            row.uid, row.version, state, row.file, row.domain, row.part, row.content, tags
        )

    def file_id(self, source: int, path_token: bytes) -> int | None:
        """Return the row of a file, None when it is new."""
        written = self.files.get((source, path_token))
        if written is not None:
            return written
        row = self.connection.execute(
            "SELECT id FROM file WHERE source = ? AND token = ?", (source, path_token)
        ).fetchone()
        return row[0] if row else None

    def forgotten_parts(self, file: int) -> frozenset[bytes]:
        """Return the places in a file whose documents the person wants forgotten: they are not stored again."""
        return frozenset(
            part
            for (part,) in self.connection.execute(
                "SELECT part FROM forgotten WHERE file = ?", (file,)
            )
        )

    def write_file(self, draft: FileDraft) -> None:
        """Write a file's row, new or not."""
        self.files[draft.source, draft.token] = draft.number
        self.waiting_files.append(draft)

    def flush(self) -> None:
        """Write the buffer: files, versions, and the page of their data keys."""
        if self.waiting_files:
            self.connection.executemany(
                "INSERT OR REPLACE INTO file (id, source, token, stat, status, sealed)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                seal_files(self.waiting_files, self.watch),
            )
            self.waiting_files.clear()
            self.files.clear()
        if not self.waiting:
            return
        number = self.next_number()
        page = seal_page(
            self.waiting,
            self.watch,
            self.anchor.public_key,
            number,
            self.next_row,
            self.uid_prefix,
            {domain: self.revision(domain) for domain in {draft.domain for draft in self.waiting}},
        )
        self.next_row += len(self.waiting)
        self.versions += len(self.waiting)
        self.terms ^= page.terms
        self.written += page.size
        self.connection.execute(
            "INSERT INTO key_page (id, generation, kind, sealed) VALUES (?, ?, ?, ?)",
            (number, self.anchor.generation, int(Kind.INBOX_PAGE), page.keys),
        )
        self.connection.executemany(
            "INSERT INTO document (id, uid, version, state, file, domain, part, content, revision, slot)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            page.narrow,
        )
        self.connection.executemany(
            "INSERT INTO sealed (id, head, body) VALUES (?, ?, ?)", page.fields
        )
        self.waiting.clear()
        self.buffered = 0

    @property
    def is_long(self) -> bool:
        """True when so much was written that the log should not grow further."""
        return self.written > MAX_TRANSACTION_BYTES

    def renew(self) -> None:
        """Commit what is there and go on in a new transaction; what was read before may have changed meanwhile."""
        self.finish()
        self.connection.execute("COMMIT")
        self.connection.execute("BEGIN IMMEDIATE")
        self.anchor = anchors.read(self.connection, self.watch.keys.anchor_key)
        self.next_row = self.anchor.next_row
        self.versions = self.shreddable = self.terms = self.written = 0
        self.revisions.clear()
        self.documents.clear()

    def finish(self, **changes: object) -> None:
        """Write what is left: the buffer, the domains' revisions and counts, and the anchor.

        Args:
            changes: of the anchor, for who rotates the keys.
        """
        self.flush()
        if self.revisions or self.documents:
            for domain in {*self.revisions, *self.documents}:
                self.connection.execute(
                    "INSERT INTO domain (token, revision, documents) VALUES (?, ?, ?)"
                    " ON CONFLICT (token) DO UPDATE SET revision = excluded.revision,"
                    " documents = documents + excluded.documents",
                    (domain, self.revision(domain), self.documents.get(domain, 0)),
                )
        anchors.write(
            self.connection,
            self.watch.keys.anchor_key,
            self.anchor.changed(
                **{
                    "versions": self.anchor.versions + self.versions,
                    "next_row": self.next_row,
                    "shreddable": self.anchor.shreddable + self.shreddable,
                    "total": anchors.add(self.anchor.total, self.terms),
                    **changes,
                }
            ),
        )
