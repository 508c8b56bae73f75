"""Formats that are known and not read: each is named with its reason and a way out, instead of being of unknown kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from extractors.options import Options
from extractors.results import CannotRead, FailureKind, Item


def extract_outlook_store(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Refuse Outlook's stores: the one library that reads them, libpff, is LGPL and calls itself alpha."""
    raise CannotRead(
        "stores of Outlook (.pst, .ost) are not read; save the folders as .msg, .eml or mbox",
        FailureKind.UNREADABLE,
    )


def extract_onenote(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Refuse OneNote's own files: no library that is kept, plainly licensed and reads all their versions was found."""
    raise CannotRead(
        "OneNote's own files are not read; export the pages as Word, PDF or a web page",
        FailureKind.UNREADABLE,
    )
