"""Hints, or a whole source → findings: what is new, changed, renamed or gone, by what the file system says now.

An unchanged file costs a stat and one look-up. Its bytes are hashed only when its stat differs from the one noted, so
that a file which was only touched, or copied over itself, is not read again; a new file is hashed by who reads it. A file keeps its identity when it moves:
one that is gone and one that is new are the same when inode, size and time of change agree, or else the content hash.
"""

from __future__ import annotations

import enum
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from extractors import registry
from extractors.files import HASHED_BYTES, lies_in_cloud, open_regular
from extractors.folders import Entry, Passed, log_of, logged, passed_name, walk
from extractors.results import CannotRead
from personald.store import FileStat, FileState, FileStatus, Source, Store
from personald.watch.reach import reach

_CHUNK = 1024 * 1024

# `FileState.extractor_version` of what never reached an extractor (no permission): no format has such a stamp, so it
# is looked at again at every survey. 0 means that the worker died over it: quarantined until the file changes.
NEVER_READ = 1


class Kind(enum.Enum):
    """What was found about a path."""

    NEW = "new"
    CHANGED = "changed"
    TOUCHED = "touched"
    RENAMED = "renamed"
    GONE = "gone"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: what.
        path: where; for RENAMED the new place.
        stat: as it was before anything was read; zeros for GONE and DENIED.
        content_hash: SHA-256 of the bytes; b"" when not taken, as of most new files.
        before: RENAMED: the old place.
    """

    kind: Kind
    path: Path
    stat: FileStat = field(default_factory=lambda: FileStat(0, 0))
    content_hash: bytes = b""
    before: Path | None = None


@dataclass(slots=True)
class Tally:
    """Counts of one survey; `skipped` by reason."""

    seen: int = 0
    unchanged: int = 0
    empty: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


class Missing:
    """Files that are gone and may turn up elsewhere: found by identity, else by content."""

    def __init__(self, states: Iterable[FileState] = ()) -> None:
        self.states: dict[Path, FileState] = {}
        self._by_identity: dict[FileStat, Path] = {}
        self._by_content: dict[tuple[int, bytes], Path] = {}
        self._sizes: set[int] = set()
        for state in states:
            self.add(state)

    def add(self, state: FileState) -> None:
        """Note a file that is gone."""
        path = Path(state.path)
        self.states[path] = state
        self._sizes.add(state.stat.size)
        if state.stat.inode:
            self._by_identity[state.stat] = path
        if state.content_hash:
            self._by_content[state.stat.size, state.content_hash] = path

    def discard(self, path: Path) -> None:
        """Note that it is there after all."""
        self.states.pop(path, None)

    def same_as(self, found: FileStat, content: Callable[[], bytes]) -> Path | None:
        """The missing file that this new one is, and which is then missing no more; None when it is none of them."""
        path = self._by_identity.get(found)
        if (path is None or path not in self.states) and found.size in self._sizes:
            path = self._by_content.get((found.size, content()))
        if path is None or path not in self.states:
            return None
        del self.states[path]
        return path


def stat_of(status: os.stat_result, log: os.stat_result | None = None) -> FileStat:
    """The three numbers that tell a changed file from an unchanged one; a database changes with its log."""
    if log is None:
        return FileStat(status.st_size, status.st_mtime_ns, status.st_ino)
    return FileStat(
        status.st_size + log.st_size, max(status.st_mtime_ns, log.st_mtime_ns), status.st_ino
    )


def needs_reading(state: FileState | None, now: FileStat) -> bool:
    """True unless this very file was read, or found unreadable, by an extractor that is still current."""
    if state is None or state.status is FileStatus.PENDING or state.stat != now:
        return True
    return state.extractor_version != 0 and not registry.is_current(state.extractor_version)


def content_hash(path: Path, size: int) -> bytes:
    """SHA-256 of a file; b"" when it is too long to hash, or cannot be opened now."""
    if size > HASHED_BYTES:
        return b""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except (CannotRead, OSError):
        return b""
    return digest.digest()


class Survey:
    """One look at a source, or at some paths of it.

    Args:
        store: what is known.
        source: which source.
        missing: files that are gone already and may turn up; what is found gone is added to it.
        device: the volume that the source lies on (`reach`); None takes the one it lies on now.
    """

    def __init__(
        self,
        store: Store,
        source: Source,
        missing: Missing | None = None,
        device: int | None = None,
    ) -> None:
        self._store = store
        self._source = source
        self._root = Path(source.path)
        self._device = device if device is not None else reach(self._root, None).device
        self.missing = missing or Missing()
        self.tally = Tally()
        self._nothing_known = False

    def look_through(self) -> Iterator[Finding]:
        """Everything in the source; what is gone comes last.

        Nothing is held in memory but what is gone, whatever the size of the source.
        """
        denied = set()
        self._nothing_known = True
        for state in self._store.files(self._source.id):
            self._nothing_known = False
            status = _lstat(Path(state.path))
            if status is None:
                self.missing.add(state)
            elif stat.S_ISDIR(status.st_mode):
                denied.add(Path(state.path))
            elif not stat.S_ISREG(status.st_mode):
                self.missing.add(state)
        for item in walk(self._root):
            if isinstance(item, Entry):
                yield from self._judge(item)
            elif item.reason == "no permission" and item.path in denied:
                denied.discard(item.path)
                self.tally.skipped[item.reason] += 1
            else:
                yield from self._passed(item)
        for path in denied:
            # A folder that could not be listed and now can; what was noted about it is no longer true.
            yield Finding(Kind.GONE, path)
        yield from self.gone()

    def look_at(self, paths: Iterable[Path]) -> Iterator[Finding]:
        """Some paths that something was said about; what is gone is only noted in `missing`."""
        present = []
        for path in dict.fromkeys(map(logged, paths)):
            status = _lstat(path)
            if status is None:
                state = self._store.file_state(self._source.id, path)
                if state is not None:
                    self.missing.add(state)
            else:
                present.append((path, status))
        for path, status in present:
            if stat.S_ISDIR(status.st_mode):
                for item in walk(path):
                    yield from self._judge(item) if isinstance(item, Entry) else self._passed(item)
            elif stat.S_ISREG(status.st_mode) and not passed_name(path.name):
                if lies_in_cloud(status):
                    self.tally.skipped["only in iCloud"] += 1
                else:
                    yield from self._judge(Entry(path, status))

    def gone(self) -> Iterator[Finding]:
        """What is missing and still not there; nothing when the whole source is away, as after an unmount."""
        if self._device is None or not reach(self._root, self._device).there:
            return
        for path in list(self.missing.states):
            status = _lstat(path)
            if status is None or not stat.S_ISREG(status.st_mode):
                self.missing.discard(path)
                yield Finding(Kind.GONE, path)

    def _judge(self, entry: Entry) -> Iterator[Finding]:
        self.tally.seen += 1
        path, log = entry.path, log_of(entry.path)
        now = stat_of(entry.status, log)
        state = None
        if not self._nothing_known:
            state = self._store.file_state(self._source.id, path)
        self.missing.discard(path)
        if not needs_reading(state, now):
            self.tally.unchanged += 1
            if state is not None and state.status is FileStatus.READ and not state.documents:
                self.tally.empty += 1
            return
        if not os.access(path, os.R_OK):
            yield from self._unreadable(path, now, state)
            return
        if state is None:
            yield self._new_or_renamed(path, now)
            return
        digest = content_hash(path, now.size)
        known = digest and digest == state.content_hash and state.status is FileStatus.READ
        # The bytes that are hashed are the database's; what changed may stand in its log.
        same = known and log is None
        if same and registry.is_current(state.extractor_version):
            yield Finding(Kind.TOUCHED, path, now, digest)
        else:
            yield Finding(Kind.CHANGED, path, now, digest)

    def _new_or_renamed(self, path: Path, now: FileStat) -> Finding:
        digest = b""

        def content() -> bytes:
            nonlocal digest
            digest = digest or content_hash(path, now.size)
            return digest

        before = self.missing.same_as(now, content)
        if before is not None:
            return Finding(Kind.RENAMED, path, now, digest, before)
        return Finding(Kind.NEW, path, now, digest)

    def _unreadable(self, path: Path, now: FileStat, state: FileState | None) -> Iterator[Finding]:
        told = state is not None and state.status is FileStatus.FAILED and state.stat == now
        if told:
            self.tally.unchanged += 1
        else:
            yield Finding(Kind.DENIED, path, now)

    def _passed(self, passed: Passed) -> Iterator[Finding]:
        self.tally.skipped[passed.reason] += 1
        if passed.reason == "no permission":
            yield Finding(Kind.DENIED, passed.path)


def _lstat(path: Path) -> os.stat_result | None:
    """None only when it is certainly not there: a path that cannot be looked at is not gone."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return os.stat_result((stat.S_IFREG, *([0] * 9)))
