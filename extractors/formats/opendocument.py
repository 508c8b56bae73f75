"""OpenDocument texts, spreadsheets and presentations (odt, ods, odp and their flat XML forms).

Read here with zip and expat: measured to lose less than odfpy and calamine (recall .993 and .996), and odfpy has not
been kept since 2020. Element names follow OASIS OpenDocument 1.3, part 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain, Role
from extractors.files import open_regular, read_head
from extractors.formats import xml
from extractors.formats.packages import Package, open_package
from extractors.formats.plain import title_of
from extractors.normalise import one_line, parse_date
from extractors.options import Options
from extractors.results import CannotRead, FailureKind, Item, Skip

# Sheets pad themselves with repeated empty cells up to their edge; a filled cell repeated more often is a drawing.
MAX_REPEATED = 50
_SKIPPED = frozenset(
    "tracked-changes font-face-decls automatic-styles styles master-styles forms script binary-data settings ruby-text"
    " note-citation page-number page-count sequence-decls database-display desc scripts configuration".split()
)
# Of the styles only the master pages have text.
_SKIPPED_IN_STYLES = (_SKIPPED - {"master-styles"}) | {
    "sheet-name",
    "notes",
    "time",
    "handout-master",
}
# Frames of a master page that say what to click on.
_PLACEHOLDERS = frozenset(("title", "subtitle", "outline", "notes", "page"))
_KINDS = {".ods": "ods", ".fods": "ods", ".odp": "odp", ".fodp": "odp"}


class Content:
    """Gathers the text of a document's body, or of the headers and footers in its styles.

    Args:
        skipped: elements that hold no text of the person's.
    """

    def __init__(self, skipped: frozenset[str] = _SKIPPED) -> None:
        self._skipped = skipped
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.fields: dict[str, str] = {}
        self.keywords: list[str] = []
        self.encrypted = False
        self._open: list[list[str]] = []
        self._rows: list[list[str]] = []
        self._cells: list[tuple[list[str], int]] = []
        self._items = 0
        self._bullet = ""
        self._skipping = 0
        self._note: list[str] | None = None
        self._meta: str | None = None
        self._pages = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        if self._skipping or name in self._skipped or self._prompts(name, attributes):
            self._skipping += 1
            return
        match name:
            case "p" | "h":
                self._open.append([])
            case "s":
                self._add(" " * min(_number(attributes.get("c", "1")), 100))
            case "tab":
                self._add("\t")
            case "line-break":
                self._add("\n")
            case "list-item":
                self._bullet = "- "
            case "table-row":
                self._rows.append([])
            case "table-cell" | "covered-table-cell":
                self._cells.append(([], _number(attributes.get("number-columns-repeated", "1"))))
            case "table" if attributes.get("name") and not self._cells:
                self._line("")
            case "note-body" | "annotation":
                self._note = []
            case "page":
                self._pages += 1
                self.lines += ["", f"Slide {self._pages}"]
            case (
                "title"
                | "creator"
                | "initial-creator"
                | "creation-date"
                | "date"
                | "subject"
                | "keyword"
            ):
                self._meta = name
            case "encryption-data":
                self.encrypted = True

    def end(self, name: str) -> None:
        """Close an element."""
        if self._skipping:
            self._skipping -= 1
            return
        match name:
            case "p" | "h" if self._open:
                self._line("".join(self._open.pop()))
            case "list-item":
                self._bullet = ""
            case "note-body" | "annotation" if self._note is not None:
                note, self._note = " ".join(" ".join(self._note).split()), None
                if note:
                    self.notes.append(note)
            case "table-cell" | "covered-table-cell" if self._cells:
                content, repeated = self._cells.pop()
                cell = " ".join(" ".join(content).split())
                if self._rows:
                    self._rows[-1].extend(
                        [cell] * (min(repeated, MAX_REPEATED) if cell or repeated < 20 else 1)
                    )
            case "table-row" if self._rows:
                row = self._rows.pop()
                while row and not row[-1]:
                    row.pop()
                if row:
                    self._line(" | ".join(row))
            case (
                "title"
                | "creator"
                | "initial-creator"
                | "creation-date"
                | "date"
                | "subject"
                | "keyword"
            ):
                self._meta = None

    def data(self, text: str) -> None:
        """Take text inside paragraphs and metadata."""
        if self._skipping:
            return
        if self._meta == "keyword":
            self.keywords.append(text)
        elif self._meta is not None and not self._open:
            self.fields[self._meta] = self.fields.get(self._meta, "") + text
        else:
            self._add(" ".join(text.split("\n")) if "\n" in text else text)

    def _prompts(self, name: str, attributes: Mapping[str, str]) -> bool:
        """Tell a frame of a master page that says what to click on."""
        return (
            "master-styles" not in self._skipped
            and name == "frame"
            and (
                attributes.get("placeholder") == "true" or attributes.get("class") in _PLACEHOLDERS
            )
        )

    def _add(self, text: str) -> None:
        if self._open:
            self._open[-1].append(text)

    def _line(self, line: str) -> None:
        if self._note is not None:
            self._note.append(line)
        elif self._cells:
            self._cells[-1][0].append(line)
        else:
            self.lines.append(self._bullet + line if line.strip() else "")
            self._bullet = "" if line.strip() else self._bullet


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an OpenDocument file, packed or flat."""
    content = Content()
    margins: list[str] = []
    if read_head(path, 4).startswith(b"PK"):
        with open_package(path, options) as package:
            manifest = Content()
            if "META-INF/manifest.xml" in package:
                xml.parse(package.read("META-INF/manifest.xml"), manifest, lenient=True)
            if manifest.encrypted:
                raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED)
            if "meta.xml" in package:
                xml.parse(package.read("meta.xml"), content, lenient=True)
            xml.parse(package.read("content.xml"), content)
            margins = _margins(package)
    else:
        with open_regular(path) as stream:
            xml.parse(stream, content)
    composer = Composer()
    composer.add("\n".join(content.lines))
    if content.notes:
        composer.add("\n".join(["Notes:", *content.notes]), gap="\n\n")
    composer.add("\n".join(margins), Role.BOILERPLATE, gap="\n\n")
    if composer.empty:
        yield Skip("no text")
        return
    fields = content.fields
    author = one_line(fields.get("initial-creator") or fields.get("creator", ""))
    written = fields.get("creation-date") or fields.get("date", "")
    named = (
        ("Title", one_line(fields.get("title", ""))),
        ("Author", author),
        ("Subject", one_line(fields.get("subject", ""))),
        ("Created", written[:10]),
    )
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind=_KINDS.get(path.suffix.lower(), "odt"),
        title=one_line(fields.get("title", "")) or title_of(path),
        text=composer.text(),
        author=author,
        date=parse_date(written[:19]),
        tags=tuple(one_line(word) for word in content.keywords if word.strip()),
        properties=tuple((name, value) for name, value in named if value),
        spans=composer.spans(),
    )


def _margins(package: Package) -> list[str]:
    """Return the lines of headers, footers and master pages, without those that only number pages."""
    if "styles.xml" not in package:
        return []
    styles = Content(_SKIPPED_IN_STYLES)
    xml.parse(package.read("styles.xml"), styles, lenient=True)
    lines = (one_line(line) for line in styles.lines if not line.startswith("Slide "))
    return list(dict.fromkeys(line for line in lines if _tells(line)))


def _tells(line: str) -> bool:
    """False for what is left of "Page 3 / 7" without its numbers, and of an empty field ("<header>")."""
    return any(map(str.isalpha, line)) and not re.fullmatch(r"<[^<>]+>|\w+ ?[/(]?\)?", line)


def _number(value: str) -> int:
    return int(value) if value.isdigit() and len(value) < 8 else 1
