"""A scratch folder that does not outlive its process: what a killed one left behind, the next one removes.

Workers unpack parts of documents there, in the clear. Whoever uses a folder holds a lock on it, which the kernel drops
when the process dies in whatever way; so a folder whose lock is free belongs to nobody any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "personald-scratch-"


class Scratch:
    """A private folder (0700) in the system's place for temporary files.

    Attributes:
        path: the folder.
    """

    def __init__(self) -> None:
        remove_abandoned(Path(tempfile.gettempdir()))
        self.path, self._lock = _make()

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_abandoned(folder: Path) -> None:
    """Remove those scratch folders in a folder whose processes have died."""
    for path in folder.glob(f"{PREFIX}*"):
        try:
            lock = _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # It is in use, another user's, or gone by now.
            continue
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _make() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        try:
            lock = _locked(path, fcntl.LOCK_EX)
        except FileNotFoundError:
            # Another process took it for abandoned before it was locked; so may it have below.
            continue
        if path.exists():
            return path, lock
        os.close(lock)


def _locked(path: Path, operation: int) -> int:
    """Open a folder and lock it (flock(2)); return the descriptor that holds the lock. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, operation)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
