"""Who is behind a number, an address or a handle: the macOS address books of the home that a chat lies in.

All chats name their speakers through this, so that a person has one name wherever they write. Without permission, without
an address book, or where two people share a number, nobody is known and the chat's own name stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from extractors.formats.macos import contact_handles
from extractors.options import Options
from extractors.results import CannotRead

_FOLDER = "Library/Application Support/AddressBook"
_DATABASE = "AddressBook-v22.abcddb"
# So many last digits of a number are compared: the rest is the country's and the area's, which people leave out.
_DIGITS = 8

# Slack's exports are a file for each day: the books are read once for as long as they do not change.
_read: dict[tuple[str, tuple[tuple[int, int], ...]], tuple[tuple[str, str], ...]] = {}


class AddressBook:
    """Names by handles.

    Args:
        people: pairs of handle and name; a handle of two names means nobody.
    """

    def __init__(self, people: Iterable[tuple[str, str]] = ()) -> None:
        names: dict[str, str] = {}
        for handle, name in people:
            key = _key(handle)
            if key:
                names[key] = name if names.get(key, name) == name else ""
        self._names: Mapping[str, str] = names

    def known(self, *handles: str) -> str:
        """Return the name behind the first handle that somebody is known by, "" when none is.

        Args:
            handles: telephone numbers in any writing, addresses, and handles with "@" before them.
        """
        found = (self._names.get(_key(handle), "") for handle in handles)
        return next(filter(None, found), "")


def address_book(path: Path, options: Options) -> AddressBook:
    """Return what the address books of the home know that a file lies in.

    Args:
        path: the chat's file; its home, or that of the archive it lies in, is the nearest folder above that has a
            `Library` with address books.
        options: what the format is told.
    """
    for folder in (options.outermost or path).parents:
        books = [
            book
            for book in (
                folder / _FOLDER / _DATABASE,
                *(folder / _FOLDER / "Sources").glob(f"*/{_DATABASE}"),
            )
            if book.is_file()
        ]
        if books:
            return AddressBook(pair for book in books for pair in _people(book, options))
    return AddressBook()


def _people(book: Path, options: Options) -> tuple[tuple[str, str], ...]:
    try:
        # What was changed last stands in the write-ahead log alone.
        log = book.with_name(f"{book.name}-wal")
        states = [part.stat() for part in (book, log) if part.exists()]
        key = (str(book), tuple((state.st_size, state.st_mtime_ns) for state in states))
        if key not in _read:
            if len(_read) > 16:
                _read.clear()
            _read[key] = tuple(contact_handles(book, options))
    except (OSError, CannotRead):
        return ()
    return _read[key]


def _key(handle: str) -> str:
    bare = handle.strip().lower()
    if "@" in bare:
        return bare
    digits = re.sub(r"\D", "", bare)
    return digits[-_DIGITS:] if len(digits) >= _DIGITS and not re.search(r"[^\W\d]", bare) else ""
