"""Opening what lies sealed in rows: a version's data key from its page, then its fields, then the document."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from personald.keys.derived import Generation
from personald.store.errors import DocumentDamaged
from personald.store.pages import KeyPages
from personald.store.records import State, StoredDocument, decode_head, decode_text
from personald.store.sealing import (
    NONCE_BYTES,
    TAG_BYTES,
    Kind,
    associated_data,
    document_identity,
    unpad,
)
from personald.store.watching import Watch

# What `Opener.document` takes, to be followed by a condition.
SELECT_VERSIONS = (
    "SELECT document.uid, document.version, document.state, document.slot,"
    " sealed.head, sealed.body, file.id, file.sealed, file.source"
    " FROM document JOIN sealed ON sealed.id = document.id JOIN file ON file.id = document.file"
)
VersionRow = tuple[bytes, int, int, int, bytes, bytes, int, bytes, int]
# What `Opener.text` takes, to be followed by a condition.
SELECT_TEXTS = (
    "SELECT document.uid, document.version, document.slot, sealed.body"
    " FROM document JOIN sealed ON sealed.id = document.id"
)
TextRow = tuple[bytes, int, int, bytes]
_STATES = dict(enumerate(State))
# So many rows stay in the processor's cache until each is opened.
_FETCHED_TOGETHER = 16
_ROOM_BYTES = 64 * 1024


class Opener:
    """Opens versions of documents.

    Args:
        connection: the database.
        watch: opens what the watcher sealed for itself: where a file is.
        generation: whose keys open the pages of data keys.
    """

    def __init__(
        self, connection: sqlite3.Connection, watch: Watch, generation: Generation
    ) -> None:
        self._connection = connection
        self._watch = watch
        self._head_prefix = associated_data(watch.store, Kind.HEAD, b"")
        self._body_prefix = associated_data(watch.store, Kind.BODY, b"")
        self._room = memoryview(bytearray(_ROOM_BYTES))
        self.use(generation)

    def use(self, generation: Generation) -> None:
        """Forget the data keys known so far, and open pages with this generation's keys from now on."""
        self._pages = KeyPages(self._connection, self._watch.store, generation)

    def document(self, row: VersionRow) -> StoredDocument:
        """Return the document of one row of `SELECT_VERSIONS`. Raises DocumentDamaged."""
        uid, version, state, slot, head, body, file, sealed_file, source = row
        opened = self.fields(uid, version, slot, head, body)
        path = self._watch.open_path(file, sealed_file)
        document, sensitive = decode_head(opened[0], path, decode_text(opened[1]))
        return StoredDocument(uid.hex(), version, document, source, _STATES[state], sensitive)

    def fields(
        self, uid: bytes, version: int, slot: int, head: bytes, body: bytes
    ) -> tuple[memoryview, memoryview]:
        """Return head and body of one version, in the clear. Raises DocumentDamaged."""
        try:
            cipher = AESGCM(self._pages.key(slot))
            identity = document_identity(uid, version)
            return (
                unpad(
                    cipher.decrypt(
                        head[:NONCE_BYTES], head[NONCE_BYTES:], self._head_prefix + identity
                    )
                ),
                unpad(
                    cipher.decrypt(
                        body[:NONCE_BYTES],
                        memoryview(body)[NONCE_BYTES:],
                        self._body_prefix + identity,
                    )
                ),
            )
        except (InvalidTag, ValueError, TypeError):
            raise damaged(uid) from None

    def text(self, row: TextRow) -> str:
        """Return the text of one row of `SELECT_TEXTS`; its head stays sealed. Raises DocumentDamaged."""
        uid, version, slot, body = row
        try:
            length = len(body) - NONCE_BYTES - TAG_BYTES
            if length > len(self._room):
                self._room = memoryview(bytearray(length))
            # Opened where the last one was, which is still in the processor's cache.
            padded = self._room[:length]
            AESGCM(self._pages.key(slot)).decrypt_into(
                body[:NONCE_BYTES],
                memoryview(body)[NONCE_BYTES:],
                self._body_prefix + document_identity(uid, version),
                padded,
            )
            return decode_text(unpad(padded))
        except (InvalidTag, ValueError, TypeError):
            raise damaged(uid) from None

    def texts(self) -> Iterator[tuple[str, int, str]]:
        """Yield (id, version, text) of every live document that opens, oldest first."""
        rows = self._connection.execute(
            f"{SELECT_TEXTS} WHERE document.state = 0 ORDER BY document.id"
        )
        while some := rows.fetchmany(_FETCHED_TOGETHER):
            for row in some:
                try:
                    text = self.text(row)
                except DocumentDamaged:
                    continue
                yield row[0].hex(), row[1], text


def damaged(uid: bytes) -> DocumentDamaged:
    """Return what is raised for a document that does not open."""
    return DocumentDamaged(f"document {uid.hex()} does not open", "Run `personald doctor --deep`.")
