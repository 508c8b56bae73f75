"""Documents' ids as people and programs write them: 32 hexadecimal characters, or the beginning of them."""

from __future__ import annotations

import sqlite3

from personald.store.errors import DocumentUnknown
from personald.store.sealing import UID_BYTES

MIN_CHARACTERS = 4
_HEXADECIMAL = frozenset("0123456789abcdef")


def uid_of(document_id: str) -> bytes:
    """Return the 16 bytes that a whole id stands for. Raises DocumentUnknown when it is none."""
    try:
        uid = bytes.fromhex(document_id)
    except ValueError:
        raise unknown(document_id) from None
    if len(uid) != UID_BYTES:
        raise unknown(document_id)
    return uid


def find(connection: sqlite3.Connection, document_id: str) -> bytes:
    """Return the 16 bytes that an id, or the beginning of one, stands for.

    Args:
        connection: the database, asked only for a beginning.
        document_id: at least 4 characters.

    Raises:
        DocumentUnknown: no document's id begins so, or several do.
    """
    if len(document_id) == 2 * UID_BYTES:
        return uid_of(document_id)
    text = document_id.lower()
    if not MIN_CHARACTERS <= len(text) <= 2 * UID_BYTES or set(text) - _HEXADECIMAL:
        raise unknown(document_id)
    lowest = bytes.fromhex(text.ljust(2 * UID_BYTES, "0"))
    highest = bytes.fromhex(text.ljust(2 * UID_BYTES, "f"))
    found = connection.execute(
        "SELECT DISTINCT uid FROM document WHERE uid BETWEEN ? AND ? LIMIT 2", (lowest, highest)
    ).fetchall()
    if len(found) == 2:
        raise DocumentUnknown(
            f"several documents begin with {document_id}", "Give more characters of its id."
        )
    if not found:
        raise unknown(document_id)
    return bytes(found[0][0])


def unknown(document_id: str) -> DocumentUnknown:
    """Return what is raised for an id that no document has."""
    return DocumentUnknown(f"there is no document {document_id}", "See `personald documents list`.")
