"""Google Keep's export: one JSON file for each note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from extractors.document import Document, Domain
from extractors.formats.assistants import load_json
from extractors.formats.plain import title_of, with_title
from extractors.normalise import clean, from_timestamp, one_line
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Item, Skip

MAX_KEEP_BYTES = 16 * MEBI


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
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
