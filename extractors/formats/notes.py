"""Notes of other programs: Evernote's ENEX and Google Keep's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats import html, xml
from extractors.formats.assistants import load_json
from extractors.formats.plain import title_of
from extractors.normalise import clean, from_timestamp, one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Item, Skip

MAX_KEEP_BYTES = 16 * MEBI


class _Export:
    """Gathers the notes of an ENEX file one by one; attachments' base64 is passed over."""

    def __init__(self) -> None:
        self.notes: list[dict[str, list[str]]] = []
        self._note: dict[str, list[str]] | None = None
        self._text: list[str] = []
        self._resource = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "note":
            self._note = {}
        elif name == "resource":
            self._resource += 1
        self._text = []

    def end(self, name: str) -> None:
        if name == "resource":
            self._resource -= 1
        elif name == "note" and self._note is not None:
            self.notes.append(self._note)
            self._note = None
        elif self._note is not None and not self._resource:
            self._note.setdefault(name, []).append("".join(self._text))
        self._text = []

    def data(self, text: str) -> None:
        if self._note is not None and not self._resource:
            self._text.append(text)


def extract_evernote(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an Evernote export; a note's origin is `path#` and the moment it was created, or its number."""
    export = _Export()
    with open_regular(path) as stream:
        xml.parse(stream, export, lenient=True)
    if not export.notes:
        raise CannotRead("it holds no notes that can be read")
    seen: set[str] = set()
    for number, note in enumerate(export.notes):
        title = one_line(_first(note, "title"))
        content = _first(note, "content")
        created = _first(note, "created")
        part = created or str(number)
        while part in seen:
            part = f"{part}+"
        seen.add(part)
        body = html.to_text(_with_boxes(content))
        text = with_title(title, body)
        if not text:
            yield Skip("empty note")
            continue
        named = (
            ("Title", title),
            ("Created", _day(created)),
            ("Updated", _day(_first(note, "updated"))),
            ("Source", one_line(_first(note, "source-url"))),
        )
        yield Document(
            origin=f"{origin}#{part}",
            domain=options.domain or Domain.NOTES,
            kind="enex",
            title=title or one_line(body, 80),
            text=text,
            author=one_line(_first(note, "author")),
            date=parse_date(created),
            tags=tuple(one_line(tag) for tag in note.get("tag", ()) if tag.strip()),
            properties=tuple((name, value) for name, value in named if value),
        )


def extract_keep(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read one note of Google Keep's export; trashed ones are left out."""
    note = load_json(path, MAX_KEEP_BYTES)
    if not isinstance(note, dict):
        raise CannotRead("it holds no note")
    if note.get("isTrashed"):
        yield Skip("note in the trash")
        return
    title = one_line(str(note.get("title") or ""))
    lines = [str(note.get("textContent") or "")]
    items = note.get("listContent")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            lines.append(f"- [{'x' if item.get('isChecked') else ' '}] {item.get('text') or ''}")
    links = note.get("annotations")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("url"):
            lines.append(f"{link.get('title') or ''} {link['url']}".strip())
    body = clean("\n".join(line for line in lines if line.strip()))
    text = with_title(title, body)
    if not text:
        yield Skip("empty note")
        return
    edited = note.get("createdTimestampUsec") or note.get("userEditedTimestampUsec")
    tags = note.get("labels")
    yield Document(
        origin=origin,
        domain=options.domain or Domain.NOTES,
        kind="keep",
        title=title or one_line(body, 80) or title_of(path),
        text=text,
        date=from_timestamp(edited / 1e6) if isinstance(edited, int | float) else None,
        tags=tuple(
            one_line(str(tag.get("name")))
            for tag in tags
            if isinstance(tag, dict) and tag.get("name")
        )
        if isinstance(tags, list)
        else (),
        properties=(("Title", title),) if title else (),
    )


def with_title(title: str, body: str) -> str:
    """Put a note's title above its text, unless the text begins with it."""
    if not title or body.lstrip("# ").startswith(title):
        return body
    return f"{title}\n\n{body}" if body else title


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


def _first(note: Mapping[str, list[str]], name: str) -> str:
    return next(iter(note.get(name, ())), "").strip()
