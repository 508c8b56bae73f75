"""Every format that can be read, in one table, and the recognition of a file: by its content first, then by its name."""

from __future__ import annotations

import fnmatch
import functools
import importlib
import importlib.metadata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractors import charset
from extractors.document import Domain
from extractors.files import HEAD_BYTES
from extractors.options import Options
from extractors.results import Item
from extractors.signatures import (
    Sniffer,
    is_html,
    is_mail,
    is_mbox,
    json_with,
    never,
    text_begins,
)

ENTRY_POINTS = "personald.extractors"


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read.

    Attributes:
        name: one lower-case word.
        domain: the domain its documents have unless the person chose another.
        version: grows when its reading changes, so that its documents are read again.
        module: where its function lives, imported at use and only in workers.
        patterns: shell patterns of lower-case file names.
        sniff: test on the name and the first bytes; one that says yes wins over names.
        function: the function in the module.
        described: what the person sees ("Markdown note").
    """

    name: str
    domain: Domain
    version: int
    module: str
    patterns: tuple[str, ...] = ()
    sniff: Sniffer = never
    function: str = "extract"
    described: str = ""

    @property
    def stamp(self) -> int:
        """Format and version in one number: the CRC-32 of the name, and the version in the low 12 bits."""
        return zlib.crc32(self.name.encode()) << 12 | self.version

    def matches(self, name: str) -> bool:
        """Tell whether a lower-case file name is one of the format's."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.patterns)

    def extract(self, path: Path, origin: str, options: Options) -> Iterator[Item]:
        """Read a file; called in workers only. Raises CannotRead, and whatever the format's library raises."""
        function = getattr(importlib.import_module(self.module), self.function)
        items: Iterator[Item] = function(path, origin, options)
        return items


_ROOM = "extractors.formats"

# Order matters: the first whose content test says yes, else the first whose name fits.
FORMATS: tuple[Format, ...] = (
    Format("vcf", Domain.PEOPLE, 1, f"{_ROOM}.contacts", ("*.vcf", "*.vcard"), text_begins(b"BEGIN:VCARD"), described="contacts"),
    Format("ics", Domain.PEOPLE, 1, f"{_ROOM}.calendar", ("*.ics", "*.ical", "*.icalendar"), text_begins(b"BEGIN:VCALENDAR"), described="calendar"),
    Format("mbox", Domain.MAIL, 1, f"{_ROOM}.mbox", ("*.mbox", "mbox"), is_mbox, described="mailbox"),
    Format("chatgpt", Domain.CHATS, 1, f"{_ROOM}.assistants", (), json_with(b'"mapping"', b'"message"', b'"parent"'), "extract_chatgpt", "ChatGPT export"),
    Format("claude", Domain.CHATS, 1, f"{_ROOM}.assistants", (), json_with(b'"chat_messages"', b'"uuid"'), "extract_claude", "Claude export"),
    Format("mail", Domain.MAIL, 1, f"{_ROOM}.mail", ("*.eml",), is_mail, described="mail"),
    Format("html", Domain.FILES, 1, f"{_ROOM}.html", ("*.html", "*.htm", "*.xhtml"), is_html, described="web page"),
    Format("markdown", Domain.NOTES, 1, f"{_ROOM}.markdown", ("*.md", "*.markdown", "*.mdown", "*.mkd"), described="Markdown note"),
    Format("text", Domain.NOTES, 1, f"{_ROOM}.plain", ("*.txt", "*.text", "readme*", "notes", "todo"), described="text"),
)  # fmt: skip


@functools.cache
def formats() -> tuple[Format, ...]:
    """Return all formats: those of third parties (entry points that are a `Format`) before our own."""
    return (*_foreign()[0], *FORMATS)


def broken_entry_points() -> tuple[str, ...]:
    """Return one line for each third party's format that could not be loaded; all else works without it."""
    return _foreign()[1]


@functools.cache
def _foreign() -> tuple[tuple[Format, ...], tuple[str, ...]]:
    found: list[Format] = []
    broken: list[str] = []
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            loaded = entry.load()
        except Exception as error:
            # Foreign code may raise anything at all when it is imported.
            broken.append(f"the extractor {entry.name} cannot be loaded ({type(error).__name__})")
            continue
        if isinstance(loaded, Format):
            found.append(loaded)
        else:
            broken.append(f"the extractor {entry.name} is no format")
    return tuple(found), tuple(broken)


def recognise(path: Path, head: bytes) -> Format | None:
    """Find the format of a file.

    Args:
        path: where it lies; only its name is looked at.
        head: its first bytes, at most `HEAD_BYTES`.

    Returns:
        The format, or None for an empty file and for one that nothing here reads.
    """
    if not head:
        return None
    name = path.name.lower()
    for form in formats():
        if form.sniff is not never and form.sniff(name, head):
            return form
    binary = charset.looks_binary(head[:4096])
    for form in formats():
        if form.matches(name):
            # What is text by name but not by content is a file with a wrong name.
            return None if binary and form.name in TEXTUAL else form
    if not binary and not path.suffix:
        return named("text")
    return None


# Formats that are nothing but text in their file.
TEXTUAL = frozenset(("markdown", "text", "html", "vcf", "ics"))


def named(name: str) -> Format:
    """Return a format by name. Raises KeyError."""
    for form in formats():
        if form.name == name:
            return form
    raise KeyError(name)


@functools.cache
def unrecognised_stamp() -> int:
    """Return the stamp of files that nothing reads; it changes when formats are added, so that they are tried again."""
    names = ",".join(form.name for form in formats())
    return zlib.crc32(f"unrecognised:{names}".encode()) << 12


@functools.cache
def current_stamps() -> frozenset[int]:
    """Return the stamps of all formats as they are now."""
    return frozenset(form.stamp for form in formats()) | {unrecognised_stamp()}


def is_current(extractor_version: int) -> bool:
    """Tell whether a file read under this stamp needs no new reading: its format has not changed since."""
    return extractor_version in current_stamps()


__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "Format",
    "current_stamps",
    "formats",
    "is_current",
    "named",
    "recognise",
    "unrecognised_stamp",
]
