"""What was read from one file takes the place of what was read from it before."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from extractors.document import Document
from personald.store.drafting import Draft, FileDraft
from personald.store.records import (
    Failure,
    FileStat,
    FileStatus,
    PutResult,
    SensitiveSpan,
    State,
    encode_head,
    encode_text,
    relative_origin,
)
from personald.store.sealing import Kind
from personald.store.transaction import Row, Transaction
from personald.store.watching import Watch

Detector = Callable[[str, str], tuple[SensitiveSpan, ...]]
"""From a text and its title to what is sensitive in the text."""

# SQLite refuses rows of 10^9 bytes (sqlite.org/limits.html); a text of half of that is no document.
MAX_TEXT_BYTES = 512 * 1024 * 1024
MAX_BYTES_OF_A_CHARACTER = 4


@runtime_checkable
class UnreadablePart(Protocol):
    """What an extractor says of a file, or a part of one, that it could not read."""

    @property
    def reason(self) -> str:
        """One line for the person."""
        ...


def nothing_sensitive(_text: str, _title: str) -> tuple[SensitiveSpan, ...]:
    """Find nothing."""
    return ()


@dataclasses.dataclass(slots=True)
class Intake:
    """One file being stored, inside one transaction.

    Args:
        transaction: where changes are gathered.
        watch: makes tokens and records.
        detect: finds what is sensitive in a text, given its title.
        history: how many past versions of a document are kept.
        max_text_bytes: longer texts are refused, each as a failure of its own.
    """

    transaction: Transaction
    watch: Watch
    detect: Detector
    history: int
    max_text_bytes: int = MAX_TEXT_BYTES

    def put(
        self,
        source: int,
        path: str,
        stat: FileStat,
        content_hash: bytes,
        parts: Iterable[Document | UnreadablePart],
        extractor_version: int,
    ) -> PutResult:
        """Store the parts of one file; see `Store.put_file`."""
        transaction, watch = self.transaction, self.watch
        path_token = watch.path(path)
        file = transaction.file_id(source, path_token)
        existing: dict[bytes, Row] = {}
        forgotten: frozenset[bytes] = frozenset()
        known = file is not None
        if file is None:
            file = transaction.next_number()
        else:
            existing = {row.part: row for row in transaction.live_rows(file)}
            forgotten = transaction.forgotten_parts(file)

        def note(status: FileStatus, reason: str = "") -> None:
            transaction.write_file(
                FileDraft(
                    file,
                    source,
                    path_token,
                    status,
                    path,
                    stat,
                    extractor_version,
                    content_hash,
                    reason,
                )
            )

        def renew() -> None:
            note(FileStatus.PENDING)
            self._renew(file, existing)

        new, changed, unchanged, failures = self._put_parts(
            file, path, parts, existing, forgotten, renew
        )
        read_something = new + changed + unchanged > 0
        if not failures:
            gone = list(existing.values())
        elif read_something:
            gone = [row for row in existing.values() if row.part not in failures]
        else:
            gone = []
        if gone:
            transaction.delete(gone)
        if known or failures:
            self._write_failures(file, failures)
        if failures and not read_something:
            note(FileStatus.FAILED, next(iter(failures.values())).reason)
        else:
            note(FileStatus.READ)
        return PutResult(new, changed, unchanged, len(gone), len(failures))

    def _put_parts(
        self,
        file: int,
        path: str,
        parts: Iterable[Document | UnreadablePart],
        existing: dict[bytes, Row],
        forgotten: frozenset[bytes],
        renew: Callable[[], None],
    ) -> tuple[int, int, int, dict[bytes, Failure]]:
        """Store each part.

        Args:
            file, path: the file.
            parts: what was read from it.
            existing: what is stored of it; what is recognised is taken out.
            forgotten: places in it that are not stored again.
            renew: called when the transaction has grown too long.

        Returns:
            How many documents are new, changed and unchanged, and what could not be read.
        """
        new = changed = unchanged = 0
        repeats: dict[str, int] = {}
        failures: dict[bytes, Failure] = {}
        for part in parts:
            origin = relative_origin(getattr(part, "origin", "") or path, path)
            repeat = repeats.get(origin, 0)
            repeats[origin] = repeat + 1
            part_token = self.watch.part(file, origin, repeat)
            if part_token in forgotten:
                continue
            if not isinstance(part, Document):
                failures[part_token] = Failure(part.reason, origin)
                continue
            if self._is_too_long(part.text):
                failures[part_token] = Failure(
                    f"its text is longer than {self.max_text_bytes // 1_000_000} MB", origin
                )
                continue
            draft = Draft(
                None,
                1,
                file,
                self.watch.tokens[part.domain],
                part_token,
                part,
                origin,
                path,
                self.detect(part.text, part.title),
            )
            old = existing.pop(part_token, None)
            if old is None:
                self.transaction.insert(draft)
                self.transaction.count(draft.domain, 1)
                new += 1
            elif old.state == State.LIVE and old.content == self._content(draft):
                unchanged += 1
            else:
                self._replace(old, draft)
                changed += 1
            if self.transaction.is_long:
                renew()
        return new, changed, unchanged, failures

    def _renew(self, file: int, existing: dict[bytes, Row]) -> None:
        """Commit the first part of a very large file, and look again at what is stored of it."""
        self.transaction.renew()
        now = {row.part: row for row in self.transaction.live_rows(file)}
        for part in list(existing):
            if part in now:
                existing[part] = now[part]
            else:
                del existing[part]

    def _is_too_long(self, text: str) -> bool:
        return (
            len(text) * MAX_BYTES_OF_A_CHARACTER > self.max_text_bytes
            and len(encode_text(text)) > self.max_text_bytes
        )

    def _content(self, draft: Draft) -> bytes:
        """Return the token by which an unchanged document is known."""
        head = encode_head(draft.document, draft.origin, draft.path, draft.sensitive)
        return self.watch.content(draft.part, head, encode_text(draft.document.text))

    def _replace(self, old: Row, draft: Draft) -> None:
        """Give a document its next version; past ones beyond the history go."""
        transaction = self.transaction
        version = old.version + 1
        if old.state == State.LIVE:
            transaction.count(old.domain, -1)
            transaction.revision(old.domain)
        transaction.count(draft.domain, 1)
        if self.history and old.state == State.LIVE:
            transaction.retire(old)
        else:
            transaction.remove_versions([old])
        transaction.insert(draft._replace(uid=old.uid, version=version))
        if self.history and version - 1 > self.history:
            transaction.remove_versions(
                transaction.versions_before(old.uid, version - self.history)
            )

    def _write_failures(self, file: int, failures: dict[bytes, Failure]) -> None:
        connection = self.transaction.connection
        connection.execute("DELETE FROM failure WHERE file = ?", (file,))
        for failure in failures.values():
            number = self.transaction.next_number()
            record = {"origin": failure.origin, "reason": failure.reason}
            connection.execute(
                "INSERT INTO failure (id, file, sealed) VALUES (?, ?, ?)",
                (number, file, self.watch.seal_record(Kind.FAILURE, number, record)),
            )
