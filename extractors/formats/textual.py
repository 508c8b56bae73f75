"""What is text in its file but not prose: source code, LaTeX, JSON, subtitles, logs."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain, Role, Span
from extractors.formats.plain import read_text, title_of
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, FailureKind, Item, Skip

# Longer machine-made texts have nothing of a person in them.
MAX_CODE_CHARACTERS = 2_000_000
MAX_LINES_OF_DATA = 50_000
_TIMING = re.compile(
    r"(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->.*|\{\d+\}\{\d+\}|\d{1,2}:\d{2}:\d{2}[.:]\d{2},.*",
    re.ASCII,
)
_MARKUP = re.compile(r"<[^<>]{1,100}>|\{\\[^{}]{1,200}\}")
_ASS_LINE = re.compile(r"Dialogue:\s*(?:[^,\n]*,){9}(.*)")
_TEX_COMMENT = re.compile(r"(?<!\\)%.*")
_TEX_FIELD = r"\\{name}\s*(?:\[[^\]]*\])?\s*\{{([^{{}}]*(?:\{{[^{{}}]*\}}[^{{}}]*)*)\}}"
_TEX_COMMAND = re.compile(r"\\[a-zA-Z]+\*?\s*|[{}~]")


def extract_code(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read source code as it stands, all of it marked as code."""
    text = read_text(path, options)
    if not text.strip():
        yield Skip("empty")
        return
    if len(text) > MAX_CODE_CHARACTERS or max(map(len, text.split("\n", 200)[:200])) > 5000:
        yield Skip("code written by a program")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="code",
        title=one_line(path.name),
        text=text,
        spans=(Span(0, len(text), Role.CODE),),
    )


def extract_notebook(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a Jupyter notebook: its text as it stands, its code marked as code, what the code printed left out."""
    try:
        notebook = json.loads(read_text(path, options))
    except RecursionError as error:
        raise CannotRead("its values are nested too deep", FailureKind.TOO_DEEP) from error
    except ValueError as error:
        raise CannotRead("its JSON is damaged or cut off") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    composer = Composer()
    for cell in cells if isinstance(cells, list) else []:
        source = cell.get("source") if isinstance(cell, dict) else None
        words = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
        role = Role.CODE if isinstance(cell, dict) and cell.get("cell_type") == "code" else None
        composer.add(words, role, gap="\n\n")
    if composer.empty:
        yield Skip("empty")
        return
    heading = re.match(r"#+ +(.+)", composer.text())
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="notebook",
        title=one_line(heading.group(1)) if heading else title_of(path),
        text=composer.text(),
        spans=composer.spans(),
    )


def extract_latex(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read LaTeX as text, without comments and preamble."""
    source = _TEX_COMMENT.sub("", read_text(path, options))
    title, author = _tex_field(source, "title"), _tex_field(source, "author")
    body = source.partition("\\begin{document}")[2] or source
    body = clean(body.partition("\\end{document}")[0]).strip("\n")
    if not body.strip():
        yield Skip("empty")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="latex",
        title=title or title_of(path),
        text="\n".join(filter(None, (title, author, body))),
        author=author,
        properties=tuple(
            (name, value) for name, value in (("Title", title), ("Author", author)) if value
        ),
    )


def extract_json(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read JSON that no other format claims as "name: value" lines, one level of indentation for each level."""
    text = read_text(path, options)
    try:
        lines = json_lines(json.loads(text)) if path.suffix.lower() == ".json" else _each_line(text)
    except RecursionError as error:
        raise CannotRead("its values are nested too deep", FailureKind.TOO_DEEP) from error
    except ValueError as error:
        raise CannotRead("its JSON is damaged or cut off") from error
    if not lines:
        yield Skip("empty")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="json",
        title=title_of(path),
        text=clean("\n".join(lines)),
    )


def extract_subtitles(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read subtitles (srt, vtt, ass, sub) as their spoken lines."""
    spoken: list[str] = []
    skipping = False
    for line in read_text(path, options).split("\n"):
        stripped = line.strip()
        if not stripped:
            skipping = False
            continue
        dialogue = _ASS_LINE.match(stripped)
        if dialogue:
            stripped = dialogue.group(1).replace("\\N", " ").replace("\\n", " ")
        elif path.suffix.lower() in (".ass", ".ssa"):
            continue
        if stripped.startswith(("WEBVTT", "NOTE", "STYLE", "REGION")):
            skipping = True
        if skipping or stripped.isdigit() or _TIMING.fullmatch(stripped):
            continue
        stripped = re.sub(r"^\{\d+\}\{\d+\}", "", stripped).replace("|", " ")
        words = one_line(html.unescape(_MARKUP.sub("", stripped)), 1000)
        if words and (not spoken or spoken[-1] != words):
            spoken.append(words)
    if not spoken:
        yield Skip("no text")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="subtitles",
        title=title_of(path),
        text=clean("\n".join(spoken)),
    )


def json_lines(value: object) -> list[str]:
    """Write a JSON value as lines that people can read. Raises RecursionError for values nested too deep."""
    lines: list[str] = []
    _write(value, "", 0, lines)
    return lines


def _write(value: object, name: str, depth: int, lines: list[str]) -> None:
    if len(lines) >= MAX_LINES_OF_DATA:
        return
    indent = "  " * min(depth, 20)
    label = f"{one_line(name, 200)}: " if name else ""
    if isinstance(value, dict):
        if name:
            lines.append(f"{indent}{label}".rstrip())
        for key, inner in value.items():
            _write(inner, str(key), depth + bool(name), lines)
    elif isinstance(value, list):
        if all(isinstance(inner, str | int | float | bool) for inner in value) and len(value) <= 20:
            shown = ", ".join(one_line(str(inner), 1000) for inner in value)
            lines.append(f"{indent}{label}{shown}")
            return
        if name:
            lines.append(f"{indent}{label}".rstrip())
        for inner in value:
            _write(inner, "", depth + 1, lines)
            if isinstance(inner, dict):
                lines.append("")
    elif value is not None and value != "":
        shown = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        lines.append(f"{indent}{label}{shown}")


def _each_line(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip() and len(lines) < MAX_LINES_OF_DATA:
            lines += [*json_lines(json.loads(line)), ""]
    return lines


def _tex_field(source: str, name: str) -> str:
    match = re.search(_TEX_FIELD.format(name=name), source[:100_000])
    return one_line(_TEX_COMMAND.sub(" ", match.group(1).replace("\\\\", ", "))) if match else ""
