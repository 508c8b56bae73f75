"""Books (EPUB 2 and 3): the chapters in the order of the spine, title and author from the package."""

from __future__ import annotations

import posixpath
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.formats import html, xml
from extractors.formats.packages import Package, open_package
from extractors.formats.plain import title_of
from extractors.normalise import one_line, parse_date
from extractors.options import Options
from extractors.results import CannotRead, FailureKind, Item, Skip

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/rights.xml"


class _PackageFile:
    """Reads a package document (EPUB 3.3, 5): manifest, spine and the Dublin Core of the book."""

    def __init__(self) -> None:
        self.items: dict[str, str] = {}
        self.spine: list[str] = []
        self.known: dict[str, list[str]] = {}
        self.root = ""
        self._name = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "item":
            self.items[attributes.get("id", "")] = attributes.get("href", "")
        elif name == "itemref":
            self.spine.append(attributes.get("idref", ""))
        elif name == "rootfile" and not self.root:
            self.root = attributes.get("full-path", "")
        self._name = name
        if name in ("title", "creator", "date", "language", "subject", "publisher"):
            self.known.setdefault(name, []).append("")

    def end(self, name: str) -> None:
        self._name = ""

    def data(self, text: str) -> None:
        if self._name in self.known:
            self.known[self._name][-1] += text


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a book as one document."""
    with open_package(path, options) as package:
        book = _PackageFile()
        if _CONTAINER in package:
            xml.parse(package.read(_CONTAINER), book, lenient=True)
        if _ENCRYPTION in package:
            raise CannotRead("it is protected by rights management", FailureKind.ENCRYPTED)
        if book.root in package:
            xml.parse(package.read(book.root), book, lenient=True)
        composer = Composer()
        for part in _chapters(package, book):
            composer.add(html.to_text(html.decode(package.read(part))), gap="\n\n")
            if composer.length > options.max_text_characters:
                break
    if composer.empty:
        yield Skip("no text")
        return
    title = _first(book, "title")
    authors = ", ".join(one_line(name) for name in book.known.get("creator", ()) if name.strip())
    published = _first(book, "date")
    named = (
        ("Title", title),
        ("Author", authors),
        ("Publisher", _first(book, "publisher")),
        ("Published", published[:10]),
        ("Description", html.to_text(next(iter(book.known.get("description", ())), ""))),
    )
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="epub",
        title=title or title_of(path),
        text=composer.text(),
        author=authors,
        date=parse_date(published),
        language=_first(book, "language").split("-")[0].lower()[:3],
        tags=tuple(one_line(word) for word in book.known.get("subject", ()) if word.strip()),
        properties=tuple((name, one_line(value, 2000)) for name, value in named if value),
    )


def _chapters(package: Package, book: _PackageFile) -> list[str]:
    folder = posixpath.dirname(book.root)
    parts: dict[str, None] = {}
    for identifier in book.spine:
        target = urllib.parse.unquote(book.items.get(identifier, "").partition("#")[0])
        part = posixpath.normpath(posixpath.join(folder, target))
        if target and part in package:
            parts[part] = None
    if parts:
        return list(parts)
    return sorted(name for end in (".xhtml", ".html", ".htm") for name in package.names(suffix=end))


def _first(book: _PackageFile, name: str) -> str:
    return one_line(next(iter(book.known.get(name, ())), ""))
