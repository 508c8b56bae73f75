"""Pages, Numbers and Keynote: the preview that they keep inside as a PDF, or the XML of the versions of before 2013.

Later versions keep their text as Protocol Buffers in a packing of their own, of which Apple publishes nothing; without a
preview they are named as not readable.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.formats import xml
from extractors.formats.attachments import attached_documents
from extractors.formats.packages import Package, open_package
from extractors.formats.plain import title_of
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

MAX_XML = 256 * MEBI
_PREVIEW = "QuickLook/Preview.pdf"
_INDEXES = ("index.xml", "index.apxl", "index.xml.gz", "index.apxl.gz")
_KINDS = {".pages": "pages", ".numbers": "numbers", ".key": "keynote"}
# Texts of templates: what placeholders say, and master slides.
_SKIPPED = frozenset(
    "stylesheet theme theme-list master-slides prototypes section-prototypes prompts metadata".split()
)


class _Text:
    """Gathers paragraphs, and the texts of cells, which stand in an attribute."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._open: list[list[str]] = []
        self._skipping = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
        elif name == "p":
            self._open.append([])
        elif name in ("br", "lnbr", "crbr") and self._open:
            self._open[-1].append("\n")
        elif name == "tab" and self._open:
            self._open[-1].append("\t")
        elif name == "ct" and attributes.get("s"):
            self.lines.append(attributes["s"])

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
        elif name == "p" and self._open:
            self.lines.append("".join(self._open.pop()))

    def data(self, text: str) -> None:
        if self._open and not self._skipping:
            self._open[-1].append(text)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a document of iWork: its preview, which lies inside as a file of its own, or its text."""
    with open_package(path, options) as package:
        if _PREVIEW in package:
            name = f"{path.stem}.pdf"
            yield from attached_documents(
                package.read(_PREVIEW), name, origin, options, bound=False
            )
            return
        composer = Composer()
        composer.add("\n".join(_lines(package)))
    if composer.empty:
        yield Skip("no text")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind=_KINDS.get(path.suffix.lower(), "pages"),
        title=title_of(path),
        text=composer.text(),
    )


def _lines(package: Package) -> list[str]:
    index = next((name for name in _INDEXES if name in package), "")
    if not index:
        raise CannotRead(
            "Pages, Numbers and Keynote are read by the preview inside, and it has none; export it as PDF or for Word",
            FailureKind.UNREADABLE,
        )
    data = package.read(index)
    if index.endswith(".gz"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(MAX_XML)
        except (OSError, EOFError, zlib.error) as error:
            raise CannotRead("one of its parts is damaged") from error
    if not data.lstrip().startswith(b"<"):
        raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED)
    text = _Text()
    xml.parse(data, text)
    return text.lines
