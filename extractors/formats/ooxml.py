"""What all of Office's packages share (OOXML): paragraphs, relationships, properties, comments and who wrote them.

Element names follow ECMA-376, parts 1 and 2; comments of the newer kind follow MS-PPTX, 2.6 and MS-XLSX, 2.6.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Mapping

from extractors.formats import xml
from extractors.formats.packages import Package
from extractors.normalise import one_line

_SKIPPED = frozenset(
    # Fallbacks repeat their choices; deleted and moved text is no longer there; the rest is no text.
    "Fallback del moveFrom delText instrText delInstrText rt pPrChange rPrChange posOffset".split()
)


class Paragraphs:
    """Gathers the text of paragraphs; rows of tables become one line each.

    Both formats name paragraphs `p`, text `t`, rows `tr`, cells `tc`. Text boxes hold paragraphs inside a paragraph:
    each level writes its own line.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.title = ""
        self._open: list[list[str]] = []
        self._marks: list[str] = []
        self._cells: list[list[str]] = []
        self._rows: list[list[str]] = []
        self._skipping = 0
        self._text = False
        self._title_shape = False
        self._field = False
        self._label = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
            return
        match name:
            case "p":
                self._open.append([])
                self._marks.append("")
            case "t":
                self._text = not self._field
            case "tab" | "ptab":
                self._add("\t")
            case "br" | "cr":
                self._add("\n")
            case "noBreakHyphen":
                self._add("-")
            case "sym":
                self._add(_symbol(attributes.get("char", "")))
            case "numPr" | "buChar" | "buAutoNum":
                self._mark("- ")
            case "numId" if attributes.get("val") == "0":
                self._mark("")
            case "tr":
                self._rows.append([])
            case "tc":
                self._cells.append([])
            case "ph":
                self._title_shape = attributes.get("type") in ("title", "ctrTitle")
            case "sp":
                self._title_shape = False
            case "docPr" | "cNvPr" if _describes(attributes.get("descr", "")):
                self._picture(one_line(attributes["descr"], 1000))
            case "comment" if attributes.get("author"):
                self._label = f"{one_line(attributes['author'])}: "
            case "fld":
                # The number of a slide is no text of its author.
                self._field = attributes.get("type") == "slidenum"

    def end(self, name: str) -> None:
        """Close an element."""
        if self._skipping:
            self._skipping -= 1
            return
        match name:
            case "p" if self._open:
                self._line("".join(self._open.pop()), self._marks.pop())
            case "t":
                self._text = False
            case "fld":
                self._field = False
            case "tc" if self._cells:
                cell = " ".join(" ".join(self._cells.pop()).split())
                if self._rows:
                    self._rows[-1].append(cell)
            case "tr" if self._rows:
                row = self._rows.pop()
                if any(row):
                    self._line(" | ".join(row), "")
            case "tbl":
                self._line("", "")

    def data(self, text: str) -> None:
        """Take text that stands in a text element."""
        if self._text and not self._skipping:
            self._add(text)

    def _picture(self, description: str) -> None:
        """Write what a picture shows, in the words that its author gave for those who do not see it."""
        if self._open:
            self._open[-1].append(f"[{description}]")
        else:
            self._line(f"[{description}]", "")

    def _add(self, text: str) -> None:
        if self._open and not self._skipping:
            self._open[-1].append(text)

    def _mark(self, mark: str) -> None:
        if self._marks:
            self._marks[-1] = mark

    def _line(self, line: str, mark: str) -> None:
        if self._label and line.strip():
            line, self._label = self._label + line, ""
        if self._title_shape and not self.title:
            self.title = one_line(line)
        if self._cells:
            self._cells[-1].append(line)
        else:
            self.lines.append(mark + line if line.strip() else "")


def _describes(description: str) -> bool:
    """Tell a description from the name of a file, and from what Office makes up by itself."""
    return (
        " " in description.strip()
        and not re.search(
            r"\.(?:png|jpe?g|gif|emf|wmf|bmp|tiff?|svg)\s*$", description, re.IGNORECASE
        )
        and not re.search(
            r"automatically generated|automatisch generiert", description, re.IGNORECASE
        )
    )


class _Chart:
    """Reads a chart: its titles, and of each series its name and the pairs of category and value."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.series: list[dict[str, list[str]]] = []
        self._part = ""
        self._text: list[str] | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "ser":
            self.series.append({})
        elif name in ("tx", "cat", "val", "xVal", "yVal") and self.series:
            self._part = name
        self._text = [] if name in ("v", "t") else self._text

    def end(self, name: str) -> None:
        if name in ("v", "t") and self._text is not None:
            words, self._text = "".join(self._text).strip(), None
            if name == "t" and words:
                self.titles.append(words)
            elif words and self.series:
                self.series[-1].setdefault(self._part, []).append(words)

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)


def chart_lines(package: Package, part: str) -> list[str]:
    """Return a chart as lines: its titles, then for each series "name: category value, …"."""
    chart = _Chart()
    xml.parse(package.read(part), chart, lenient=True)
    lines = list(dict.fromkeys(chart.titles))
    for series in chart.series:
        names = series.get("cat") or series.get("xVal") or []
        values = series.get("val") or series.get("yVal") or []
        pairs = itertools.zip_longest(names, values[: len(names) or None], fillvalue="")
        told = ", ".join(f"{name} {value}".strip() for name, value in pairs)
        lines.append(": ".join(filter(None, (" ".join(series.get("tx", ())), told))))
    return [line for line in lines if line]


def paragraphs(package: Package, part: str) -> Paragraphs:
    """Read the paragraphs of a part. Raises CannotRead."""
    found = Paragraphs()
    xml.parse(package.read(part), found)
    return found


def core_properties(package: Package, part: str = "docProps/core.xml") -> dict[str, str]:
    """Return a package's title, creator and dates (ECMA-376 part 2, 11), {} where it has none."""
    fields = xml.Fields()
    if part in package:
        xml.parse(package.read(part), fields, lenient=True)
    return fields.values


class _Relations:
    """Reads a part's relationships: (identifier, type's last word, target)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rsplit("/", 1)[-1]
            self.found.append((attributes.get("Id", ""), kind, attributes.get("Target", "")))

    def end(self, name: str) -> None: ...

    def data(self, text: str) -> None: ...


def relations(package: Package, part: str) -> list[tuple[str, str, str]]:
    """Return a part's relationships to others: identifier, kind (the type's last word) and the other part's name.

    Args:
        package: the package.
        part: the part's name, "" for the package itself.
    """
    folder, name = posixpath.split(part)
    listed = posixpath.join(folder, "_rels", f"{name}.rels")
    if listed not in package:
        return []
    found = _Relations()
    xml.parse(package.read(listed), found, lenient=True)
    return [
        (
            identifier,
            kind,
            place.lstrip("/")
            if place.startswith("/")
            else posixpath.normpath(posixpath.join(folder, place)),
        )
        for identifier, kind, place in found.found
    ]


def target(package: Package, part: str, kind: str) -> str:
    """Return the first part that a part has a relationship of that kind to, "" when there is none."""
    return next(iter(related(package, part, kind)), "")


def related(package: Package, part: str, kind: str = "") -> list[str]:
    """Return the parts that a part has a relationship to, of one kind or of all."""
    return [
        other
        for _, found, other in relations(package, part)
        if kind in ("", found) and other in package
    ]


class _People:
    """Reads who wrote comments: `id` and `name` or `displayName`."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        shown = one_line(attributes.get("displayName") or attributes.get("name", ""))
        if name in ("cmAuthor", "author", "person") and shown:
            self.names[attributes.get("id", "")] = shown

    def end(self, name: str) -> None: ...

    def data(self, text: str) -> None: ...


class _CommentText:
    """Reads comments of slides and sheets, old and new: `text` or `t` inside `cm`, `comment` and the like."""

    def __init__(self, people: Mapping[str, str]) -> None:
        self.comments: list[tuple[str, str]] = []
        self._people = people
        self._listed: list[str] = []
        self._element = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("cm", "comment", "threadedComment", "reply"):
            key = attributes.get("authorId") or attributes.get("personId") or ""
            self.comments.append((self._author(key), ""))
        elif name == "author":
            self._listed.append("")
        self._element = name

    def end(self, name: str) -> None:
        self._element = ""

    def data(self, text: str) -> None:
        if self._element == "author" and self._listed:
            self._listed[-1] += text
        elif self._element in ("text", "t") and self.comments:
            author, words = self.comments[-1]
            self.comments[-1] = (author, words + text)

    def _author(self, key: str) -> str:
        # Sheets list their authors in the same part and count them from 0.
        if key.isdigit() and int(key) < len(self._listed):
            return one_line(self._listed[int(key)])
        return self._people.get(key, "")


def people(package: Package) -> dict[str, str]:
    """Return identifier → name of those who commented on slides and sheets."""
    found = _People()
    for part in (
        "ppt/commentAuthors.xml",
        "ppt/authors.xml",
        *package.names("xl/persons/", ".xml"),
    ):
        if part in package:
            xml.parse(package.read(part), found, lenient=True)
    return found.names


def comment_lines(package: Package, part: str, names: Mapping[str, str]) -> list[str]:
    """Return the comments of a part, one line each, with the names of `people`."""
    found = _CommentText(names)
    xml.parse(package.read(part), found, lenient=True)
    return [
        f"Comment by {author}: {words.strip()}" if author else f"Comment: {words.strip()}"
        for author, words in found.comments
        # Sheets repeat a thread as one old comment with words to programs that know no threads.
        if words.strip() and not words.startswith("[Threaded comment]")
    ]


def _symbol(code: str) -> str:
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    # Symbol fonts live in the private use area; a bullet says as much as can be said.
    return "•" if 0xE000 <= number <= 0xF8FF or number > 0x10FFFF else chr(number)
