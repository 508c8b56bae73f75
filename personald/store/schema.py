"""The database file: its tables, how they came to be (migrations), and how it is opened or refused.

A store is recognised by SQLite's own marks: `application_id` is "PDst", `user_version` the number of the last
migration. Migrations only go forward; a store of a higher number is refused.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from personald.store.errors import (
    NotAStore,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreTooNew,
    StoreUncertain,
)

if TYPE_CHECKING:
    import sqlite_utils

APPLICATION_ID = 0x50447374  # "PDst"
BUSY_SECONDS = 30.0
PAGE_BYTES = 4096
SQLITE_HEADER = b"SQLite format 3\x00"


def _create_tables(database: sqlite_utils.Database) -> None:
    """Version 1. What may be seen without a key: how many rows, their padded sizes, and in which order they came."""
    database.create_table("meta", {"name": str, "value": bytes}, pk="name")
    database.create_table(
        "source", {"id": int, "token": bytes, "sealed": bytes, "skipped": bytes}, pk="id"
    )
    database.table("source").create_index(["token"], unique=True)
    database.create_table(
        "file",
        {
            "id": int,
            "source": int,
            "token": bytes,
            "stat": bytes,
            "status": int,
            "sealed": bytes,
        },
        pk="id",
    )
    database.table("file").create_index(["source", "token"], unique=True)
    database.create_table(
        "failure", {"id": int, "file": int, "sealed": bytes}, pk="id"
    ).create_index(["file"])
    database.create_table(
        "document",
        {
            "id": int,
            "uid": bytes,
            "version": int,
            "state": int,
            "file": int,
            "domain": bytes,
            "part": bytes,
            "content": bytes,
            "revision": int,
            "slot": int,
        },
        pk="id",
    )
    database.table("document").create_index(["uid", "version"], unique=True)
    database.table("document").create_index(["file"])
    database.create_table("sealed", {"id": int, "head": bytes, "body": bytes}, pk="id")
    database.create_table(
        "key_page", {"id": int, "generation": int, "kind": int, "sealed": bytes}, pk="id"
    )
    database.create_table("domain", {"token": bytes, "revision": int, "documents": int}, pk="token")
    database.create_table(
        "tombstone",
        {"uid": bytes, "version": int, "domain": bytes, "revision": int, "day": int},
        pk="uid",
    )
    database.create_table("forgotten", {"file": int, "part": bytes}, pk=("file", "part"))
    database.create_table(
        "provenance", {"adapter": str, "uid": bytes, "version": int}, pk=("adapter", "uid")
    )
    database.table("provenance").create_index(["uid"])


def _cover_reading(database: sqlite_utils.Database) -> None:
    """Version 2. All that reading a document asks of its narrow row stands in the index by which it is found."""
    database.execute("DROP INDEX idx_document_uid_version")
    database.table("document").create_index(["uid", "version", "state", "slot", "file"])


MIGRATIONS: tuple[Callable[[sqlite_utils.Database], None], ...] = (_create_tables, _cover_reading)
"""Migration n brings a store from version n to n + 1. Released ones are never edited; new ones are added below."""

VERSION = len(MIGRATIONS)


def create_file(path: Path) -> sqlite3.Connection:
    """Make a new database file, readable by its owner only, with all tables."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with database_errors(path):
        path.touch(mode=0o600, exist_ok=False)
        connection = _connect(path)
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        _set_up(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection)
    return connection


def open_file(path: Path) -> sqlite3.Connection:
    """Open a store's database file and bring it to this version's schema.

    Raises:
        StoreMissing, NotAStore, StoreTooNew, StoreDamaged, StoreReadOnly, StoreBusy: see each.
    """
    with database_errors(path):
        if not path.exists():
            raise StoreMissing(
                f"there is no {path}", "Bring it back, or use `personald restore FILE`."
            )
        with open(path, "rb") as file:
            header = file.read(len(SQLITE_HEADER))
        if header != SQLITE_HEADER:
            raise NotAStore(
                f"{path} is no database", "Move it away and run `personald restore FILE`."
            )
        connection = _connect(path)
        try:
            _check_marks(connection, path)
            _set_up(connection)
            migrate(connection)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
    return connection


def migrate(connection: sqlite3.Connection) -> None:
    """Run the migrations that this file lacks, each in a transaction of its own."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    # Imported where it is needed: it brings numpy and click along, which a daemon at rest need not carry.
    import sqlite_utils

    database = sqlite_utils.Database(connection)
    for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            migration(database)
            connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _check_marks(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise NotAStore(
            f"{path} is a database of another program",
            "Move it away and bring the store back, or use `personald restore FILE`.",
        )
    if version > VERSION:
        raise StoreTooNew(
            f"{path} has version {version}, and this personald knows {VERSION}",
            "Update personald.",
        )
    if version < 1:
        raise StoreDamaged(f"{path} was never finished", "Use `personald restore FILE`.")
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
    wal = path.with_name(path.name + "-wal")
    if path.stat().st_size < pages * page_bytes and not (wal.exists() and wal.stat().st_size):
        raise StoreDamaged(f"{path} is cut off", "Run `personald restore FILE`.")


def _set_up(connection: sqlite3.Connection) -> None:
    """Set what must never be assumed: builds of SQLite differ in their defaults."""
    connection.execute("PRAGMA journal_mode = WAL")
    # NORMAL in WAL mode keeps every commit through a crash of the process, and a prefix of them through a loss of
    # power (sqlite.org/pragma.html#pragma_synchronous). A file whose commit was lost is read again: its state is
    # in the same transaction.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA foreign_keys = OFF")
    # On macOS fsync(2) does not reach the disk; F_FULLFSYNC does (sqlite.org/pragma.html#pragma_fullfsync).
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("PRAGMA mmap_size = 0")


@contextlib.contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one clear line each; other errors are the caller's own."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error, path) from error


@contextlib.contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into one clear line each."""
    try:
        with sqlite_errors(path):
            yield
    except PermissionError as error:
        raise StoreReadOnly(
            f"{path}: {error.strerror}", "Check the permissions of the home."
        ) from error
    except FileExistsError as error:
        raise StoreError(f"{path} exists already", "Use another home.") from error
    except OSError as error:
        raise StoreUncertain(f"{path}: {error.strerror}", "Check the disk.") from error


def explained(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the clear line that one of SQLite's errors stands for."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(
            f"another process has been writing to {path} for more than {BUSY_SECONDS:.0f} s",
            "Try again when it is done.",
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(
            f"there is no room for {path}; nothing that was stored is lost", "Free some space."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return StoreReadOnly(f"{path}: {error}", "Check the volume and the permissions.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged(
            f"{path}: {error}", "Run `personald doctor --deep`, then `personald restore FILE`."
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreUncertain(
            f"{path}: {error}", "The last change may be missing; it will be read again."
        )
    return StoreError(f"{path}: {error}")
