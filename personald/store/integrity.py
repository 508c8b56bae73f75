"""Is everything still as it was written? Every row and page of keys, the sums over all, the index, the roll-back anchor.

`verify` only looks. `mend` puts damaged documents into quarantine and marks their files to be read again, so that the
daemon's next scan brings them back from where they came from, under the same ids.
"""

from __future__ import annotations

import enum
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from personald.keys.derived import Generation
from personald.store import anchor as anchors
from personald.store.errors import DocumentDamaged
from personald.store.forgetting import Writing, counter_item
from personald.store.opening import Opener
from personald.store.records import (
    FileStatus,
    State,
    decode_head,
    decode_text,
)
from personald.store.sealing import Kind
from personald.store.watching import Watch


class Problem(enum.StrEnum):
    """What can be found."""

    STRUCTURE = "structure"
    DOCUMENT = "document"
    FILE = "file"
    SOURCE = "source"
    MISSING = "missing"
    ROLLED_BACK = "rolled back"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        problem: of which sort.
        name: of the document or file, as far as it can still be read; "" for the whole store.
        detail: one sentence.
        remedy: one sentence.
        row: the row at fault, 0 for the whole store.
    """

    problem: Problem
    name: str
    detail: str
    remedy: str
    row: int = 0


_READ_AGAIN = "Run `personald doctor --mend`: it is set aside and read again from its source."


@dataclass(frozen=True, slots=True)
class Reading:
    """What verification needs.

    Attributes:
        connection: the database.
        watch: opens what the watcher sealed.
        generation: opens the pages of data keys.
    """

    connection: sqlite3.Connection
    watch: Watch
    generation: Generation


def verify(reading: Reading, writing: Writing, *, deep: bool) -> Iterator[Finding]:
    """Yield what is wrong.

    Args:
        reading: the reading side.
        writing: the owner's side, for the key store.
        deep: open every row; otherwise only the database's structure and the counts are looked at.
    """
    yield from _structure(reading.connection, deep=deep)
    anchor = anchors.read(reading.connection, reading.watch.keys.anchor_key)
    yield from _age(anchor, writing)
    if deep:
        paths: dict[int, str] = {}
        yield from _sources(reading)
        yield from _files(reading, paths)
        yield from _documents(reading, paths)
        yield from _sum_of_all(reading)


def _structure(connection: sqlite3.Connection, *, deep: bool) -> Iterator[Finding]:
    check = "integrity_check" if deep else "quick_check"
    for (line,) in connection.execute(f"PRAGMA {check}(20)"):
        if line != "ok":
            yield Finding(
                Problem.STRUCTURE, "", f"SQLite says: {line}", "Run `personald restore FILE`."
            )


def _age(anchor: anchors.Anchor, writing: Writing) -> Iterator[Finding]:
    """Compare the anchor's counter with what the key store remembers of it."""
    known = writing.keys.key_store.get(counter_item(anchor.store))
    if known is not None and int.from_bytes(known, "big") > anchor.counter:
        yield Finding(
            Problem.ROLLED_BACK,
            "",
            f"this is an older copy of the store: {anchor.counter} changes, and"
            f" {int.from_bytes(known, 'big')} were already made",
            "If you put it there yourself, all is well; otherwise find out who did.",
        )


def _sum_of_all(reading: Reading) -> Iterator[Finding]:
    """Compare all rows together with the anchor, in one moment of the database."""
    key = reading.watch.keys.anchor_key
    reading.connection.execute("BEGIN")
    try:
        anchor = anchors.read(reading.connection, key)
        versions, total = sum_of_terms(reading.connection, key)
    finally:
        reading.connection.execute("COMMIT")
    if (versions, total) != (anchor.versions, anchor.total):
        yield Finding(
            Problem.MISSING,
            "",
            f"{anchor.versions} versions of documents were written, and what is there ({versions}) is not them:"
            " rows were taken away, put back or exchanged",
            "Run `personald doctor --mend`: everything is compared with its source again.",
        )


def sum_of_terms(connection: sqlite3.Connection, key: bytes) -> tuple[int, bytes]:
    """Return how many versions there are and the sum of their terms, counted anew."""
    versions = total = 0
    terms = anchors.Terms(key)
    for row in connection.execute(
        "SELECT uid, version, state, file, domain, part, content,"
        " CAST(substr(head, -16) AS BLOB), CAST(substr(body, -16) AS BLOB)"
        " FROM document LEFT JOIN sealed ON sealed.id = document.id"
    ):
        versions += 1
        try:
            uid, version, state, file, domain, part, content, head, body = row
            tags = (head or b"") + (body or b"")
            total ^= terms.term(uid, version, state, file, domain, part, content, tags)
        except (struct.error, TypeError):
            total ^= 1
    return versions, total.to_bytes(16, "big")


def _sources(reading: Reading) -> Iterator[Finding]:
    for number, sealed in reading.connection.execute("SELECT id, sealed FROM source"):
        try:
            reading.watch.open_record(Kind.SOURCE, number, sealed)
        except DocumentDamaged:
            yield Finding(
                Problem.SOURCE,
                f"source {number}",
                f"the record of source {number} does not open",
                f"Run `personald source remove {number}` and add it again.",
                number,
            )


def _files(reading: Reading, paths: dict[int, str]) -> Iterator[Finding]:
    """Open every file's record; fills in the paths of those that open."""
    for number, status, sealed in reading.connection.execute("SELECT id, status, sealed FROM file"):
        try:
            paths[number] = reading.watch.open_file(number, status, sealed).path
        except DocumentDamaged:
            yield Finding(
                Problem.FILE,
                f"file {number}",
                f"the record of file {number} does not open",
                _READ_AGAIN,
                number,
            )


def _documents(reading: Reading, paths: dict[int, str]) -> Iterator[Finding]:
    opener = Opener(reading.connection, reading.watch, reading.generation)
    query = (
        "SELECT document.id, uid, version, state, file, domain, part, content, slot, head, body"
        " FROM document LEFT JOIN sealed ON sealed.id = document.id"
    )
    for row in reading.connection.execute(query):
        number, uid, _, state, file = row[:5]
        if state == State.QUARANTINED:
            continue
        detail = _fault(reading, opener, row)
        if detail:
            yield Finding(
                Problem.DOCUMENT,
                f"{bytes(uid).hex()} ({paths.get(file, 'of an unknown file')})",
                f"document {bytes(uid).hex()} {detail}",
                _READ_AGAIN,
                number,
            )


def _fault(reading: Reading, opener: Opener, row: tuple[Any, ...]) -> str:
    """Say what is wrong with one version, "" when nothing is. Anything may stand in a damaged row's columns."""
    _, uid, version, _, _, domain, part, content, slot, head, body = row
    if not isinstance(head, bytes) or not isinstance(body, bytes):
        return "has lost its text"
    try:
        opened_head, opened_body = map(bytes, opener.fields(uid, version, slot, head, body))
        document, _ = decode_head(opened_head, "", decode_text(opened_body))
    except DocumentDamaged:
        return "does not open"
    except (struct.error, TypeError, UnicodeDecodeError):
        return "was changed"
    if reading.watch.tokens[document.domain] != domain:
        return "stands under another domain"
    if reading.watch.content(part, opened_head, opened_body) != content:
        return "is not what its token says"
    return ""


def damaged_pieces(names: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for each file of the search index that is damaged."""
    for name in names:
        yield Finding(
            Problem.INDEX,
            name,
            f"a piece of the search index is damaged: {name}",
            "It is made again at the next search.",
        )


def mend(writing: Writing, findings: Iterable[Finding]) -> int:
    """Set aside what is damaged, and have its file, or everything when rows are missing, read again.

    Returns:
        How many documents were set aside.
    """
    aside = 0
    with writing.transaction() as transaction:
        connection = transaction.connection
        for finding in findings:
            if finding.problem is Problem.DOCUMENT:
                aside += 1
                connection.execute(
                    "UPDATE document SET state = ? WHERE id = ?",
                    (int(State.QUARANTINED), finding.row),
                )
                connection.execute(
                    "UPDATE file SET status = ?, stat = x'' WHERE id ="
                    " (SELECT file FROM document WHERE id = ?)",
                    (int(FileStatus.PENDING), finding.row),
                )
            elif finding.problem is Problem.FILE:
                rows = transaction.rows("file = ?", (finding.row,))
                aside += len(rows)
                transaction.delete(row for row in rows if row.state == State.LIVE)
                connection.execute("DELETE FROM file WHERE id = ?", (finding.row,))
            elif finding.problem is Problem.MISSING:
                connection.execute(
                    "UPDATE file SET status = ?, stat = x''", (int(FileStatus.PENDING),)
                )
                connection.execute("DELETE FROM document WHERE id NOT IN (SELECT id FROM sealed)")
                connection.execute("DELETE FROM sealed WHERE id NOT IN (SELECT id FROM document)")
        versions, total = sum_of_terms(connection, writing.keys.watcher.anchor_key)
        transaction.finish(versions=versions, total=total)
        _recount(connection)
    return aside


def _recount(connection: sqlite3.Connection) -> None:
    """Count each domain's live documents anew, for rows may have vanished without being counted."""
    connection.execute(
        "UPDATE domain SET documents = (SELECT count(*) FROM document"
        " WHERE document.domain = domain.token AND document.state = 0)"
    )
