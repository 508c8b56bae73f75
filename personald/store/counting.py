"""How much is in the store, what failed, and what changed since a revision: nothing here opens a document."""

from __future__ import annotations

import sqlite3

from extractors.document import Domain
from personald.store.records import Counts, FailedFile, FileStatus, State, absolute_origin
from personald.store.sealing import Kind
from personald.store.watching import Watch


def counts(connection: sqlite3.Connection, watch: Watch) -> Counts:
    """Count documents, files and what was passed over; see `Counts`."""
    per_domain = {
        watch.domains[domain]: documents
        for domain, documents in connection.execute(
            "SELECT token, documents FROM domain WHERE documents > 0"
        )
    }
    per_source = dict(
        connection.execute(
            "SELECT file.source, count(*) FROM document JOIN file ON file.id = document.file"
            " WHERE document.state = ? GROUP BY file.source",
            (int(State.LIVE),),
        ).fetchall()
    )
    skipped: dict[str, int] = {}
    for source, sealed in connection.execute(
        "SELECT id, skipped FROM source WHERE skipped IS NOT NULL"
    ):
        for reason, number in watch.open_record(Kind.SKIPPED, source, sealed).items():
            skipped[reason] = skipped.get(reason, 0) + int(str(number))
    return Counts(
        total=sum(per_domain.values()),
        pending=_number(
            connection, "SELECT count(*) FROM file WHERE status = ?", int(FileStatus.PENDING)
        ),
        failed=_number(connection, "SELECT count(*) FROM failure"),
        quarantined=_number(
            connection, "SELECT count(*) FROM document WHERE state = ?", int(State.QUARANTINED)
        ),
        per_domain=per_domain,
        per_source=per_source,
        skipped=skipped,
    )


def failed(connection: sqlite3.Connection, watch: Watch) -> list[FailedFile]:
    """Return the files and parts that could not be read, in the order they were noted."""
    found = []
    for number, source, file, status, sealed_file, sealed in connection.execute(
        "SELECT failure.id, file.source, file.id, file.status, file.sealed, failure.sealed"
        " FROM failure JOIN file ON file.id = failure.file ORDER BY failure.id"
    ):
        path = watch.open_file(file, status, sealed_file).path
        record = watch.open_record(Kind.FAILURE, number, sealed)
        origin = absolute_origin(str(record["origin"]), path)
        found.append(FailedFile(source, origin, str(record["reason"])))
    return found


def revision(connection: sqlite3.Connection, watch: Watch, domain: Domain) -> int:
    """Return a domain's revision; 0 before its first document."""
    return _number(
        connection, "SELECT max(revision) FROM domain WHERE token = ?", watch.tokens[domain]
    )


def changes_since(connection: sqlite3.Connection, watch: Watch, domain: Domain, since: int) -> int:
    """Return how many documents were added, changed or deleted after a revision."""
    token = watch.tokens[domain]
    live = _number(
        connection,
        "SELECT count(*) FROM document WHERE domain = ? AND revision > ? AND state = 0",
        token,
        since,
    )
    gone = _number(
        connection,
        "SELECT count(*) FROM tombstone WHERE domain = ? AND revision > ?",
        token,
        since,
    )
    return live + gone


def _number(connection: sqlite3.Connection, query: str, *values: object) -> int:
    row = connection.execute(query, values).fetchone()
    return int(row[0] or 0)
