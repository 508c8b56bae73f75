"""What is known of the files of a source: found by token, noted, renamed, touched, dropped.

What was read from a file is stored by `intake`; here are the changes that need no reading.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

from personald.store.drafting import FileDraft
from personald.store.records import FileStat, FileState, FileStatus, PutResult
from personald.store.transaction import Transaction
from personald.store.watching import Watch

# A source may have very many files: so many of them are opened at once.
FILES_AT_ONCE = 500
# What `Watch.open_file` takes.
_SELECT = (
    "SELECT id, status, sealed,"
    " (SELECT count(*) FROM document WHERE file = file.id AND state = 0) FROM file"
)
FileRow = tuple[int, int, bytes, int]


def some(connection: sqlite3.Connection, source: int, after: int) -> list[FileRow]:
    """Return the next few hundred files of a source, after a row; none after the last."""
    return connection.execute(
        f"{_SELECT} WHERE source = ? AND id > ? ORDER BY id LIMIT ?",
        (source, after, FILES_AT_ONCE),
    ).fetchall()


def one(connection: sqlite3.Connection, source: int, path_token: bytes) -> FileRow | None:
    """Return one file of a source; None when nothing is known of it."""
    row: FileRow | None = connection.execute(
        f"{_SELECT} WHERE source = ? AND token = ?", (source, path_token)
    ).fetchone()
    return row


def note_pending(transaction: Transaction, watch: Watch, source: int, path: Path | str) -> None:
    """Note a file that was seen and waits to be read."""
    path_token = watch.path(path)
    file = transaction.file_id(source, path_token)
    if file is not None:
        transaction.flush()
        transaction.connection.execute(
            "UPDATE file SET status = ? WHERE id = ?", (int(FileStatus.PENDING), file)
        )
        return
    file = transaction.next_number()
    transaction.write_file(
        FileDraft(
            file, source, path_token, FileStatus.PENDING, str(path), FileStat(0, 0), 0, b"", ""
        )
    )


def rename(
    transaction: Transaction, watch: Watch, source: int, old: Path | str, new: Path | str
) -> bool:
    """Give a file another path, in place of what was known there; False when the old path is not known."""
    file = transaction.file_id(source, watch.path(old))
    if file is None:
        return False
    new_token = watch.path(new)
    replaced = transaction.file_id(source, new_token)
    if replaced is not None and replaced != file:
        drop(transaction, replaced)
    state = _state(transaction, watch, file)
    _rewrite(transaction, source, file, new_token, dataclasses.replace(state, path=str(new)))
    # The old path must lead nowhere, even for the rest of this batch.
    transaction.flush()
    return True


def restat(
    transaction: Transaction, watch: Watch, source: int, path: Path | str, stat: FileStat
) -> bool:
    """Give a file another stat; False when the path is not known."""
    path_token = watch.path(path)
    file = transaction.file_id(source, path_token)
    if file is None:
        return False
    state = _state(transaction, watch, file)
    _rewrite(transaction, source, file, path_token, dataclasses.replace(state, stat=stat))
    return True


def drop(transaction: Transaction, file: int) -> PutResult:
    """Take a file away with its documents."""
    transaction.flush()
    rows = transaction.live_rows(file)
    transaction.delete(rows)
    for statement in (
        "DELETE FROM failure WHERE file = ?",
        "DELETE FROM forgotten WHERE file = ?",
        "DELETE FROM file WHERE id = ?",
    ):
        transaction.connection.execute(statement, (file,))
    return PutResult(deleted=len(rows))


def _state(transaction: Transaction, watch: Watch, file: int) -> FileState:
    transaction.flush()
    status, sealed = transaction.connection.execute(
        "SELECT status, sealed FROM file WHERE id = ?", (file,)
    ).fetchone()
    return watch.open_file(file, status, sealed)


def _rewrite(
    transaction: Transaction, source: int, file: int, path_token: bytes, state: FileState
) -> None:
    transaction.write_file(
        FileDraft(
            file,
            source,
            path_token,
            state.status,
            state.path,
            state.stat,
            state.extractor_version,
            state.content_hash,
            state.reason,
        )
    )
