"""Zip files opened with limits: number of entries, bytes unpacked, ratio. Nothing is ever unpacked to a named place."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from extractors.files import open_regular
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind
from extractors.signatures import COMPOUND

MAX_ENTRIES = 100_000
_ENCRYPTED_BIT = 0x1  # general purpose bit 0 (APPNOTE.TXT, 4.4.4)

_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # zipfile's word for a compression that it does not know
    OSError,
    ValueError,
    KeyError,
)


class Package:
    """A zip file, its entries read within limits.

    Args:
        archive: the open zip.
        options: limits on what is unpacked of all entries together.
    """

    def __init__(self, archive: zipfile.ZipFile, packed_bytes: int, options: Options) -> None:
        self._archive = archive
        # A small file may unpack to a mebibyte; beyond that the ratio counts.
        allowed = max(MEBI, packed_bytes * options.max_ratio)
        self._left = min(allowed, options.max_unpacked_bytes)
        self.entries = archive.infolist()
        if len(self.entries) > MAX_ENTRIES:
            raise CannotRead(f"it has more than {MAX_ENTRIES} entries", FailureKind.TOO_LARGE)
        self._by_name = {entry.filename.lower(): entry for entry in self.entries}

    def names(self, prefix: str = "", suffix: str = "") -> list[str]:
        """Return entry names that begin and end so, compared without case."""
        prefix, suffix = prefix.lower(), suffix.lower()
        return [
            entry.filename
            for name, entry in self._by_name.items()
            if name.startswith(prefix) and name.endswith(suffix)
        ]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name

    def read(self, name: str) -> bytes:
        """Return an entry's bytes; names are compared without case, as some writers mix it.

        Raises:
            CannotRead: there is none of that name, it is encrypted or damaged, or the limits are spent.
        """
        entry = self._by_name.get(name.lower())
        if entry is None:
            raise CannotRead("a part that it needs is missing")
        if entry.flag_bits & _ENCRYPTED_BIT:
            raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED)
        if entry.file_size > self._left:
            raise CannotRead("it unpacks to more than is read of one file", FailureKind.TOO_LARGE)
        try:
            with self._archive.open(entry) as stream:
                data = stream.read(self._left + 1)
        except RuntimeError as error:
            raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED) from error
        except _FAULTS as error:
            raise CannotRead("one of its parts is damaged") from error
        if len(data) > self._left:
            raise CannotRead("it unpacks to more than is read of one file", FailureKind.TOO_LARGE)
        self._left -= len(data)
        return data


@contextlib.contextmanager
def open_package(path: Path, options: Options) -> Iterator[Package]:
    """Open a zip file of a person's. Raises CannotRead."""
    with open_regular(path) as stream:
        yield package_of(stream, options)


def package_of(stream: BinaryIO, options: Options) -> Package:
    """Open a zip file in a stream. Raises CannotRead when it is none, or is cut off."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if stream.read(len(COMPOUND)) == COMPOUND:
        # An office file with a password lies encrypted inside a compound file (MS-OFFCRYPTO, 2.3).
        raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED)
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
    except _FAULTS as error:
        raise CannotRead("it is cut off or damaged") from error
    return Package(archive, size, options)
