"""The shared folder: the only module that touches it.

Names are allow-listed, never parsed for a provider's conflict marks: what is not ours is counted and left alone. A file
is staged outside the folder where it can be (so that no provider uploads half of it), flushed to the disk, renamed into
place, and its folder is flushed. What is read must hash to its name, where its name is a hash: anything else is "not
here yet". Nothing of others is ever deleted.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from sync.errors import FolderUnavailable

ROOT = "personald-1"
MAX_FILE_BYTES = 1 << 30

OBJECT = re.compile(r"[0-9a-f]{64}\.pdo\Z")
MANIFEST = re.compile(r"[0-9a-f]{32}-[0-9]{12}\.pdm\Z")
STATEMENT = re.compile(r"[0-9a-f]{64}\.pdr\Z")
SLOT = re.compile(r"[0-9a-f]{32}\.[ab]\Z")

_ALLOWED = {"o": OBJECT, "m": MANIFEST, "r": STATEMENT, "p": SLOT}

# macOS: a file whose content is only in the cloud (sys/stat.h). Reading one would block and download it.
SF_DATALESS = 0x40000000


@dataclass(frozen=True, slots=True)
class Listing:
    """What is there.

    Attributes:
        names: the allow-listed file names of each kind ("o", "m", "r", "p").
        ignored: number of other files: a provider's conflict copies and the like.
        in_cloud: number of allow-listed files whose content is not on this machine.
        marks: name, size in bytes and time of change of each, so that a file that is made whole later counts as new.
    """

    names: dict[str, tuple[str, ...]]
    ignored: int
    in_cloud: int
    marks: tuple[tuple[str, int, int], ...]


class SyncFolder:
    """One shared folder.

    Args:
        path: the folder that a provider keeps in step.
        staging: a private folder, best on the same volume.
    """

    def __init__(self, path: Path, staging: Path) -> None:
        self.path = path
        self.root = path / ROOT
        self._staging = staging

    def prepare(self) -> None:
        """Make our folders.

        Raises:
            FolderUnavailable: the shared folder itself is missing or closed to us.
        """
        if not self.path.is_dir():
            raise FolderUnavailable(
                f"{self.path} is not there.", "Mount or create it, or set another [sync] folder."
            )
        try:
            for kind in _ALLOWED:
                (self.root / kind).mkdir(parents=True, exist_ok=True)
            self._staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unavailable(error) from error

    def listing(self) -> Listing:
        """All files of ours; see `Listing`.

        Raises:
            FolderUnavailable: it cannot be listed; absent and empty are told apart.
        """
        names: dict[str, tuple[str, ...]] = {}
        marks: list[tuple[str, int, int]] = []
        ignored = in_cloud = 0
        if not self.path.is_dir():
            raise FolderUnavailable(
                f"{self.path} is not there.", "Mount or create it, or set another [sync] folder."
            )
        for kind, pattern in _ALLOWED.items():
            good = []
            try:
                entries = sorted(os.scandir(self.root / kind), key=lambda entry: entry.name)
            except FileNotFoundError:
                entries = []
            except OSError as error:
                raise self._unavailable(error) from error
            for entry in entries:
                if pattern.match(entry.name) is None:
                    ignored += 1
                elif _in_cloud(entry):
                    in_cloud += 1
                else:
                    good.append(entry.name)
                    details = entry.stat(follow_symlinks=False)
                    marks.append((entry.name, details.st_size, details.st_mtime_ns))
            names[kind] = tuple(good)
        return Listing(names, ignored, in_cloud, tuple(sorted(marks)))

    def read(self, kind: str, name: str) -> bytes | None:
        """The bytes of a regular file, or None when it is absent, too large, or does not hash to its name."""
        path = self.root / kind / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                details = os.fstat(file.fileno())
                if not stat.S_ISREG(details.st_mode) or details.st_size > MAX_FILE_BYTES:
                    return None
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError:
            return None
        if kind in "or" and hashlib.sha256(data).hexdigest() != name.partition(".")[0]:
            return None
        return data

    def has(self, kind: str, name: str) -> bool:
        """True when a file of that name is there (its content is not checked)."""
        return (self.root / kind / name).is_file()

    def publish(self, kind: str, name: str, data: bytes) -> None:
        """Write a file once, durably; an existing file of that name with these bytes is left as it is.

        Raises:
            FolderUnavailable: the disk is full, or the folder cannot be written.
        """
        target = self.root / kind / name
        staged = self._staging / f".tmp-{kind}-{name}"
        try:
            if target.is_file() and target.read_bytes() == data:
                return
            with staged.open("wb") as file:
                file.write(data)
                file.flush()
                _flush(file.fileno())
            try:
                staged.replace(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                near = target.with_name(f".tmp-{name}")
                shutil.copyfile(staged, near)
                with near.open("rb") as file:
                    _flush(file.fileno())
                near.replace(target)
                staged.unlink()
            _flush_folder(target.parent)
        except OSError as error:
            staged.unlink(missing_ok=True)
            raise self._unavailable(error) from error

    def remove_own(self, kind: str, name: str) -> None:
        """Delete a file that this device wrote; absent is as good."""
        try:
            (self.root / kind / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> FolderUnavailable:
        if error.errno in (errno.EPERM, errno.EACCES):
            remedy = "Allow access to it (on a Mac: System Settings, Privacy, Full Disk Access)."
        elif error.errno == errno.ENOSPC:
            remedy = "Free some space; nothing was lost."
        else:
            remedy = "Check that it is mounted and writable."
        return FolderUnavailable(f"{self.path}: {error.strerror or error}.", remedy)


def object_name(data: bytes, extension: str) -> str:
    """The self-certifying name of a file's content."""
    return f"{hashlib.sha256(data).hexdigest()}.{extension}"


def _in_cloud(entry: os.DirEntry[str]) -> bool:
    try:
        details = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return bool(getattr(details, "st_flags", 0) & SF_DATALESS)


def _flush(descriptor: int) -> None:
    """Force a file's bytes to the medium; on macOS fsync(2) alone leaves them in the drive's cache."""
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
