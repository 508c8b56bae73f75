"""What goes into the store and comes out of it, as plain records; and how a `Document` becomes bytes."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from extractors.document import Document, Domain, Role, Span, Turn
from personald.store.errors import DocumentDamaged


class State(enum.IntEnum):
    """Where a stored version stands."""

    LIVE = 0
    PAST = 1
    QUARANTINED = 2


class FileStatus(enum.IntEnum):
    """What became of a file."""

    READ = 0
    FAILED = 1
    PENDING = 2


@dataclass(frozen=True, slots=True)
class Source:
    """A place that the person asked to watch.

    Attributes:
        id: its number in the store.
        path: the folder or file.
        domain: the domain given to all its documents, None when each file decides.
        kind: how to read it, None when recognised.
        added_at: when it was added, with a time zone.
    """

    id: int
    path: str
    domain: Domain | None
    kind: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class FileStat:
    """What stat(2) says that tells a changed file from an unchanged one.

    Attributes:
        size: bytes.
        mtime_ns: time of last change, nanoseconds since 1970.
        inode: its number on the volume; 0 where there is none.
    """

    size: int
    mtime_ns: int
    inode: int = 0


@dataclass(frozen=True, slots=True)
class FileState:
    """What the store knows of one file of a source.

    Attributes:
        path: where it was read.
        stat: as it was when it was read.
        status: whether it could be read.
        reason: why not; "" when it could.
        extractor_version: of the extractor that read it.
        content_hash: SHA-256 of its bytes as given by the caller; b"" when unknown.
        documents: how many documents it gave.
    """

    path: str
    stat: FileStat
    status: FileStatus
    reason: str
    extractor_version: int
    content_hash: bytes
    documents: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file, or one part of it, could not be read: one line for the person, none of its content."""

    reason: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class PutResult:
    """What storing one file changed, counted in documents."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0

    def __add__(self, other: PutResult) -> PutResult:
        return PutResult(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.deleted + other.deleted,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class FailedFile:
    """One file or part that could not be read."""

    source_id: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is in the store.

    Attributes:
        total: documents that are live.
        pending: files noted but not read yet.
        failed: files and parts that could not be read.
        quarantined: documents whose row is damaged.
        per_domain: live documents for each domain.
        per_source: live documents for each source.
        skipped: for each reason, how many files were passed over on purpose.
    """

    total: int
    pending: int
    failed: int
    quarantined: int
    per_domain: Mapping[Domain, int]
    per_source: Mapping[int, int]
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SensitiveSpan:
    """A stretch of a document's text that training must mask or hold back.

    Attributes:
        start, end: characters of the text.
        category: "secret", "money", "health", "legal" or "identity".
        rule: which rule found it.
    """

    start: int
    end: int
    category: str
    rule: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it lies in the store.

    Attributes:
        id: 32 hexadecimal characters, the same through all versions and renames.
        version: 1, 2, 3, …
        document: the document; its origin is where the file is now.
        source_id: the source it came from.
        state: live, past or quarantined.
        sensitive: what training must mask or hold back, sorted by start.
    """

    id: str
    version: int
    document: Document
    source_id: int
    state: State = State.LIVE
    sensitive: tuple[SensitiveSpan, ...] = field(default=())


_encoder = json.JSONEncoder(separators=(",", ":"))
_decoder = json.JSONDecoder()


def to_json(value: object) -> bytes:
    """Return a value as JSON in ASCII without spaces."""
    return _encoder.encode(value).encode("ascii")


_SIMPLE = ("kind", "title", "author", "language", "thread")


# Stands for the path of the document's file, which changes when the file is renamed. No path contains NUL.
FILE_PATH = "\0"


def relative_origin(origin: str, path: str) -> str:
    """Replace the path of the file at the start of an origin by a mark, so that a rename need not touch it."""
    return FILE_PATH + origin[len(path) :] if origin.startswith(path) else origin


def absolute_origin(relative: str, path: str) -> str:
    """Undo `relative_origin`, with the path that the file has now."""
    return path + relative[1:] if relative.startswith(FILE_PATH) else relative


def encode_head(
    document: Document, origin: str, path: str, sensitive: tuple[SensitiveSpan, ...]
) -> bytes:
    """Everything about a document except its text and its file's path, as JSON without what is empty.

    Args:
        document: what was read.
        origin: the document's origin, relative to its file.
        path: of the file it was read from.
        sensitive: what was found in it.
    """
    head: dict[str, object] = {
        "domain": document.domain.value,
        "origin": origin,
    }
    for name in _SIMPLE:
        value = getattr(document, name)
        if value:
            head[name] = value
    if document.recipients:
        head["recipients"] = document.recipients
    if document.date is not None:
        head["date"] = document.date.isoformat()
    if document.tags:
        head["tags"] = document.tags
    if document.properties:
        head["properties"] = document.properties
    if document.parent:
        head["parent"] = relative_origin(document.parent, path)
    if document.spans:
        head["spans"] = [(span.start, span.end, span.role.value) for span in document.spans]
    if document.turns:
        head["turns"] = [
            (turn.speaker, turn.start, turn.end, turn.at.isoformat() if turn.at else None)
            for turn in document.turns
        ]
    if sensitive:
        head["sensitive"] = [dataclasses.astuple(span) for span in sensitive]
    return to_json(head)


def decode_head(
    head: bytes | memoryview, path: str, text: str
) -> tuple[Document, tuple[SensitiveSpan, ...]]:
    """Turn a head and a text back into the document that was stored, with the path that its file has now.

    Raises:
        DocumentDamaged: the head is not what `encode_head` writes.
    """
    try:
        fields = _decoder.decode(str(head, "ascii"))
        document = Document(
            origin=absolute_origin(fields["origin"], path),
            domain=Domain(fields["domain"]),
            kind=fields.get("kind", ""),
            title=fields.get("title", ""),
            text=text,
            author=fields.get("author", ""),
            recipients=tuple(fields.get("recipients", ())),
            date=datetime.fromisoformat(fields["date"]) if "date" in fields else None,
            language=fields.get("language", ""),
            thread=fields.get("thread", ""),
            tags=tuple(fields.get("tags", ())),
            properties=tuple((name, value) for name, value in fields.get("properties", ())),
            spans=tuple(
                Span(start, end, Role(role)) for start, end, role in fields.get("spans", ())
            ),
            turns=tuple(
                Turn(speaker, start, end, datetime.fromisoformat(at) if at else None)
                for speaker, start, end, at in fields.get("turns", ())
            ),
            parent=absolute_origin(fields.get("parent", ""), path),
        )
        return document, tuple(SensitiveSpan(*span) for span in fields.get("sensitive", ()))
    except (ValueError, KeyError, TypeError):
        raise DocumentDamaged(
            "a document's head cannot be understood", "Run `personald doctor --deep`."
        ) from None


def encode_text(text: str) -> bytes:
    """UTF-8; a lone surrogate, which no encoding allows, is kept as it is so that nothing is lost."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(content: bytes | memoryview) -> str:
    """See `encode_text`."""
    return str(content, "utf-8", "surrogatepass")
