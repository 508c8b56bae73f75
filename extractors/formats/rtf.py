"""Rich text, by striprtf: the most accurate of the libraries measured (.982), and pure Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.formats.plain import title_of
from extractors.normalise import clean, one_line
from extractors.options import MEBI, Options
from extractors.results import Item, Skip

# The library takes about two seconds a megabyte; what makes files longer are pictures in hexadecimal.
MAX_BYTES = 64 * MEBI
_PICTURE = re.compile(r"(?:[0-9a-fA-F]{64,}\s*){8,}")
_TITLE = re.compile(r"\{\\title ([^{}\\]{1,300})\}")
_AUTHOR = re.compile(r"\{\\author ([^{}\\]{1,300})\}")


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a rich text file."""
    source = read_whole(path, MAX_BYTES).decode("latin-1")
    text = to_text(source)
    if not text.strip():
        yield Skip("no text")
        return
    title, author = _TITLE.search(source[:65536]), _AUTHOR.search(source[:65536])
    named = (
        ("Title", one_line(title.group(1)) if title else ""),
        ("Author", one_line(author.group(1)) if author else ""),
    )
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="rtf",
        title=named[0][1] or title_of(path),
        text=text,
        author=named[1][1],
        properties=tuple((name, value) for name, value in named if value),
    )


def to_text(source: str) -> str:
    """Return the readable text of rich text given as Latin-1, one character for each byte."""
    from striprtf.striprtf import rtf_to_text

    source = _PICTURE.sub("", source)
    return clean(rtf_to_text(source, encoding=_code_page(source), errors="replace")).strip("\n")


def _code_page(source: str) -> str:
    match = re.search(r"\\ansicpg(\d{2,5})", source[:2000])
    return f"cp{match.group(1)}" if match and match.group(1) not in ("0", "65001") else "cp1252"
