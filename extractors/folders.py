"""Walk a person's folder: which files are documents, which bundles are one, and what is passed over and why.

Only names and file status are looked at; nothing is opened, nothing is followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractors.files import lies_in_cloud

# Folders that hold what programs made for themselves.
PASSED_FOLDERS = frozenset(
    ".git .hg .svn .trash .Trash .Trashes .cache .obsidian .stfolder .stversions .fseventsd .Spotlight-V100 .DocumentRevisions-V100"
    " .TemporaryItems node_modules __pycache__ .venv venv site-packages .tox .mypy_cache .pytest_cache .ruff_cache .idea .vscode"
    " .gradle Pods DerivedData .npm .cargo __MACOSX .personald $RECYCLE.BIN".split()
)
PASSED_SUFFIXES = (
    ".app",
    ".photoslibrary",
    ".framework",
    ".xcodeproj",
    ".lproj",
    ".sparsebundle",
    ".musiclibrary",
    ".tvlibrary",
)
# Locks, temporary files and side files of databases; `Icon\r` and ._* are the Finder's.
PASSED_NAMES = frozenset(
    (".DS_Store", "Thumbs.db", "desktop.ini", ".localized", "Icon\r", ".nojekyll")
)
PASSED_FILE_SUFFIXES = (
    "-wal",
    "-shm",
    "-journal",
    ".tmp",
    ".part",
    ".crdownload",
    ".download",
    ".swp",
    ".lock",
    "~",
    ".icloud",
)
MAX_DEPTH = 64
# What running programs call their SQLite databases; what they wrote last stands in a write-ahead log beside them.
DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlitedb", ".sqlite3", ".abcddb", "History")
_LOG = "-wal"


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file found in a walk: its path and its status."""

    path: Path
    status: os.stat_result


@dataclass(frozen=True, slots=True)
class Passed:
    """Something passed over in a walk: its path and why, in a few lower-case words."""

    path: Path
    reason: str


def walk(root: Path, max_depth: int = MAX_DEPTH) -> Iterator[Entry | Passed]:
    """Find the files below a folder (or the one file that `root` is), in no set order, without recursion.

    Links are never followed, so a walk neither leaves the folder nor loops; pipes, sockets and devices are passed over;
    a folder that cannot be listed is passed over with its reason. Entries are yielded as they are found: a folder of
    any size takes no memory of its size.
    """
    try:
        status = root.lstat()
    except OSError:
        yield Passed(root, "not there")
        return
    if not stat.S_ISDIR(status.st_mode):
        yield _judge(root, status)
        return
    waiting: list[tuple[Path, int]] = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            scan = os.scandir(folder)
        except OSError:
            yield Passed(folder, "no permission")
            continue
        with scan:
            for entry in scan:
                path = Path(entry.path)
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if not stat.S_ISDIR(status.st_mode):
                    yield _judge(path, status)
                elif entry.name in PASSED_FOLDERS or entry.name.endswith(PASSED_SUFFIXES):
                    yield Passed(path, "program's own folder")
                elif depth >= max_depth:
                    yield Passed(path, "nested too deep")
                else:
                    waiting.append((path, depth + 1))


def log_of(path: Path) -> os.stat_result | None:
    """Return the status of a database's write-ahead log, None for what is no database and for one that has none.

    A row that a program has just written is in the log alone; the database's own file changes much later.
    """
    if not path.name.endswith(DATABASE_SUFFIXES):
        return None
    try:
        return path.with_name(path.name + _LOG).lstat()
    except OSError:
        return None


def logged(path: Path) -> Path:
    """Return the database that a write-ahead log belongs to; any other path as it is."""
    name = path.name.removesuffix(_LOG)
    return path.with_name(name) if name.endswith(DATABASE_SUFFIXES) else path


def passed_name(name: str) -> bool:
    """Tell whether a file name is a lock, a temporary file or a system's side file."""
    return (
        name in PASSED_NAMES
        or name.startswith(("._", ".~", "~$"))
        or name.endswith(PASSED_FILE_SUFFIXES)
    )


def _judge(path: Path, status: os.stat_result) -> Entry | Passed:
    if stat.S_ISLNK(status.st_mode):
        return Passed(path, "symbolic link")
    if not stat.S_ISREG(status.st_mode):
        return Passed(path, "not a regular file")
    if lies_in_cloud(status) or path.name.endswith(".icloud"):
        return Passed(path, "only in iCloud")
    if passed_name(path.name):
        return Passed(path, "system or temporary file")
    return Entry(path, status)
