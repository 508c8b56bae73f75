"""How reading a file can end: documents, failures with a reason for the person, and what was left out on purpose."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from extractors.document import Document
from personald.errors import PersonaldError


class FailureKind(enum.StrEnum):
    """Why a file or a part of one could not be read; what decides whether trying again makes sense."""

    UNREADABLE = "unreadable"
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    UNKNOWN = "unknown"
    TOO_LARGE = "too large"
    TOO_DEEP = "too deep"
    MEMORY = "memory"
    TIMEOUT = "timeout"
    CRASH = "crash"
    CHANGED = "changed"
    GONE = "gone"

    @property
    def passing(self) -> bool:
        """True when the same file may well be read the next time it is tried."""
        return self in (FailureKind.CHANGED, FailureKind.GONE)


@dataclass(frozen=True, slots=True)
class Failure:
    """One file or part that could not be read.

    Attributes:
        reason: one line for the person, without a traceback and without content of the file.
        kind: what sort of failure it is.
        origin: the path, or `path#part` for one message of a mailbox; "" means the file that was asked for.
    """

    reason: str
    kind: FailureKind = FailureKind.DAMAGED
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """Something left out on purpose: spam, an empty file, a locked note.

    Attributes:
        reason: why, a few lower-case words that are counted under one name ("spam", "locked note").
        count: how many at once.
    """

    reason: str
    count: int = 1


Item = Document | Failure | Skip


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that one file gave.

    Attributes:
        documents: what was read, in the file's order.
        failure: why the file as a whole could not be read, or None.
        format: the format's name, "" when it was not recognised.
        extractor_version: the stamp of format and version that read it (`registry.is_current` tells when to re-read).
        skipped: reason and count of what was left out on purpose.
        part_failures: parts that could not be read while the rest went on.
        content_hash: SHA-256 of the file's bytes; b"" when its reader did not come so far.
    """

    documents: tuple[Document, ...] = ()
    failure: Failure | None = None
    format: str = ""
    extractor_version: int = 0
    skipped: tuple[tuple[str, int], ...] = ()
    part_failures: tuple[Failure, ...] = ()
    content_hash: bytes = b""


class CannotRead(PersonaldError):
    """Raised by a format when the file, or the part in hand, cannot be turned into documents.

    Args:
        detail: one line for the person; it names what is wrong and quotes nothing of the file.
        kind: what sort of failure it is.
    """

    title = "Cannot read"

    def __init__(self, detail: str, kind: FailureKind = FailureKind.DAMAGED) -> None:
        super().__init__(detail)
        self.kind = kind
