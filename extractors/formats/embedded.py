"""Files that lie inside Office files: parts of a package, and OLE objects.

Three kinds of objects carry a file as it was: `Ole10Native` (MS-OLEDS 2.3.6; name, two paths and the bytes, as OLE's packager writes
them), `CONTENTS` (what Acrobat writes) and `Package` (a whole OOXML file).
"""

from __future__ import annotations

import io
import posixpath
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from extractors import charset
from extractors.formats.attachments import attached_documents
from extractors.formats.packages import Package
from extractors.normalise import one_line
from extractors.options import MEBI, Options
from extractors.results import Item, Skip
from extractors.signatures import COMPOUND, ZIP, is_pdf

if TYPE_CHECKING:
    from olefile import OleFileIO

MAX_OBJECTS = 1000
MAX_OBJECT_BYTES = 64 * MEBI
_NATIVE, _CONTENTS, _PACKAGE = "\x01Ole10Native", "CONTENTS", "Package"
_FILES = (".docx", ".xlsx", ".pptx", ".doc", ".xls", ".ppt", ".pdf", ".odt", ".msg", ".rtf")
_SUFFIXES = ((b"word/", ".docx"), (b"ppt/", ".pptx"), (b"xl/", ".xlsx"))


def in_package(package: Package, folder: str, parent: str, options: Options) -> Iterator[Item]:
    """Read the files in a folder of an OOXML package as documents of their own, objects opened.

    Args:
        package: the open package.
        folder: where it keeps what is embedded, such as "word/embeddings/".
        parent: origin of the document that they belong to.
        options: what the format is told.
    """
    if options.reduced:
        return
    for part in package.names(folder):
        if part.lower().endswith(".bin"):
            label = posixpath.splitext(posixpath.basename(part))[0]
            yield from _in_object(package.read(part), label, parent, options)
        elif part.lower().endswith(_FILES):
            yield from attached_documents(
                package.read(part), posixpath.basename(part), parent, options
            )


def _in_object(data: bytes, label: str, parent: str, options: Options) -> Iterator[Item]:
    from olefile import OleFileIO

    if not data.startswith(COMPOUND):
        return
    try:
        compound = OleFileIO(io.BytesIO(data))
    except (OSError, ValueError, TypeError, IndexError, struct.error):
        yield Skip("damaged object")
        return
    with compound:
        yield from in_compound(compound, parent, options, label)


def in_compound(
    compound: OleFileIO, parent: str, options: Options, label: str = "object"
) -> Iterator[Item]:
    """Read the files inside of an open compound file as documents of their own.

    Args:
        compound: the file, or one of a document's objects.
        parent: origin of the document that they belong to.
        options: what the format is told.
        label: what a file without a name is called.
    """
    if options.reduced:
        return
    names = [name for name in compound.listdir() if name[-1] in (_NATIVE, _CONTENTS, _PACKAGE)]
    for name in names[:MAX_OBJECTS]:
        try:
            data: bytes = compound.openstream(name).read(MAX_OBJECT_BYTES)
        except (OSError, ValueError, TypeError, IndexError):
            yield Skip("damaged object")
            continue
        shown = label
        if name[-1] == _NATIVE:
            shown, data = _native(data, shown)
        elif is_pdf("", data[:1024]):
            shown += ".pdf"
        elif data.startswith(ZIP):
            shown += next((suffix for folder, suffix in _SUFFIXES if folder in data), ".zip")
        else:
            continue
        if data:
            yield from attached_documents(data, shown, parent, options)


def _native(data: bytes, fallback: str) -> tuple[str, bytes]:
    """Return the name and the bytes in an `Ole10Native` stream, no bytes where it is of another make."""
    position = 6
    texts: list[bytes] = []
    for _ in range(2):
        end = data.find(b"\0", position, position + 1024)
        if end < 0:
            return fallback, b""
        texts.append(data[position:end])
        position = end + 1
    # Two words, then the length of a third path, the path, and the length of the file.
    try:
        (skipped,) = struct.unpack_from("<I", data, position + 4)
        position += 8 + skipped
        (length,) = struct.unpack_from("<I", data, position)
    except struct.error:
        return fallback, b""
    name = charset.decode(texts[0] or texts[1]).replace("\\", "/").rsplit("/", 1)[-1]
    return one_line(name, 200) or fallback, data[position + 4 : position + 4 + length]
