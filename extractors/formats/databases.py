"""SQLite databases of running programs: copied with their write-ahead log to the scratch folder, then read there.

Opening one in place would leave side files beside it (mode=ro makes `-shm`), or miss what is not yet written back
(immutable=1 ignores the log). The copy is made again when either file changed meanwhile.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from extractors.files import open_regular
from extractors.normalise import from_timestamp
from extractors.options import Options
from extractors.results import CannotRead, FailureKind

COPY_ATTEMPTS = 5
# Seconds from 1970 to 2001, where Apple's clocks begin.
APPLE_EPOCH = 978_307_200
# Microseconds from 1601, where Chrome's clock begins, to 1970.
CHROME_EPOCH_MICROSECONDS = 11_644_473_600_000_000

_numbers = itertools.count()


@contextlib.contextmanager
def open_copy(path: Path, options: Options) -> Iterator[sqlite3.Connection]:
    """Open a private copy of a database and of its log, read-only, rows by name.

    Raises:
        CannotRead: it cannot be copied whole, or is no database.
    """
    folder = options.scratch / f"database-{next(_numbers)}"
    folder.mkdir()
    copy = folder / "copy.db"
    _copy(path, copy)
    try:
        connection = sqlite3.connect(copy)
        connection.row_factory = sqlite3.Row
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        try:
            # Views and triggers of a prepared file must not run anything (sqlite.org, "Defense Against The Dark Arts").
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            yield connection
        except sqlite3.DatabaseError as error:
            raise CannotRead("its database is damaged, or of a form not known here") from error
        finally:
            connection.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """Return the columns of a table, none where there is no such table; forms of databases drift with each system."""
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return frozenset(str(row["name"]) for row in rows)


def pick(available: frozenset[str], *names: str) -> str:
    """Return the first of the names that is a column, or "NULL"."""
    return next((name for name in names if name in available), "NULL")


def apple_moment(value: object) -> datetime | None:
    """Return a moment for Apple's seconds, or nanoseconds, since 2001; None for 0 and for what is no number."""
    if not isinstance(value, int | float) or value == 0:
        return None
    # Seconds would take 3,000 years to reach a hundred thousand million.
    seconds = value / 1e9 if abs(value) > 1e11 else float(value)
    return from_timestamp(seconds + APPLE_EPOCH)


def chrome_moment(value: object) -> datetime | None:
    """Return a moment for microseconds since 1601."""
    if not isinstance(value, int) or value <= 0:
        return None
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    except OverflowError:
        return None


def _copy(path: Path, copy: Path) -> None:
    log = path.with_name(path.name + "-wal")
    for _ in range(COPY_ATTEMPTS):
        before = _states(path, log)
        with open_regular(path) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
        copied_log = copy.with_name(copy.name + "-wal")
        copied_log.unlink(missing_ok=True)
        if before[1] is not None:
            with open_regular(log) as source, copied_log.open("wb") as target:
                shutil.copyfileobj(source, target, 1024 * 1024)
        if _states(path, log) == before:
            return
    raise CannotRead("it changed while it was read", FailureKind.CHANGED)


def _states(*paths: Path) -> list[tuple[int, int] | None]:
    states: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            status = os.lstat(path)
        except OSError:
            states.append(None)
        else:
            states.append((status.st_size, status.st_mtime_ns))
    return states
