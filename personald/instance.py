"""One daemon for each home: a lock that the kernel drops when its holder dies, and that tells who holds it.

A record lock of fcntl(2), not a file with a number in it: there is nothing stale after a crash. The lock belongs to the
process, so the file is opened once and never again while it is held.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personald.errors import ExitCode, NotNow, PersonaldError

LOCK = "lock"
TRAINING_LOCK = "training"

# struct flock: {l_type, l_whence, l_start, l_len, l_pid} on Linux (fcntl(2)), {l_start, l_len, l_pid, l_type, l_whence}
# on macOS (sys/fcntl.h).
_LINUX = struct.Struct("@hhqqi4x")
_DARWIN = struct.Struct("@qqihh")


class AlreadyRunning(PersonaldError):
    """Another daemon serves this home.

    Args:
        pid: its process.
    """

    title = "A daemon is running already"
    exit_code = ExitCode.FAILED

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"Process {pid} serves this home.", "See `personald status`, or end that process first."
        )
        self.pid = pid


class Instance:
    """The lock, held from `acquire` until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, folder: Path) -> Instance:
        """Take the lock of a home's run folder.

        Raises:
            AlreadyRunning: another process holds it.
        """
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = _holder(descriptor)
            os.close(descriptor)
            raise AlreadyRunning(pid or 0) from error
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


def holder(folder: Path) -> int | None:
    """The process that holds the lock of a run folder; None when nobody does. Never asked by the holder itself."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> int | None:
    if sys.platform == "darwin":
        asked = _DARWIN.pack(0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
        _, _, pid, kind, _ = _DARWIN.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    else:
        asked = _LINUX.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = _LINUX.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    return pid if kind != fcntl.F_UNLCK else None


@contextmanager
def training_lock(folder: Path) -> Iterator[None]:
    """Hold the right to train in a home: one trainer at a time, whoever starts it.

    Args:
        folder: the home's run folder.

    Raises:
        NotNow: another process trains at present.
    """
    descriptor = os.open(folder / TRAINING_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise NotNow(
                "Another process of this home is training.", "See `personald status`."
            ) from error
        yield
    finally:
        os.close(descriptor)
