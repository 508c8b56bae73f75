"""Paths that something was said about, held until they have been quiet for a moment.

An editor saves in several steps, and a program that logs never stops: so a path waits until nothing was said about it
for a while, but never longer than ten such whiles. The set is bounded: where too much is said at once, the source as a
whole is looked through instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOST_PATIENCE = 10
MOST_PATHS = 20_000


@dataclass(slots=True)
class _Waiting:
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Settled:
    """What has become quiet.

    Attributes:
        paths: for each source the paths to look at.
        sources: sources to look through as a whole.
    """

    paths: dict[int, list[Path]]
    sources: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.paths or self.sources)


class Hints:
    """The set of waiting paths; safe for use by many threads.

    Args:
        quiet_seconds: how long a path must have been quiet.
        monotonic: the clock.
        most_paths: with more than so many waiting paths, sources are looked through as a whole.
    """

    def __init__(
        self,
        quiet_seconds: float,
        monotonic: Callable[[], float],
        most_paths: int = MOST_PATHS,
    ) -> None:
        self._quiet = quiet_seconds
        self._monotonic = monotonic
        self._most = most_paths
        self._paths: dict[tuple[int, Path], _Waiting] = {}
        self._sources: dict[int, _Waiting] = {}
        self._woken = False
        self._changed = threading.Condition()

    def add(self, source: int, path: Path) -> None:
        """Say that something may have happened to a path, a file or folder of a source."""
        now = self._monotonic()
        with self._changed:
            if source in self._sources:
                return
            waiting = self._paths.get((source, path))
            if waiting is not None:
                waiting.last = now
                return
            if len(self._paths) >= self._most:
                self._whole(source, now)
                return
            self._paths[source, path] = _Waiting(now, now)
            self._changed.notify_all()

    def add_source(self, source: int) -> None:
        """Say that anything may have happened anywhere in a source."""
        with self._changed:
            self._whole(source, self._monotonic())

    def forget_source(self, source: int) -> None:
        """Drop what waits of a source."""
        with self._changed:
            self._drop(source)
            self._sources.pop(source, None)

    def wake(self) -> None:
        """Make the `take` that waits, or else the next one, return at once."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def take(self, timeout: float) -> Settled:
        """Wait until something has become quiet, something else happens, or the time is up; take what is quiet."""
        with self._changed:
            if not self._woken:
                self._changed.wait(self._patience(timeout))
            self._woken = False
            now = self._monotonic()
            ready = [key for key, waiting in self._paths.items() if self._ready_at(waiting) <= now]
            paths: dict[int, list[Path]] = {}
            for source, path in ready:
                del self._paths[source, path]
                paths.setdefault(source, []).append(path)
            sources = [
                key for key, waiting in self._sources.items() if self._ready_at(waiting) <= now
            ]
            for source in sources:
                del self._sources[source]
            return Settled(paths, frozenset(sources))

    def take_ready(self) -> Settled:
        """Take what is quiet, without waiting."""
        return self.take(0.0)

    def __len__(self) -> int:
        """How many paths and whole sources wait."""
        with self._changed:
            return len(self._paths) + len(self._sources)

    def _whole(self, source: int, now: float) -> None:
        waiting = self._sources.get(source)
        if waiting is not None:
            waiting.last = now
            return
        self._drop(source)
        self._sources[source] = _Waiting(now, now)
        self._changed.notify_all()

    def _drop(self, source: int) -> None:
        for key in [key for key in self._paths if key[0] == source]:
            del self._paths[key]

    def _ready_at(self, waiting: _Waiting) -> float:
        return min(waiting.last + self._quiet, waiting.first + MOST_PATIENCE * self._quiet)

    def _patience(self, timeout: float) -> float:
        # Times only move on, so that the oldest entry of each kind is ready first or nearly so.
        oldest = [next(iter(kind.values())) for kind in (self._paths, self._sources) if kind]
        wait = [self._ready_at(waiting) - self._monotonic() for waiting in oldest]
        return max(0.0, min([timeout, *wait]))
