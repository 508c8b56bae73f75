"""Open a person's file read-only: only regular files, never through a link at the end, never waiting, never downloading."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from extractors.results import CannotRead, FailureKind

# st_flags bit of a file whose data lies only in iCloud (macOS sys/stat.h, SF_DATALESS); opening one would download it.
SF_DATALESS = 0x40000000
HEAD_BYTES = 64 * 1024
# Longer files are not hashed: mailboxes of gigabytes change at every look, and would be read twice.
HASHED_BYTES = 64 * 1024 * 1024

_REASONS = {
    errno.ENOENT: ("it is no longer there", FailureKind.GONE),
    errno.ENOTDIR: ("it is no longer there", FailureKind.GONE),
    errno.EACCES: ("no permission to read it", FailureKind.UNREADABLE),
    errno.EPERM: ("the system forbids reading it", FailureKind.UNREADABLE),
    errno.ELOOP: ("it is a symbolic link", FailureKind.UNREADABLE),
    errno.ENAMETOOLONG: ("its name is too long", FailureKind.UNREADABLE),
    errno.EIO: ("the disk gave an error", FailureKind.UNREADABLE),
    errno.ENXIO: ("it is not a regular file", FailureKind.UNREADABLE),
    errno.EISDIR: ("it is a folder", FailureKind.UNREADABLE),
}


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        CannotRead: it is gone, forbidden, a link, a pipe, a device, a folder, or lies only in the cloud.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise refusal(error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise CannotRead("it is not a regular file", FailureKind.UNREADABLE)
        if lies_in_cloud(status):
            raise CannotRead("it lies only in iCloud and is not downloaded", FailureKind.UNREADABLE)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def lies_in_cloud(status: os.stat_result) -> bool:
    """Tell whether a file's data was evicted to iCloud, so that reading it would download it."""
    return bool(getattr(status, "st_flags", 0) & SF_DATALESS)


def refusal(error: OSError | ValueError) -> CannotRead:
    """Turn an error of the system into the line that a person reads."""
    code = error.errno if isinstance(error, OSError) and error.errno is not None else 0
    reason, kind = _REASONS.get(code, ("the system cannot open it", FailureKind.UNREADABLE))
    return CannotRead(reason, kind)


def read_head(path: Path, size: int = HEAD_BYTES) -> bytes:
    """Return the first `size` bytes of a regular file. Raises CannotRead."""
    with open_regular(path) as stream:
        return read_exactly(stream, size)


def read_whole(path: Path, limit: int) -> bytes:
    """Return all bytes of a regular file.

    Raises:
        CannotRead: it cannot be opened, or is longer than `limit` bytes.
    """
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > limit:
            raise CannotRead(
                f"it is {_megabytes(size)} long; at most {_megabytes(limit)} of one text are read",
                FailureKind.TOO_LARGE,
            )
        data = read_exactly(stream, limit + 1)
    if len(data) > limit:
        raise CannotRead("it grew while it was read", FailureKind.CHANGED)
    return data


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read up to `size` bytes, fewer only at the end. Raises CannotRead on a disk error."""
    try:
        return stream.read(size)
    except OSError as error:
        raise refusal(error) from error


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.0f} MB" if size >= 10_000_000 else f"{size / 1_000_000:.1f} MB"
