"""FictionBook (.fb2): books in one XML file, by its schema 2.1; pictures and the description's small print are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats import xml
from extractors.formats.plain import title_of
from extractors.normalise import one_line, parse_date
from extractors.options import Options
from extractors.results import Item, Skip

_LINES = frozenset(("p", "v", "subtitle", "text-author", "td", "th"))
_NAMES = ("first-name", "middle-name", "last-name", "nickname")


class _Book:
    """Gathers the title's facts and the lines of the bodies."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.facts: dict[str, list[str]] = {}
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append(name)
        if name in ("section", "poem", "cite", "table") and self.lines:
            self.lines.append("")
        if "body" not in self._path or name in _LINES:
            self._text = []

    def end(self, name: str) -> None:
        words = " ".join("".join(self._text).split())
        if "body" in self._path:
            if name in _LINES:
                self.lines.append(words)
                self._text = []
        elif "title-info" in self._path and words:
            self.facts.setdefault(name, []).append(words)
            self._text = []
        self._path.pop()

    def data(self, text: str) -> None:
        if "binary" not in self._path:
            self._text.append(text)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a book as one document."""
    book = _Book()
    with open_regular(path) as stream:
        xml.parse(stream, book)
    composer = Composer()
    composer.add("\n".join(book.lines))
    if composer.empty:
        yield Skip("no text")
        return

    def fact(name: str) -> str:
        return one_line(next(iter(book.facts.get(name, ())), ""))

    author = one_line(" ".join(filter(None, map(fact, _NAMES))))
    named = (("Title", fact("book-title")), ("Author", author), ("Written", fact("date")))
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="fb2",
        title=fact("book-title") or title_of(path),
        text=composer.text(),
        author=author,
        date=parse_date(fact("date")),
        tags=tuple(map(one_line, book.facts.get("genre", ()))),
        properties=tuple((name, value) for name, value in named if value),
    )
