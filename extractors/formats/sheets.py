"""Spreadsheets (xlsx, xlsm, xlsb, xls) and tables in text (csv, tsv): one line for each row.

Excel's formats are read by calamine (recall .98 at a fifteenth of openpyxl's time). A sheet of few cells far apart
makes it ask for all the cells between and abort, so sheets are measured first; in the second attempt a file is read
cell by cell with expat, with values as they are stored.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain, Role
from extractors.files import read_head
from extractors.formats import embedded, xml
from extractors.formats.ooxml import chart_lines, comment_lines, core_properties, paragraphs, people
from extractors.formats.packages import Package, open_package
from extractors.formats.plain import read_text, title_of
from extractors.normalise import one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

# Cells in the rectangle that a sheet spans: 20 million take calamine about 650 MB.
MAX_SPAN = 20_000_000
MAX_SHARED_STRINGS = 256 * MEBI
_MARGIN = re.compile(
    rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)(?: [^<>]{0,100})?>([^<]{1,4000})<"
)
# Codes of headers and footers: sides, fonts, sizes, colours, numbers of pages (ECMA-376 part 1, 18.3.1.46).
_MARGIN_CODE = re.compile(r"&(?:[LCRPNDTZFAGSUXYEBIOH+\-]|\"[^\"]*\"|\d{1,3}|K[0-9A-F]{6})")
_REFERENCE = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a workbook: its sheets, text boxes, comments, headers and footers; then the files inside of it."""
    composer = Composer()
    known: dict[str, str] = {}
    beside: list[str] = []
    margins: list[str] = []
    if read_head(path, 4).startswith(b"PK"):
        with open_package(path, options) as package:
            known = core_properties(package)
            beside = _beside(package)
            if options.reduced:
                _lay(composer, _cells(package), options)
            else:
                margins = _measured(package)
                try:
                    _lay(composer, _calamine(path), options)
                except CannotRead as refusal:
                    if refusal.kind is not FailureKind.DAMAGED or not package.names(
                        "xl/worksheets/", ".xml"
                    ):
                        raise
                    # What the library refuses can often be read cell by cell.
                    composer = Composer()
                    _lay(composer, _cells(package), options)
    else:
        _lay(composer, _calamine(path), options)
    composer.add("\n".join(beside), gap="\n\n")
    composer.add("\n".join(margins), Role.BOILERPLATE, gap="\n\n")
    if composer.empty:
        yield Skip("no text")
    else:
        yield _workbook(composer, known, path, origin, options)
    yield from _inside(path, origin, options)


def _workbook(
    composer: Composer, known: Mapping[str, str], path: Path, origin: str, options: Options
) -> Document:
    title, author = one_line(known.get("title", "")), one_line(known.get("creator", ""))
    named = (("Title", title), ("Author", author), ("Created", known.get("created", "")[:10]))
    return Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind=path.suffix.lower().lstrip(".") or "xlsx",
        title=title or title_of(path),
        text=composer.text(),
        author=author,
        date=parse_date(known.get("created", "")),
        properties=tuple((name, value) for name, value in named if value),
        spans=composer.spans(),
    )


def _inside(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the files inside of a workbook, old or new, as documents of their own."""
    if options.reduced:
        return
    if read_head(path, 4).startswith(b"PK"):
        with open_package(path, options) as package:
            yield from embedded.in_package(package, "xl/embeddings/", origin, options)
        return
    from olefile import OleFileIO

    with OleFileIO(str(path)) as compound:
        yield from embedded.in_compound(compound, origin, options)


def _lay(
    composer: Composer,
    sheets: Iterable[tuple[str, Sequence[Sequence[object]]]],
    options: Options,
) -> None:
    for name, rows in sheets:
        lines = [line for line in map(_row, rows) if line]
        if lines:
            composer.add("\n".join([name, *lines]) if name else "\n".join(lines), gap="\n\n")
        if composer.length > options.max_text_characters:
            raise CannotRead(
                "it holds more text than is kept of one document", FailureKind.TOO_LARGE
            )


def _beside(package: Package) -> list[str]:
    """Return the lines of text boxes, charts and comments."""
    lines: list[str] = []
    names = people(package)
    for prefix in ("xl/drawings/drawing", "xl/diagrams/data"):
        for part in package.names(prefix, ".xml"):
            lines += [line for line in paragraphs(package, part).lines if line.strip()]
    for part in package.names("xl/charts/chart", ".xml"):
        lines += chart_lines(package, part)
    for part in [
        *package.names("xl/comments", ".xml"),
        *package.names("xl/threadedcomments/", ".xml"),
    ]:
        lines += comment_lines(package, part, names)
    return lines


def extract_separated(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a table in text; the separator is the one that splits its first lines most evenly."""
    text = read_text(path, options)
    if not text.strip():
        yield Skip("empty")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="csv",
        title=title_of(path),
        text="\n".join(separated_lines(text)),
    )


def separated_lines(text: str) -> list[str]:
    """Return the rows of a table in text, cells joined by " | "."""
    first = text[:20_000].split("\n")[:20]
    separator = max(
        "\t;,|",
        key=lambda sign: (
            min((line.count(sign) for line in first if line), default=0),
            sum(line.count(sign) for line in first),
        ),
    )
    csv.field_size_limit(MEBI)
    try:
        rows = [
            [one_line(cell, 2000) for cell in row]
            for row in csv.reader(io.StringIO(text), delimiter=separator)
        ]
    except csv.Error:
        rows = [
            [one_line(cell, 2000) for cell in line.split(separator)] for line in text.split("\n")
        ]
    return [line for line in map(_row, rows) if line]


def _row(cells: Sequence[object]) -> str:
    shown = [_shown(cell) for cell in cells]
    while shown and not shown[-1]:
        shown.pop()
    return " | ".join(shown)


def _shown(cell: object) -> str:
    """Write a cell the way the sheet shows it: whole numbers without a point, dates as ISO dates."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.12g}"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return one_line(str(cell), 4000)


def _calamine(path: Path) -> Iterator[tuple[str, Sequence[Sequence[object]]]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            yield one_line(name), workbook.get_sheet_by_name(name).to_python(skip_empty_area=True)
    except PasswordError as error:
        raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED) from error
    except CalamineError as error:
        if "password" in str(error).lower():
            raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED) from error
        raise CannotRead("it is no workbook that can be read") from error
    except BaseException as error:
        # A panic in the library's Rust is no Exception; it leaves Python in order all the same.
        if type(error).__name__ != "PanicException":
            raise
        raise CannotRead("it is no workbook that can be read") from error


def _measured(package: Package) -> list[str]:
    """Look through the sheets once, as bytes: for the cells they span, and for headers and footers.

    Returns:
        The lines of headers and footers.

    Raises:
        CannotRead: a sheet spans more cells than are held.
    """
    margins: dict[str, None] = {}
    for part in package.names("xl/worksheets/", ".xml"):
        sheet = package.read(part)
        _check_span(sheet)
        for match in _MARGIN.finditer(sheet):
            written = html.unescape(match.group(1).decode("utf-8", "replace"))
            for line in _MARGIN_CODE.sub("\n", written).split("\n"):
                if any(map(str.isalpha, line)):
                    margins[one_line(line)] = None
    return list(margins)


def _check_span(sheet: bytes) -> None:
    rows, columns = [], []
    for match in _REFERENCE.finditer(sheet):
        rows.append(int(match.group(2)))
        columns.append(_column(match.group(1)))
    if not rows:
        return
    span = (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1)
    if span > MAX_SPAN and span > 20 * len(rows):
        raise CannotRead("its cells lie too far apart", FailureKind.MEMORY)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class _Strings:
    """Reads a workbook's shared strings."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._text = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "si":
            self.found.append("")
        self._text = name == "t"

    def end(self, name: str) -> None:
        self._text = False

    def data(self, text: str) -> None:
        if self._text and self.found:
            self.found[-1] += text


class _Sheet:
    """Reads a sheet's rows of values, empty cells left out."""

    def __init__(self, strings: list[str]) -> None:
        self.rows: list[list[object]] = []
        self._strings = strings
        self._kind = ""
        self._value = ""
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "row":
            self.rows.append([])
        elif name == "c":
            self._kind, self._value = attributes.get("t", ""), ""
        self._inside = name in ("v", "t")

    def end(self, name: str) -> None:
        self._inside = False
        if name == "c" and self._value and self.rows:
            value = self._value
            if self._kind == "s" and value.isdigit() and int(value) < len(self._strings):
                value = self._strings[int(value)]
            self.rows[-1].append(value)

    def data(self, text: str) -> None:
        if self._inside:
            self._value += text


def _cells(package: Package) -> Iterator[tuple[str, Sequence[Sequence[object]]]]:
    strings = _Strings()
    if "xl/sharedStrings.xml" in package:
        xml.parse(package.read("xl/sharedStrings.xml"), strings, lenient=True)
    for part in package.names("xl/worksheets/", ".xml"):
        sheet = _Sheet(strings.found)
        xml.parse(package.read(part), sheet, lenient=True)
        yield "", sheet.rows
