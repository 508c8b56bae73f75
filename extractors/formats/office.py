"""Word and PowerPoint files (OOXML): text by paragraphs, lists and tables; notes, comments and text boxes kept.

Read here with zip and expat: it was measured to lose less text than python-docx and python-pptx (recall .956 and .993
against .843 and .956), is ten times faster, and is bounded by design. Element names follow ECMA-376, parts 1 and 3.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors import charset
from extractors.compose import Composer
from extractors.document import Document, Domain, Role
from extractors.formats import embedded, html, mime, ooxml, rtf, xml
from extractors.formats.packages import Package, open_package
from extractors.formats.plain import title_of
from extractors.normalise import one_line, parse_date
from extractors.options import Options
from extractors.results import CannotRead, Item, Skip


def extract_word(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a Word file: body, footnotes, endnotes and comments; headers and footers set apart."""
    with open_package(path, options) as package:
        main = ooxml.target(package, "", "officeDocument") or "word/document.xml"
        composer = Composer()
        composer.add("\n".join(ooxml.paragraphs(package, main).lines))
        folder = posixpath.dirname(main)
        for kind, heading in (
            ("footnotes", "Footnotes"),
            ("endnotes", "Endnotes"),
            ("comments", "Comments"),
        ):
            part = f"{folder}/{kind}.xml"
            lines = _filled(ooxml.paragraphs(package, part).lines) if part in package else []
            if lines:
                composer.add("\n".join([f"{heading}:", *lines]), gap="\n\n")
        seen: set[str] = set()
        for part in [
            *package.names(f"{folder}/header", ".xml"),
            *package.names(f"{folder}/footer", ".xml"),
        ]:
            text = "\n".join(_filled(ooxml.paragraphs(package, part).lines))
            if text not in seen:
                seen.add(text)
                composer.add(text, Role.BOILERPLATE, gap="\n\n")
        for part in ooxml.related(package, main, "aFChunk"):
            composer.add(_chunk(package.read(part), part), gap="\n\n")
        for part in package.names(f"{folder}/charts/chart", ".xml"):
            composer.add("\n".join(ooxml.chart_lines(package, part)), gap="\n\n")
        yield from _finished(composer, package, path, origin, options, "docx", "")
        yield from embedded.in_package(package, f"{folder}/embeddings/", origin, options)


def extract_slides(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a PowerPoint file: slides in their order, each with its diagrams, notes and comments."""
    with open_package(path, options) as package:
        composer = Composer()
        first_title = ""
        names = ooxml.people(package)
        for number, slide in enumerate(_slides(package), start=1):
            content = ooxml.paragraphs(package, slide)
            first_title = first_title or content.title
            lines = [f"Slide {number}", *content.lines]
            for part in ooxml.related(package, slide):
                name = posixpath.basename(part).lower()
                if name.startswith("data") and "diagram" in part.lower():
                    lines += _filled(ooxml.paragraphs(package, part).lines)
                elif "/charts/chart" in part:
                    lines += ooxml.chart_lines(package, part)
                elif name.startswith("notesslide"):
                    notes = _filled(ooxml.paragraphs(package, part).lines)
                    lines += ["Notes:", *notes] if notes else []
                elif "comment" in part.lower():
                    lines += ooxml.comment_lines(package, part, names)
            composer.add("\n".join(lines), gap="\n\n")
        yield from _finished(composer, package, path, origin, options, "pptx", first_title)
        yield from embedded.in_package(package, "ppt/embeddings/", origin, options)


def _finished(
    composer: Composer,
    package: Package,
    path: Path,
    origin: str,
    options: Options,
    kind: str,
    heading: str,
) -> Iterator[Item]:
    if composer.empty:
        yield Skip("no text")
        return
    known = ooxml.core_properties(package)
    title = one_line(known.get("title", ""))
    author = one_line(known.get("creator", ""))
    written = parse_date(known.get("created", ""))
    named = (
        ("Title", title),
        ("Author", author),
        ("Last changed by", one_line(known.get("lastModifiedBy", ""))),
        ("Subject", one_line(known.get("subject", ""))),
        ("Created", known.get("created", "")[:10]),
        ("Keywords", one_line(known.get("keywords", ""))),
    )
    words = re.split(r"[;,]", known.get("keywords", ""))
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind=kind,
        title=title if _telling(title) else heading or title_of(path),
        text=composer.text(),
        author=author,
        date=written,
        tags=tuple(dict.fromkeys(one_line(word) for word in words if word.strip())),
        properties=tuple((name, value) for name, value in named if value),
        spans=composer.spans(),
    )


def _telling(title: str) -> bool:
    """Tell a title from what templates leave behind ("PowerPoint Presentation", "Document1")."""
    return len(title) > 2 and not re.fullmatch(
        r"(?i)(?:powerpoint[- ]?(?:presentation|präsentation)|(?:microsoft )?word.*|untitled.*|document ?\d*|slide ?\d*|title|no slide title|présentation powerpoint)",
        title,
    )


def _chunk(data: bytes, part: str) -> str:
    """Return the text of a page that Word keeps inside a document as it came (ECMA-376 part 1, 11.3.1)."""
    name = part.lower()
    if name.endswith((".mht", ".mhtml")) or data[:100].lower().startswith(
        (b"mime-version", b"from:")
    ):
        message = mime.parse(data)
        pages = (leaf.message for leaf in mime.leaves(message, 1000) if leaf.type == "text/html")
        return "\n\n".join(
            html.to_text(html.decode(mime.payload(page), mime.declared_charset(page)))
            for page in pages
        )
    if name.endswith(".txt"):
        return charset.decode(data)
    if data.startswith(b"{\\rtf"):
        return rtf.to_text(data.decode("latin-1"))
    return html.to_text(html.decode(data)) if b"<" in data[:1000] else ""


def _filled(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip()]


class _SlideList:
    """Reads the order of slides out of a presentation's main part."""

    def __init__(self) -> None:
        self.identifiers: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        # Both the slide's number and its relationship are called "id"; without namespaces the last one stays, and
        # relationships are no numbers.
        if name == "sldId":
            self.identifiers.append(attributes.get("id", ""))

    def end(self, name: str) -> None: ...

    def data(self, text: str) -> None: ...


def _slides(package: Package) -> list[str]:
    """Return the slides' parts in the order of the presentation; by their numbers where that cannot be told."""
    main = ooxml.target(package, "", "officeDocument") or "ppt/presentation.xml"
    by_identifier = {
        identifier: target
        for identifier, kind, target in ooxml.relations(package, main)
        if kind == "slide"
    }
    listed = _SlideList()
    if main in package:
        xml.parse(package.read(main), listed, lenient=True)
    slides = [
        by_identifier[identifier]
        for identifier in listed.identifiers
        if identifier in by_identifier
    ]
    slides = [slide for slide in slides if slide in package]
    if not slides:
        numbered = package.names("ppt/slides/slide", ".xml")
        slides = sorted(numbered, key=lambda name: int(re.sub(r"\D", "", name) or 0))
    if not slides and main not in package:
        raise CannotRead("it holds no slides")
    return slides
