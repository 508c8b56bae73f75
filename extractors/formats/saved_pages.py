"""Pages that browsers saved whole: Safari's `.webarchive` and MHTML."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError

from extractors.document import Domain
from extractors.files import read_whole
from extractors.formats import html, mime
from extractors.formats.plain import title_of
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Item

MAX_BYTES = 256 * MEBI


def extract_webarchive(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the main resource of a web archive, a property list."""
    try:
        resource = plistlib.loads(read_whole(path, MAX_BYTES))["WebMainResource"]
        data, declared = (
            resource["WebResourceData"],
            str(resource.get("WebResourceTextEncodingName", "")),
        )
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise CannotRead("it is no web archive that can be read") from error
    if not isinstance(data, bytes):
        raise CannotRead("it is no web archive that can be read")
    yield from html.page(
        html.decode(data, declared),
        origin,
        title_of(path),
        options.domain or Domain.FILES,
        "webarchive",
    )


def extract_mhtml(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the first page of an MHTML file, which is mail without a receiver (RFC 2557)."""
    message = mime.parse(read_whole(path, MAX_BYTES))
    for part in mime.leaves(message, options.max_parts):
        if part.type in ("text/html", "application/xhtml+xml"):
            source = html.decode(mime.payload(part.message), mime.declared_charset(part.message))
            title = mime.header(message, "Subject") or title_of(path)
            yield from html.page(source, origin, title, options.domain or Domain.FILES, "mhtml")
            return
    raise CannotRead("it holds no page")
