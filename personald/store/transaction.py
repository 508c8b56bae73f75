"""One transaction of the writing side, which can add, replace and take away, but cannot read what it stored.

New versions wait in a small buffer. When it is full (a page of 256 data keys, or many bytes) each gets a data key of
its own and its fields are sealed, the rows go into the database with `executemany`, and the page of data keys is sealed
to the trainer's public key by HPKE and forgotten. So the cost of public-key cryptography is paid once for each page, and
nobody but the trainer can open anything, not even the process that stored it a moment ago.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from personald.keys.derived import WatcherKeys
from personald.store import anchor as anchors
from personald.store.anchor import Anchor
from personald.store.records import State
from personald.store.sealing import (
    KEY_BYTES,
    NONCE_BYTES,
    PAGE_KEYS,
    TAG_BYTES,
    UID_BYTES,
    Kind,
    associated_data,
    document_identity,
    pad,
    row_identity,
    seal_to,
)

MAX_BUFFERED_BYTES = 32 * 1024 * 1024
MAX_TRANSACTION_BYTES = 256 * 1024 * 1024
SECONDS_OF_A_DAY = 86_400
# Ids that are made in one transaction begin alike, so that the index over them grows in one place: a commit of
# 500 random ids would rewrite most of its pages. The order of rows shows the same anyway.
UID_PREFIX_BYTES = 2


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


class Version(NamedTuple):
    """One version of a document that waits to be sealed and written.

    Attributes:
        uid: the document's identity, None for a new one.
        version: 1, 2, 3, …
        file: the row of its file.
        domain, part, content: look-up tokens.
        head, body: its two fields, in the clear and not padded.
    """

    uid: bytes | None
    version: int
    file: int
    domain: bytes
    part: bytes
    content: bytes
    head: bytes
    body: bytes


@dataclass(slots=True)
class Transaction:
    """What one transaction has gathered and not yet written; see the module's docstring.

    Args:
        connection: inside BEGIN IMMEDIATE.
        keys: the watcher's.
        anchor: as it was when the transaction began.
        day: today, in days since 1970, for tombstones.
    """

    connection: sqlite3.Connection
    keys: WatcherKeys
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
    waiting: list[Version] = field(default_factory=list)
    file_rows: list[tuple[int, int, bytes, bytes, int, bytes]] = field(default_factory=list)
    uid_prefix: bytes = field(default_factory=lambda: os.urandom(UID_PREFIX_BYTES))
    summand: anchors.Terms = field(init=False)

    def __post_init__(self) -> None:
        self.next_row = self.anchor.next_row
        self.summand = anchors.Terms(self.keys.anchor_key)

    def next_number(self) -> int:
        """Return a row number that was never given before."""
        number = self.next_row
        self.next_row += 1
        return number

    def insert(self, version: Version) -> None:
        """Put one version into the buffer; a full buffer is written."""
        self.waiting.append(version)
        self.versions += 1
        self.buffered += len(version.head) + len(version.body)
        if len(self.waiting) == PAGE_KEYS or self.buffered > MAX_BUFFERED_BYTES:
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
        return bytes(row[0]) + bytes(row[1]) if row else b""

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

    def write_file(
        self, file: int, source: int, path_token: bytes, stat: bytes, status: int, sealed: bytes
    ) -> None:
        """Write a file's row, new or not."""
        self.files[source, path_token] = file
        self.file_rows.append((file, source, path_token, stat, int(status), sealed))

    def flush(self) -> None:
        """Write the buffer: rows, and their page of data keys, sealed to the trainer and then forgotten."""
        if self.file_rows:
            self.connection.executemany(
                "INSERT OR REPLACE INTO file (id, source, token, stat, status, sealed)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                self.file_rows,
            )
            self.file_rows.clear()
            self.files.clear()
        if not self.waiting:
            return
        page_number = self.next_number()
        page = os.urandom(KEY_BYTES * len(self.waiting))
        associated = associated_data(self.anchor.store, Kind.INBOX_PAGE, row_identity(page_number))
        public_key = X25519PublicKey.from_public_bytes(self.anchor.public_key)
        self.connection.execute(
            "INSERT INTO key_page (id, generation, kind, sealed) VALUES (?, ?, ?, ?)",
            (
                page_number,
                self.anchor.generation,
                int(Kind.INBOX_PAGE),
                seal_to(public_key, page, associated),
            ),
        )
        narrow, sealed = self._sealed(page_number, page)
        self.connection.executemany(
            "INSERT INTO document (id, uid, version, state, file, domain, part, content, revision, slot)"
            " VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?)",
            narrow,
        )
        self.connection.executemany("INSERT INTO sealed (id, head, body) VALUES (?, ?, ?)", sealed)
        self.waiting.clear()
        self.written += self.buffered
        self.buffered = 0

    def _sealed(
        self, page_number: int, page: bytes
    ) -> tuple[list[tuple[object, ...]], list[tuple[int, bytes, bytes]]]:
        """Give each version in the buffer a row, and seal its fields under its own data key of the page.

        One loop over all of them, with everything at hand: this is what an insertion's time goes into.

        Returns:
            The rows of `document`, without their state, and those of `sealed`.
        """
        head_prefix = associated_data(self.anchor.store, Kind.HEAD, b"")
        body_prefix = associated_data(self.anchor.store, Kind.BODY, b"")
        nonces = os.urandom(2 * NONCE_BYTES * len(self.waiting))
        uids = os.urandom(UID_BYTES * len(self.waiting))
        first_slot = page_number * PAGE_KEYS
        term = self.summand.term
        narrow: list[tuple[object, ...]] = []
        sealed: list[tuple[int, bytes, bytes]] = []
        for place, waiting in enumerate(self.waiting):
            uid, version, file, domain, part, content, head, body = waiting
            if uid is None:
                random = uids[UID_BYTES * place + UID_PREFIX_BYTES : UID_BYTES * (place + 1)]
                uid = self.uid_prefix + random
            cipher = AESGCM(page[KEY_BYTES * place : KEY_BYTES * (place + 1)])
            identity = document_identity(uid, version)
            start = 2 * NONCE_BYTES * place
            nonce = nonces[start : start + NONCE_BYTES]
            sealed_head = nonce + cipher.encrypt(nonce, pad(head), head_prefix + identity)
            nonce = nonces[start + NONCE_BYTES : start + 2 * NONCE_BYTES]
            sealed_body = nonce + cipher.encrypt(nonce, pad(body), body_prefix + identity)
            tags = sealed_head[-TAG_BYTES:] + sealed_body[-TAG_BYTES:]
            self.terms ^= term(uid, version, 0, file, domain, part, content, tags)
            number = self.next_number()
            slot = first_slot + place
            revision = self.revision(domain)
            narrow.append((number, uid, version, file, domain, part, content, revision, slot))
            sealed.append((number, sealed_head, sealed_body))
        return narrow, sealed

    @property
    def is_long(self) -> bool:
        """True when so much was written that the log should not grow further."""
        return self.written > MAX_TRANSACTION_BYTES

    def renew(self) -> None:
        """Commit what is there and go on in a new transaction; what was read before may have changed meanwhile."""
        self.finish()
        self.connection.execute("COMMIT")
        self.connection.execute("BEGIN IMMEDIATE")
        self.anchor = anchors.read(self.connection, self.keys.anchor_key)
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
            self.keys.anchor_key,
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
