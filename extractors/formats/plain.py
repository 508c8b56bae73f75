"""Plain text, and whatever else is best read as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from extractors import charset
from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, FailureKind, Item, Skip

# Notion's exports put a page's identifier behind its title.
_NOTION_ID = re.compile(r" [0-9a-f]{32}$")


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a text file as one document whose title is the file's name."""
    text = read_text(path, options)
    if not text.strip():
        yield Skip("empty")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.NOTES,
        kind="text",
        title=title_of(path),
        text=text,
    )


def read_text(path: Path, options: Options) -> str:
    """Return a file's text in normal form, without blank lines around it.

    Raises:
        CannotRead: the file cannot be opened, is too long, or holds no text.
    """
    if options.whole is not None and options.whole[0] == path:
        data = options.whole[1]
    else:
        data = read_whole(path, options.max_text_bytes)
    if charset.looks_binary(data[:4096]):
        raise CannotRead("it holds binary data, not text", FailureKind.UNKNOWN)
    return clean(charset.repair_mojibake(charset.decode(data))).strip("\n")


def title_of(path: Path) -> str:
    """Return a title made of a file's name without its extension; never empty."""
    stem = path.name if path.name.startswith(".") else path.stem
    return one_line(_NOTION_ID.sub("", stem).replace("_", " ")) or "untitled"


def with_title(title: str, body: str) -> str:
    """Put a note's title above its text, unless the text begins with it."""
    if not title or body.lstrip("# ").startswith(title):
        return body
    return f"{title}\n\n{body}" if body else title
