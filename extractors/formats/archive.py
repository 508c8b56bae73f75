"""Archives (zip, tar, gzip and the like) entered with limits: each part goes through the registry as a file of its own.

A Notion export is a zip that holds zips; a takeout of any service is a zip that holds that service's files.
"""

from __future__ import annotations

import bz2
import dataclasses
import functools
import gzip
import lzma
import posixpath
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from extractors.files import open_regular
from extractors.folders import PASSED_FOLDERS, passed_name
from extractors.formats.attachments import attached_documents
from extractors.formats.packages import Package, open_package
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

MAX_PART_BYTES = 128 * MEBI
# Pictures, sounds, films and programs inside archives are not unpacked at all.
_PASSED_SUFFIXES = frozenset(
    ".png .jpg .jpeg .gif .webp .heic .svg .ico .bmp .tiff .mp3 .m4a .wav .ogg .flac .mp4 .mov .avi .mkv .webm .ttf .otf .woff"
    " .woff2 .exe .dll .so .dylib .class .o .a .pyc .js .css .map .wasm .jar .bin .dat .db .iso .dmg .pkg".split()
)
_DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError, IndexError)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the files in a zip; an entry's origin is `path#folder/name`."""
    with open_package(path, options) as package:
        if len(package.entries) > options.max_parts:
            raise CannotRead(f"it has more than {options.max_parts} entries", FailureKind.TOO_LARGE)
        neighbours: dict[str, bytes | None] = {}
        for entry in package.entries:
            if entry.is_dir():
                continue
            reason = _passed(entry.filename, entry.file_size, entry.external_attr >> 16)
            if reason:
                yield Skip(reason)
                continue
            try:
                data = package.read(entry.filename)
            except CannotRead as refusal:
                if refusal.kind in (FailureKind.TOO_LARGE, FailureKind.ENCRYPTED):
                    raise
                yield Failure(refusal.detail, refusal.kind, f"{origin}#{_shown(entry.filename)}")
                continue
            own = dataclasses.replace(
                options,
                outermost=options.outermost or path,
                neighbour=functools.partial(_neighbour, package, entry.filename, neighbours),
            )
            yield from attached_documents(data, _shown(entry.filename), origin, own, bound=False)


def _neighbour(
    package: Package, entry: str, known: dict[str, bytes | None], relative: str
) -> bytes | None:
    """Return what stands at a path relative to an entry's folder; read once, for it may be asked for by every entry."""
    name = posixpath.normpath(posixpath.join(posixpath.dirname(entry), relative))
    if name not in known:
        known[name] = package.read(name) if name in package else None
    return known[name]


def extract_tar(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the files in a tar, packed or not; nothing is unpacked to where its entries say."""
    left = options.max_unpacked_bytes
    with open_regular(path) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|*") as archive:
                for number, member in enumerate(archive):
                    if number >= options.max_parts:
                        raise CannotRead(
                            f"it has more than {options.max_parts} entries", FailureKind.TOO_LARGE
                        )
                    if member.isdir():
                        continue
                    reason = "" if member.isreg() else "not a regular file"
                    reason = reason or _passed(member.name, member.size, 0)
                    left -= member.size
                    if left < 0:
                        raise CannotRead(
                            "it unpacks to more than is read of one file", FailureKind.TOO_LARGE
                        )
                    content = None if reason else archive.extractfile(member)
                    if content is None:
                        yield Skip(reason or "not a regular file")
                        continue
                    yield from attached_documents(
                        content.read(MAX_PART_BYTES),
                        _shown(member.name),
                        origin,
                        options,
                        bound=False,
                    )
        except _DAMAGE as error:
            raise CannotRead("it is cut off or damaged") from error


def extract_packed(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read one file packed by gzip, bzip2 or xz; a packed tar goes the way of tars."""
    if path.name.lower().endswith((".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz")):
        yield from extract_tar(path, origin, options)
        return
    with open_regular(path) as stream:
        head = stream.read(6)
        stream.seek(0)
        try:
            with _unpacker(head, stream) as opened:
                data = opened.read(MAX_PART_BYTES + 1)
        except _DAMAGE as error:
            raise CannotRead("it is cut off or damaged") from error
    if len(data) > MAX_PART_BYTES:
        raise CannotRead("it unpacks to more than is read of one file", FailureKind.TOO_LARGE)
    yield from attached_documents(data, path.stem, origin, options, bound=False)


def _unpacker(head: bytes, stream: BinaryIO) -> bz2.BZ2File | lzma.LZMAFile | gzip.GzipFile:
    if head.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    return lzma.LZMAFile(stream) if head.startswith(b"\xfd7zXZ") else gzip.GzipFile(fileobj=stream)


def _passed(name: str, size: int, mode: int) -> str:
    """Return why an entry is passed over, "" when it is read."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or any(part in PASSED_FOLDERS for part in parts[:-1]) or passed_name(parts[-1]):
        return "system or temporary file"
    if stat.S_ISLNK(mode):
        return "symbolic link"
    if PurePosixPath(parts[-1]).suffix.lower() in _PASSED_SUFFIXES:
        return "picture, sound or program in an archive"
    return "large file in an archive" if size > MAX_PART_BYTES else ""


def _shown(name: str) -> str:
    """Return an entry's name as the end of an origin: no drive, no leading slash, no steps upwards."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "part"
