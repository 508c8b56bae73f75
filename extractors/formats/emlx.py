"""Apple Mail's own files: a byte count, the message, a property list; attachments of partial ones lie beside.

`…/Messages/N.emlx` and `N.partial.emlx`; the parts missing in a partial one are in `…/Attachments/N/PART/`. The count can
exceed the file in partial ones, so the end of the message is found by the property list.
"""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.parsers.expat import ExpatError

from extractors.document import Document
from extractors.files import read_whole
from extractors.formats import mail
from extractors.formats.attachments import attached_documents
from extractors.options import Options
from extractors.results import CannotRead, Item, Skip

MAX_PARTS = 50
_PLIST = b"<?xml version="
# Bits of the flags number, by use (read 0, deleted 1, answered 2, junk 24), as Mail has written them since 10.4.
_DELETED, _JUNK = 1 << 1, 1 << 24


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read one message of Apple Mail, and the attachments that lie beside it."""
    message, known = split(read_whole(path, mail.MAX_MESSAGE_BYTES))
    flags = known.get("flags")
    if not options.include_bulk and (
        mail.in_spam_folder(path) or (isinstance(flags, int) and flags & (_DELETED | _JUNK))
    ):
        yield Skip("spam or deleted mail")
        return
    received = known.get("date-received")
    extra: tuple[tuple[str, str], ...] = ()
    if isinstance(received, int | float):
        extra = (("Received", datetime.fromtimestamp(received, UTC).strftime("%Y-%m-%d %H:%M")),)
    read = False
    for item in mail.documents(message, origin, options, filtered=_in_mailbox(path), extra=extra):
        read = read or isinstance(item, Document)
        yield item
    if read and not options.reduced:
        for part in _parts_beside(path):
            yield from attached_documents(
                read_whole(part, mail.MAX_ATTACHMENT_BYTES), part.name, origin, options
            )


def split(data: bytes) -> tuple[bytes, dict[str, object]]:
    """Split a file into the message and its property list.

    Raises:
        CannotRead: the first line is no byte count.
    """
    line, _, rest = data.partition(b"\n")
    if not line.strip().isdigit():
        raise CannotRead("it does not begin with a byte count")
    count = int(line)
    start = rest.find(_PLIST, count) if count <= len(rest) else -1
    if start < 0:
        start = rest.rfind(_PLIST)
        if start >= 0 and b"<plist" not in rest[start : start + 300]:
            start = -1
    if start < 0:
        return rest, {}
    try:
        known = plistlib.loads(rest[start:])
    except (plistlib.InvalidFileException, ExpatError, ValueError, KeyError, TypeError, IndexError):
        known = {}
    message = rest[: min(start, count)] if count <= len(rest) else rest[:start]
    return message, known if isinstance(known, dict) else {}


def _in_mailbox(path: Path) -> bool:
    return path.parent.name == "Messages"


def _parts_beside(path: Path) -> list[Path]:
    """Return the files that Mail keeps for a message in `Attachments`, none for a message that lies elsewhere."""
    if not _in_mailbox(path):
        return []
    folder = path.parent.parent / "Attachments" / path.name.split(".")[0]
    if not folder.is_dir() or folder.is_symlink():
        return []
    found = [
        entry for entry in sorted(folder.rglob("*")) if entry.is_file() and not entry.is_symlink()
    ]
    return found[:MAX_PARTS]
