"""Apple Notes from its own database: text, check lists, tables, folders; locked and trashed notes counted, not read.

`NoteStore.sqlite` keeps each note as a gzipped message of Protocol Buffers; the field numbers are those that
apple_cloud_notes_parser (MIT) found and documents in its `notestore.proto`.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.document import Document, Domain
from extractors.formats import protobuf
from extractors.formats.databases import apple_moment, columns, open_copy, pick
from extractors.formats.plain import with_title
from extractors.normalise import clean, one_line
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

MAX_NOTE_BYTES = 32 * MEBI
MAX_TABLE_CELLS = 20_000
ATTACHMENT = "\ufffc"
_OBJECTS = "ZICCLOUDSYNCINGOBJECT"
_TABLE = "com.apple.notes.table"
# Paragraph styles: 100 dotted, 101 dashed, 102 numbered list; 103 check list.
_DOTTED, _DASHED, _NUMBERED, _CHECKLIST = 100, 101, 102, 103
_TRASH_FOLDER = 1  # ZFOLDERTYPE


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the notes of a database; a note's origin is `path#identifier`."""
    with open_copy(path, options) as connection:
        known = columns(connection, _OBJECTS)
        if "ZNOTEDATA" not in known or not columns(connection, "ZICNOTEDATA"):
            raise CannotRead("it is no database of Apple Notes that is known here")
        tables = _tables(connection, known)
        for row in connection.execute(_query(known)):
            reason = _passed(row)
            if reason:
                yield Skip(reason)
                continue
            part = f"{origin}#{row['identifier']}"
            try:
                body = note_text(unpack(row["data"]), tables)
            except (protobuf.Malformed, ValueError):
                yield Failure(
                    "the note is of a form that is not known here", FailureKind.DAMAGED, part
                )
                continue
            yield from _document(row, body, part, options)


def unpack(data: bytes) -> bytes:
    """Unpack a gzipped message within limits. Raises ValueError."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(data, MAX_NOTE_BYTES)
    except zlib.error as error:
        raise ValueError("not packed as expected") from error
    if unpacker.unconsumed_tail:
        raise ValueError("longer than is read of one note")
    return unpacked


def note_text(message: bytes, tables: Mapping[str, str]) -> str:
    """Return a note's readable text: lists with their marks, tables in the place of their attachment.

    Args:
        message: the unpacked message.
        tables: attachment identifier → the table's text.

    Raises:
        protobuf.Malformed: it is no such message.
    """
    note = protobuf.read(message).message(2, 3)
    # Runs count UTF-16 units.
    units = note.blob(2).decode("utf-8", "replace").encode("utf-16-le", "surrogatepass")
    pieces: list[str] = []
    position = 0
    at_line_start = True
    number = 0
    for run in note.messages(5):
        length = run.number(1) * 2
        text = units[position : position + length].decode("utf-16-le", "replace")
        position += length
        style = run.message(2)
        kind = style.number(1, -1)
        number = number if kind == _NUMBERED else 0
        attachment = run.message(12).text(1)
        if attachment:
            text = text.replace(ATTACHMENT, tables.get(attachment, ""))
        for line in text.splitlines(keepends=True):
            if at_line_start and line.strip():
                if kind == _NUMBERED:
                    number += 1
                pieces.append("  " * min(style.number(4), 10) + _bullet(kind, style, number))
            pieces.append(line)
            at_line_start = line.endswith("\n")
    pieces.append(units[position:].decode("utf-16-le", "replace"))
    return clean("".join(pieces).replace(ATTACHMENT, "")).strip("\n")


def table_text(message: bytes) -> str:
    """Return a table's rows, cells joined by " | ", from the unpacked mergeable data of its attachment.

    The message is a set of numbered objects. One of type ICTable names the ordered sets of its rows and columns and a
    dictionary column → (dictionary row → cell); rows and columns are known by UUIDs, of which edits may make new names
    for old ones.

    Raises:
        protobuf.Malformed: it is no such message.
    """
    data = protobuf.read(message).message(2, 3)
    objects = data.messages(3)
    keys = [key.decode("utf-8", "replace") for key in data.blobs(4)]
    types = [name.decode("utf-8", "replace") for name in data.blobs(5)]
    uuids = data.blobs(6)
    reader = _Table(objects, keys, uuids)
    for entry in objects:
        kind = entry.message(13).number(1, -1)
        if 0 <= kind < len(types) and types[kind] == "com.apple.notes.ICTable":
            return reader.text(entry)
    return ""


class _Table:
    """Resolves the references inside a table's message."""

    def __init__(
        self, objects: list[protobuf.Message], keys: list[str], uuids: list[bytes]
    ) -> None:
        self._objects = objects
        self._keys = keys
        self._places = {uuid: index for index, uuid in enumerate(uuids)}

    def text(self, root: protobuf.Message) -> str:
        parts: dict[str, protobuf.Message] = {}
        for entry in root.message(13).messages(3):
            key = entry.number(1, -1)
            if 0 <= key < len(self._keys):
                parts[self._keys[key]] = self._object(entry.message(2))
        rows = self._order(parts.get("crRows", protobuf.Message()))
        across = self._order(parts.get("crColumns", protobuf.Message()))
        height, width = max(rows.values(), default=-1) + 1, max(across.values(), default=-1) + 1
        if height * width > MAX_TABLE_CELLS:
            raise protobuf.Malformed("a table of so many cells")
        cells = [[""] * width for _ in range(height)]
        for column in parts.get("cellColumns", protobuf.Message()).message(6).messages(1):
            x = across.get(self._target(column.message(1)))
            for row in self._object(column.message(2)).message(6).messages(1):
                y = rows.get(self._target(row.message(1)))
                if x is not None and y is not None:
                    cells[y][x] = one_line(self._object(row.message(2)).message(10).text(2), 4000)
        return "\n".join(" | ".join(row).rstrip(" |") for row in cells if any(row))

    def _order(self, entry: protobuf.Message) -> dict[int, int]:
        """Return identity → place of the rows or columns of an ordered set."""
        ordering = entry.message(16, 1)
        places: dict[int, int] = {}
        for place, attachment in enumerate(ordering.message(1).messages(2)):
            places[self._places.get(attachment.blob(2), -1)] = place
        for element in ordering.message(2).messages(1):
            known = self._target(element.message(1))
            if known in places:
                places[self._target(element.message(2))] = places[known]
        places.pop(-1, None)
        return places

    def _object(self, reference: protobuf.Message) -> protobuf.Message:
        index = reference.number(6, -1)
        return self._objects[index] if 0 <= index < len(self._objects) else protobuf.Message()

    def _target(self, reference: protobuf.Message) -> int:
        """Return the identity that a reference to a row or column stands for."""
        entries = self._object(reference).message(13).messages(3)
        return entries[0].message(2).number(2, -1) if entries else -1


def _bullet(kind: int, style: protobuf.Message, number: int) -> str:
    if kind == _CHECKLIST:
        return "- [x] " if style.message(5).number(2) else "- [ ] "
    if kind in (_DOTTED, _DASHED):
        return "- "
    return f"{number}. " if kind == _NUMBERED else ""


def _query(known: frozenset[str]) -> str:
    created = pick(known, "ZCREATIONDATE3", "ZCREATIONDATE1", "ZCREATIONDATE")
    changed = pick(known, "ZMODIFICATIONDATE1", "ZMODIFICATIONDATE")
    folder_type = f"folder.{pick(known, 'ZFOLDERTYPE')}" if "ZFOLDERTYPE" in known else "NULL"
    return f"""
        SELECT note.ZIDENTIFIER AS identifier, note.{pick(known, "ZTITLE1", "ZTITLE")} AS title, data.ZDATA AS data,
               note.{created} AS created, note.{changed} AS changed,
               note.{pick(known, "ZISPASSWORDPROTECTED", "Z_PK")} AS locked,
               note.{pick(known, "ZMARKEDFORDELETION", "Z_PK")} AS deleted,
               folder.{pick(known, "ZTITLE2", "ZTITLE")} AS folder, {folder_type} AS folder_type
        FROM ZICNOTEDATA AS data
        JOIN {_OBJECTS} AS note ON note.Z_PK = data.ZNOTE
        LEFT JOIN {_OBJECTS} AS folder ON folder.Z_PK = note.{pick(known, "ZFOLDER", "Z_PK")}
        ORDER BY note.Z_PK"""


def _passed(row: sqlite3.Row) -> str:
    if row["deleted"] == 1 or row["folder_type"] == _TRASH_FOLDER:
        return "note in the trash"
    if row["locked"] == 1:
        return "locked note"
    return "" if isinstance(row["data"], bytes) else "empty note"


def _document(row: sqlite3.Row, body: str, part: str, options: Options) -> Iterator[Item]:
    title = one_line(str(row["title"] or "")) or one_line(body, 80)
    text = with_title(title, body)
    if not text:
        yield Skip("empty note")
        return
    created, changed = apple_moment(row["created"]), apple_moment(row["changed"])
    folder = one_line(str(row["folder"] or ""))
    named = (
        ("Title", title),
        ("Folder", folder),
        ("Created", f"{created:%Y-%m-%d %H:%M}" if created else ""),
        ("Changed", f"{changed:%Y-%m-%d %H:%M}" if changed else ""),
    )
    yield Document(
        origin=part,
        domain=options.domain or Domain.NOTES,
        kind="apple-note",
        title=title,
        text=text,
        date=created or changed,
        tags=(folder,) if folder else (),
        properties=tuple((name, value) for name, value in named if value),
    )


def _tables(connection: sqlite3.Connection, known: frozenset[str]) -> dict[str, str]:
    data = pick(known, "ZMERGEABLEDATA1", "ZMERGEABLEDATA")
    if data == "NULL" or "ZTYPEUTI" not in known:
        return {}
    found: dict[str, str] = {}
    for row in connection.execute(
        f"SELECT ZIDENTIFIER AS identifier, {data} AS data FROM {_OBJECTS} WHERE ZTYPEUTI = ? AND {data} IS NOT NULL",
        (_TABLE,),
    ):
        try:
            found[str(row["identifier"])] = table_text(unpack(row["data"]))
        except (protobuf.Malformed, ValueError, TypeError):
            # The note is readable without its table; the place stays empty.
            found[str(row["identifier"])] = ""
    return found
