"""Word and PowerPoint files of before 2007 (.doc, .ppt).

No kept library with a permissive licence reads them, so the text alone is taken out here, by the published formats:
MS-DOC 2.4.1 (the piece table) and MS-PPT 2.9 (text atoms); of Word 6 and 95, which keep it in one stretch, by the bounds
in their header. olefile opens the compound file, and the files inside of it become documents of their own.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from extractors import charset
from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats import embedded
from extractors.formats.plain import title_of
from extractors.normalise import clean, one_line
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

if TYPE_CHECKING:
    from olefile import OleFileIO

MAX_STREAM = 128 * MEBI
_ENCRYPTED, _WHICH_TABLE = 0x0100, 0x0200  # FibBase flags (MS-DOC 2.5.2)
_WORD_6 = 0xA5DC  # wIdent of Word 6 and 95; 97 and later write 0xA5EC
_TEXT_BOUNDS = 0x0018  # fcMin and fcMac
_CLX_OFFSET = 0x01A2  # fcClx in FibRgFcLcb97
_COMPRESSED = 0x40000000  # FcCompressed.fCompressed: one byte for each character (2.9.73)
_TEXT_CHARS, _TEXT_BYTES, _MASTER, _NOTES_MASTER, _HANDOUT = 4000, 4008, 1016, 1040, 4041
_PPT_ENCRYPTION = "EncryptedSummary"
MAX_PIECES = 200_000
MAX_DEPTH = 50
_FIELD_CODE = re.compile("\x13[^\x13\x14\x15]*(?:\x14|(?=\x15))")


def extract_word(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a .doc file as one document."""
    with open_regular(path):
        pass
    yield from _document(path, origin, options, "doc", "WordDocument")


def extract_slides(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a .ppt file as one document."""
    with open_regular(path):
        pass
    yield from _document(path, origin, options, "ppt", "PowerPoint Document")


def _document(path: Path, origin: str, options: Options, kind: str, stream: str) -> Iterator[Item]:
    from olefile import OleFileIO

    try:
        with OleFileIO(str(path)) as compound:
            if not compound.exists(stream):
                raise CannotRead("it holds no text that can be found")
            title, author, codec = _properties(compound, options)
            text = (
                _word_text(compound, codec)
                if kind == "doc"
                else _slide_text(_stream(compound, stream))
            )
    except (OSError, struct.error, IndexError, ValueError, TypeError, AttributeError) as error:
        raise CannotRead("it is damaged or cut off") from error
    text = clean(text).strip("\n")
    if text.strip():
        named = (("Title", title), ("Author", author))
        yield Document(
            origin=origin,
            domain=options.domain or Domain.FILES,
            kind=kind,
            title=title or title_of(path),
            text=text,
            author=author,
            properties=tuple((name, value) for name, value in named if value),
        )
    else:
        yield Skip("no text")
    with OleFileIO(str(path)) as compound:
        yield from embedded.in_compound(compound, origin, options)


def _properties(compound: OleFileIO, options: Options) -> tuple[str, str, str]:
    """Return title, author and the codec of the file's 8-bit text, "" for each that is not known.

    The library counts through a damaged list of properties for minutes; the second attempt at a file goes without.
    """
    if options.reduced:
        return "", "", ""
    known = compound.get_metadata()
    codec = f"cp{known.codepage}" if known.codepage else ""
    return _property(known.title, codec), _property(known.author, codec), codec


def _word_text(compound: OleFileIO, codec: str) -> str:
    main = _stream(compound, "WordDocument")
    (flags,) = struct.unpack_from("<H", main, 0x0A)
    if flags & _ENCRYPTED:
        raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED)
    (mark,) = struct.unpack_from("<H", main)
    if mark == _WORD_6:
        first, last = struct.unpack_from("<II", main, _TEXT_BOUNDS)
        pieces = charset.decode(main[first:last], codec or "cp1252")
    else:
        table = _stream(compound, "1Table" if flags & _WHICH_TABLE else "0Table")
        offset, length = struct.unpack_from("<II", main, _CLX_OFFSET)
        pieces = "".join(_pieces(main, table[offset : offset + length]))
    # Fields: 13 code 14 result 15; cells end in 07; 0B breaks a line, 0C a page; 1E and 1F are hyphens.
    previous = ""
    while previous != pieces:
        previous, pieces = pieces, _FIELD_CODE.sub("", pieces)
    pieces = pieces.replace("\x15", "").replace("\x14", "").replace("\x1e", "-").replace("\x1f", "")
    pieces = re.sub("\x07\x07", "\n", pieces).replace("\x07", " | ")
    return pieces.replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")


def _pieces(main: bytes, clx: bytes) -> Iterator[str]:
    position = 0
    while clx[position : position + 1] == b"\x01":
        position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
    if clx[position : position + 1] != b"\x02":
        raise CannotRead("its table of pieces is damaged")
    (size,) = struct.unpack_from("<I", clx, position + 1)
    position += 5
    count = min((size - 4) // 12, MAX_PIECES)
    for index in range(count):
        first, last = struct.unpack_from("<II", clx, position + 4 * index)
        (place,) = struct.unpack_from("<I", clx, position + 4 * (count + 1) + 8 * index + 2)
        length = max(last - first, 0)
        if place & _COMPRESSED:
            start = (place & ~_COMPRESSED) // 2
            yield main[start : start + length].decode("cp1252", "replace")
        else:
            yield main[place : place + 2 * length].decode("utf-16-le", "replace")


def _slide_text(stream: bytes) -> str:
    lines: list[str] = []
    stack = [(0, len(stream), 0)]
    while stack:
        position, end, depth = stack.pop()
        while position + 8 <= end:
            version, kind, length = struct.unpack_from("<HHI", stream, position)
            start = position + 8
            position = start + length
            if kind in (_MASTER, _NOTES_MASTER, _HANDOUT):
                continue
            if version & 0x0F == 0x0F and depth < MAX_DEPTH:
                # A container: its records first, then what follows it.
                stack.append((position, end, depth))
                stack.append((start, min(position, end), depth + 1))
                break
            if kind == _TEXT_CHARS:
                lines.append(stream[start:position].decode("utf-16-le", "replace"))
            elif kind == _TEXT_BYTES:
                lines.append(stream[start:position].decode("cp1252", "replace"))
    shown = dict.fromkeys(
        line.replace("\r", "\n").replace("\x0b", "\n") for line in lines if line.strip("\r\n *")
    )
    return "\n".join(shown)


def _stream(compound: OleFileIO, name: str) -> bytes:
    if not compound.exists(name):
        raise CannotRead("a part that it needs is missing")
    data: bytes = compound.openstream(name).read(MAX_STREAM)
    return data


def _property(value: object, codec: str) -> str:
    if isinstance(value, bytes):
        value = charset.decode(value, codec)
    return one_line(str(value or "")).strip("\0")
