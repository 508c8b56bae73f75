"""The sources a person asked to watch: one sealed record for each."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from extractors.document import Domain
from personald.store.records import Source
from personald.store.sealing import Kind, token
from personald.store.watching import Watch


def add(
    connection: sqlite3.Connection,
    watch: Watch,
    path: Path,
    domain: Domain | None,
    kind: str | None,
    added_at: datetime,
) -> Source:
    """Note a source, inside the caller's transaction; returns the one that is there when the path is known already.

    Args:
        connection: inside a transaction.
        watch: seals the record.
        path, domain, kind, added_at: see `Source`.
    """
    path_token = token(watch.keys.token_key, b"source", os.fsencode(path))
    row = connection.execute(
        "SELECT id, sealed FROM source WHERE token = ?", (path_token,)
    ).fetchone()
    if row is not None:
        return _opened(watch, *row)
    (highest,) = connection.execute("SELECT max(id) FROM source").fetchone()
    number = (highest or 0) + 1
    record = {
        "path": str(path),
        "domain": domain.value if domain else None,
        "kind": kind,
        "added_at": added_at.isoformat(),
    }
    connection.execute(
        "INSERT INTO source (id, token, sealed) VALUES (?, ?, ?)",
        (number, path_token, watch.seal_record(Kind.SOURCE, number, record)),
    )
    return Source(number, str(path), domain, kind, added_at)


def one(connection: sqlite3.Connection, watch: Watch, number: int) -> Source | None:
    """Return one source, None when there is none of that number. Raises DocumentDamaged."""
    row = connection.execute("SELECT id, sealed FROM source WHERE id = ?", (number,)).fetchone()
    return _opened(watch, *row) if row else None


def known(connection: sqlite3.Connection, watch: Watch) -> list[Source]:
    """Return all sources, in the order they were added. Raises DocumentDamaged."""
    return [
        _opened(watch, number, sealed)
        for number, sealed in connection.execute("SELECT id, sealed FROM source ORDER BY id")
    ]


def _opened(watch: Watch, number: int, sealed: bytes) -> Source:
    record = watch.open_record(Kind.SOURCE, number, sealed)
    return Source(
        number,
        str(record["path"]),
        Domain(record["domain"]) if record["domain"] else None,
        str(record["kind"]) if record["kind"] else None,
        datetime.fromisoformat(str(record["added_at"])),
    )
