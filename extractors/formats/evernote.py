"""Evernote's exports (ENEX): notes one by one out of a stream, their tasks, and their files as documents of their own.

An export of many years is one XML file of gigabytes, nearly all of it base64; so notes are taken from the parser as they
end, and of their files only those are held that hold text.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats import html, xml
from extractors.formats.attachments import attached_documents
from extractors.formats.mime import decode_base64
from extractors.formats.plain import with_title
from extractors.normalise import clean, one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Failure, Item, Skip

MAX_FILE_CHARACTERS = 64 * MEBI * 4 // 3
_ENCRYPTED = re.compile(r"<en-crypt\b[^>]*>.*?</en-crypt>|<en-crypt\b[^>]*/>", re.DOTALL)
# Stands for the tasks of a note, with words to readers that do not know tasks.
_TASK_GROUP = re.compile(r'<div (?=style="[^"]{0,300}--en-task-group:\s*true)')
_MEDIA = ("image/", "audio/", "video/")
# Elements that have fields of their own, with names that a note has too.
_INNER = frozenset(("task", "resource"))


@dataclass(slots=True)
class _File:
    """A file of a note: its fields, and its base64 as it comes."""

    fields: dict[str, str] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, text: str) -> None:
        self.length += len(text)
        if self.length <= MAX_FILE_CHARACTERS:
            self.pieces.append(text)
        else:
            self.pieces.clear()


@dataclass(slots=True)
class _Note:
    """A note as the export has it: its fields, its tasks' fields, its files."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    tasks: list[dict[str, str]] = field(default_factory=list)
    files: list[_File] = field(default_factory=list)

    def first(self, name: str) -> str:
        return next(iter(self.fields.get(name, ())), "").strip()


class _Export:
    """Gathers notes; whoever reads takes those that are whole out of `notes`."""

    def __init__(self) -> None:
        self.notes: list[_Note] = []
        self._note: _Note | None = None
        self._inner = ""
        self._name = ""
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "note":
            self._note = _Note()
        elif self._note is not None and name in _INNER and not self._inner:
            self._inner = name
            if name == "task":
                self._note.tasks.append({})
            else:
                self._note.files.append(_File())
        self._name, self._text = name, []

    def end(self, name: str) -> None:
        note, text = self._note, "".join(self._text)
        if note is None:
            return
        if name == "note":
            self.notes.append(note)
            self._note = None
        elif name == self._inner:
            self._inner = ""
        elif self._inner == "task":
            note.tasks[-1].setdefault(name, text.strip())
        elif self._inner == "resource":
            note.files[-1].fields.setdefault(name, text.strip())
        else:
            note.fields.setdefault(name, []).append(text)
        self._name, self._text = "", []

    def data(self, text: str) -> None:
        if self._note is None:
            return
        if self._inner == "resource" and self._name == "data":
            self._note.files[-1].add(text)
        else:
            self._text.append(text)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an export; a note's origin is `path#` and the moment it was created, or its number."""
    seen: set[str] = set()
    try:
        for note in _notes(path):
            part = note.first("created") or str(len(seen))
            while part in seen:
                part = f"{part}+"
            seen.add(part)
            yield from _items(note, f"{origin}#{part}", options)
    except CannotRead as refusal:
        if not seen:
            raise
        yield Failure(refusal.detail, refusal.kind, f"{origin}#cut off")
    if not seen:
        raise CannotRead("it holds no notes that can be read")


def _notes(path: Path) -> Iterator[_Note]:
    export = _Export()
    with open_regular(path) as stream:
        try:
            for _ in xml.steps(stream, export):
                yield from export.notes
                export.notes.clear()
        except CannotRead:
            yield from export.notes
            raise


def _items(note: _Note, origin: str, options: Options) -> Iterator[Item]:
    title = one_line(note.first("title"))
    content, locked = _ENCRYPTED.subn(" [encrypted] ", note.first("content"))
    if locked:
        yield Skip("encrypted passage", locked)
    page = html.parse(_TASK_GROUP.sub("<div hidden ", _with_boxes(content)))
    body = html.readable(page)
    tasks = [_task(task) for task in note.tasks if task.get("title")]
    text = with_title(title, clean("\n\n".join(filter(None, (body, "\n".join(tasks))))))
    if not text and not note.files:
        yield Skip("empty note")
        return
    created = note.first("created")
    named = (
        ("Title", title),
        ("Created", _day(created)),
        ("Updated", _day(note.first("updated"))),
        ("Source", one_line(note.first("source-url"))),
        ("Links", ", ".join(html.links(page))),
        ("Attachments", ", ".join(filter(None, map(_file_name, note.files)))),
    )
    if text:
        yield Document(
            origin=origin,
            domain=options.domain or Domain.NOTES,
            kind="enex",
            title=title or one_line(body, 80) or "Note",
            text=text,
            author=one_line(note.first("author")),
            date=parse_date(created),
            tags=tuple(one_line(tag) for tag in note.fields.get("tag", ()) if tag.strip()),
            properties=tuple((name, value) for name, value in named if value),
        )
    if not options.reduced:
        for file in note.files:
            yield from _attached(file, origin, options)


def _attached(file: _File, origin: str, options: Options) -> Iterator[Item]:
    name = _file_name(file)
    if not name or file.fields.get("mime", "").startswith(_MEDIA):
        return
    if not file.pieces and file.length:
        yield Skip("large attachment")
        return
    data = decode_base64("".join(file.pieces).encode("ascii", "ignore"))
    if data:
        yield from attached_documents(data, name, origin, options)


def _file_name(file: _File) -> str:
    kind = file.fields.get("mime", "")
    return one_line(file.fields.get("file-name", ""), 200) or (
        f"attachment{mimetypes.guess_extension(kind) or ''}" if kind else ""
    )


def _task(task: Mapping[str, str]) -> str:
    done = "x" if task.get("taskStatus") == "completed" else " "
    due = parse_date(task.get("dueDate", ""))
    return f"- [{done}] {one_line(task['title'])}" + (f" (due {due:%Y-%m-%d})" if due else "")


def _with_boxes(content: str) -> str:
    """Write check boxes of both of Evernote's kinds as the readers of pages know them."""
    content = (
        content.replace('<en-todo checked="true"/>', "[x] ")
        .replace('<en-todo checked="false"/>', "[ ] ")
        .replace("<en-todo/>", "[ ] ")
    )
    return content.replace('<li style="--en-checked:true;"', '<li data-checked="true"').replace(
        '<li style="--en-checked:false;"', '<li data-checked="false"'
    )


def _day(value: str) -> str:
    moment = parse_date(value)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
