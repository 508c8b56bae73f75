"""Where hints come from: events of the system where there are any, else a look every few minutes, and said so."""

from __future__ import annotations

import enum
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from extractors.folders import PASSED_FOLDERS, passed_name
from personald.store.hardening import (
    NETWORK_KINDS,
    kind_of_volume,
    parse_mount_command,
    parse_proc_mounts,
    system_mounts,
)
from personald.watch.hints import Hints
from personald.watch.room import lack_of_watches

# Reading a file makes events too (opened, closed without writing); these are the ones that can mean a change.
EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    FileClosedEvent,
    FileAttribEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


class Means(enum.Enum):
    """How changes of a source are noticed."""

    EVENTS = "events"
    POLLING = "polling"


@dataclass(frozen=True, slots=True)
class Watching:
    """How one source is watched, and why so when it is by polling."""

    means: Means
    reason: str = ""


class Observatory:
    """Watches sources and fills `hints`.

    Args:
        hints: where paths go.
        mounts: returns the text that lists what is mounted.
        lack: says why the system would not watch one folder more.
    """

    def __init__(
        self,
        hints: Hints,
        mounts: Callable[[], str] = system_mounts,
        lack: Callable[[], str] = lack_of_watches,
    ) -> None:
        self._hints = hints
        self._mounts = mounts
        self._lack = lack
        self._observer: BaseObserver | None = None
        self._watches: dict[int, ObservedWatch] = {}
        self._lock = threading.Lock()
        self._lost = _LossHandler(self._everything)

    def watch(self, source: int, root: Path) -> Watching:
        """Begin to watch a source; watching it already changes nothing but is tried anew after a refusal."""
        with self._lock:
            if source in self._watches:
                return self._judged()
            kind = self._network_kind(root)
            if kind:
                return Watching(Means.POLLING, f"volumes of kind {kind} give no events")
            folder = root if root.is_dir() else root.parent
            handler = _Handler(self._hints, source, root)
            try:
                self._watches[source] = self._started().schedule(
                    handler, str(folder), recursive=root.is_dir(), event_filter=EVENTS
                )
            except OSError as error:
                lack = self._lack() or f"the system gives no events: {error.strerror}"
                return Watching(Means.POLLING, lack)
            return self._judged()

    def again(self, source: int, root: Path, before: Watching) -> Watching:
        """Look whether a source is still watched as it was: folders may have come that were refused.

        Where the limit was raised meanwhile, it is watched anew.
        """
        if before.means is Means.EVENTS:
            return self._judged()
        if source in self._watches and not self._lack():
            self.leave(source)
            return self.watch(source, root)
        return before

    def _judged(self) -> Watching:
        """Events are believed only while the system would watch one folder more, so none can have been refused."""
        lack = self._lack()
        return Watching(Means.POLLING, lack) if lack else Watching(Means.EVENTS)

    def leave(self, source: int) -> None:
        """Watch a source no more."""
        with self._lock:
            watch = self._watches.pop(source, None)
            if watch is not None and self._observer is not None:
                self._observer.unschedule(watch)

    def close(self) -> None:
        """Watch nothing more."""
        with self._lock:
            observer, self._observer = self._observer, None
            self._watches.clear()
        if observer is not None:
            observer.stop()
            observer.join(timeout=5.0)
            self._lost.detach()

    def _started(self) -> BaseObserver:
        if self._observer is None:
            self._observer = Observer()
            self._observer.start()
            self._lost.attach()
        return self._observer

    def _network_kind(self, root: Path) -> str:
        text = self._mounts()
        parse = parse_mount_command if " on /" in text else parse_proc_mounts
        kind = kind_of_volume(os.path.realpath(root), parse(text))
        return kind if kind in NETWORK_KINDS else ""

    def _everything(self) -> None:
        for source in list(self._watches):
            self._hints.add_source(source)


class _Handler(FileSystemEventHandler):
    """Turns events of one source into hints."""

    def __init__(self, hints: Hints, source: int, root: Path) -> None:
        self._hints = hints
        self._source = source
        self._root = root
        self._parts = len(root.parts)

    def on_any_event(self, event: FileSystemEvent) -> None:
        if isinstance(event, (DirMovedEvent, DirDeletedEvent)):
            # What was in it is not told everywhere, and may be much.
            if self._concerns(Path(os.fsdecode(event.src_path))):
                self._hints.add_source(self._source)
            return
        for said in (event.src_path, event.dest_path):
            if said:
                path = Path(os.fsdecode(said))
                if self._concerns(path):
                    self._hints.add(self._source, path)

    def _concerns(self, path: Path) -> bool:
        below = path.parts[self._parts :]
        if path != self._root and (not below or path.parts[: self._parts] != self._root.parts):
            return False
        return not any(part in PASSED_FOLDERS for part in below) and not passed_name(path.name)


class _LossHandler(logging.Handler):
    """Hears from watchdog's own log that events were lost, which it tells nobody else; the log itself goes nowhere.

    inotify_c.py, handle_event: "Inotify queue overflowed; filesystem events were lost" at level WARNING; errors while
    re-building watches are logged as well. They name paths, so none of it may reach a file.
    """

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def attach(self) -> None:
        for name in ("watchdog", "fsevents"):
            logging.getLogger(name).addHandler(self)
            logging.getLogger(name).propagate = False

    def detach(self) -> None:
        for name in ("watchdog", "fsevents"):
            logging.getLogger(name).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._lost()
