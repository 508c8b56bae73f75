"""The thread that keeps all sources up to date.

It alone writes documents. Sources are looked through at the start, after the machine slept, every few hours, when
events were lost, and when somebody asks; in between, hints are followed up. What it knows is published as an immutable
`View`, so that whoever asks for the status never waits for the store.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from extractors.sandbox import Limits, Pool
from personald import allocator
from personald.config import WatchSettings
from personald.errors import Locked, PersonaldError
from personald.ingest.counts import Counts
from personald.ingest.places import Place, Places
from personald.ingest.reader import Interrupted, Reader
from personald.ingest.view import View, domain_facts
from personald.sensitive import forget_words
from personald.state import StateFile
from personald.store import Store
from personald.store.errors import DocumentUnknown
from personald.watch.hints import Hints, Settled
from personald.watch.survey import Missing

log = logging.getLogger("personald.ingest")

# How often sources are checked for being there, and how long the thread sleeps at most.
HOUSEKEEPING_SECONDS = 15.0
# A file that is gone may turn up under another name: it is forgotten after so long.
MISSING_SECONDS = 2.0
# Extractor processes are ended after so long without work.
REST_SECONDS = 20.0
# After an error of the store it is opened again after so long …
TROUBLE_SECONDS = 15.0
# … and after one of the keychain so long: each try may show a question to the person.
LOCKED_SECONDS = 600.0
# Counting costs the more, the more there is; under a storm of changes it is done at most so often …
COUNT_SECONDS = 1.0
# … and takes at most this share of the time.
COUNT_SHARE = 0.03

Progress = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class _Request:
    source: int | None
    progress: Progress
    answer: Future[dict[str, Any]]


class IngestLoop:
    """Keeps all sources up to date, in a thread of its own.

    Args:
        open_store: opens the store for writing; called again after an error.
        settings: how to watch.
        state: where each source's volume is noted, and what was trained on.
        choices: what extractors are told of the person's choices.
        cache: where extractors leave what takes long to make; None makes it anew each time they are started.
        monotonic: the clock.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        settings: WatchSettings,
        state: StateFile,
        choices: Mapping[str, bool | int] | None = None,
        cache: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._open_store = open_store
        self._settings = settings
        self._state = state
        self._choices = dict(choices or {})
        self._monotonic = monotonic
        self.hints = Hints(settings.debounce_seconds, monotonic)
        self._places = Places(self.hints, settings, state, monotonic)
        self._store: Store | None = None
        self._reader: Reader | None = None
        self._requests: deque[_Request] = deque()
        self._stopping = threading.Event()
        self._reload = threading.Event()
        self._rescan = threading.Event()
        self._busy_at = monotonic()
        self._rested = True
        self._housekept_at = -HOUSEKEEPING_SECONDS
        self._count_at = monotonic()
        self._uncounted = True
        self.view = View()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    # ---- what other threads call ----

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Stop after the file in hand."""
        self._stopping.set()
        self.hints.wake()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def reload(self) -> None:
        """Take notice of added and removed sources, and try again what failed."""
        self._reload.set()
        self.hints.wake()

    def look_through_all(self) -> None:
        """Look through all sources: the machine slept, and what happened meanwhile was not told."""
        self._rescan.set()
        self.hints.wake()

    def recount(self) -> None:
        """Count anew: something else has changed what the figures are measured against."""
        self._uncounted = True
        self.hints.wake()

    def snapshot(self) -> View:
        """What was published last, with what waits at this very moment."""
        reader = self._reader
        return replace(self.view, pending=len(self.hints) + (reader.backlog if reader else 0))

    def scan(self, source: int | None, progress: Progress) -> dict[str, Any]:
        """Look through one source, or all, now; blocks until it is done, and returns the counts as JSON.

        Raises:
            PersonaldError: there is no such source, or the store cannot be written.
        """
        answer: Future[dict[str, Any]] = Future()
        self._requests.append(_Request(source, progress, answer))
        self.hints.wake()
        while not self._stopping.is_set():
            try:
                return answer.result(timeout=0.5)
            except TimeoutError:
                continue
        raise PersonaldError("The daemon is stopping.")

    # ---- the thread ----

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Interrupted:
                break
            except PersonaldError as error:
                self._in_trouble(error)
        self._close()

    def _turn(self) -> None:
        store, _ = self._opened()
        now = self._monotonic()
        if self._reload.is_set() or now - self._housekept_at >= HOUSEKEEPING_SECONDS:
            self._housekeep(store, now)
        if self._rescan.is_set():
            self._rescan.clear()
            self._places.look_through_all()
        self._answer_requests()
        for place in self._places.due():
            self._look_through(place)
        self._forget_missing()
        self._count()
        self._follow(self.hints.take(self._patience()))
        self._maybe_rest()

    def _opened(self) -> tuple[Store, Reader]:
        if self._store is None or self._reader is None:
            self._store = self._open_store()
            self._reader = Reader(
                self._store,
                lambda: Pool(
                    Limits(), self._settings.workers, choices=self._choices, cache=self._cache
                ),
                self._settings,
                self._stopping.is_set,
            )
            self.view = replace(self.view, problem=None)
            log.info("the store is open")
        return self._store, self._reader

    def _housekeep(self, store: Store, now: float) -> None:
        """Take notice of sources that came, went, were mounted or unmounted."""
        self._reload.clear()
        self._housekept_at = now
        # Counting takes a tenth of a second where there are 100,000 documents: not every quarter of a minute.
        if self._places.refresh(store) or store.was_changed_elsewhere():
            self._uncounted = True

    def _look_through(
        self, place: Place, progress: Callable[[Counts], None] = lambda _: None
    ) -> Counts:
        store, reader = self._opened()
        source = place.source
        began = self._monotonic()
        place.scan_due = False
        self.view = replace(self.view, reading=source.id)

        def each(counts: Counts) -> None:
            progress(counts)
            self._show(counts)

        def turn() -> None:
            self._follow(self.hints.take_ready())

        try:
            counts = reader.read_all(source, turn, each, place.reach.device)
        except PersonaldError:
            place.scan_due = True
            raise
        finally:
            self.view = replace(self.view, reading=None)
        self._places.scanned(place)
        self._busy_at = self._monotonic()
        self._rested = False
        self._again(place)
        self._uncounted = True
        if counts.changes:
            store.flush()
        seconds = self._monotonic() - began
        log.info(
            "source %d looked through: %d files, %d new, %d changed, %d deleted, %d failed, %.1f s",
            *(source.id, counts.seen, counts.new, counts.changed, counts.deleted, counts.failed),
            seconds,
        )
        return counts

    def _follow(self, settled: Settled) -> None:
        """Look at what became quiet."""
        for key in settled.sources:
            known = self._places.get(key)
            if known is not None:
                known.scan_due = True
        for key, paths in settled.paths.items():
            place = self._places.get(key)
            if place is None or not place.reach.there or place.scan_due:
                continue
            try:
                counts = self._read_some(place, paths)
            except DocumentUnknown:
                continue
            except PersonaldError:
                place.scan_due = True
                raise
            if place.missing.states and place.forget_at is None:
                place.forget_at = self._monotonic() + MISSING_SECONDS
            self._again(place)
            self._busied(key, counts)

    def _read_some(self, place: Place, paths: list[Path]) -> Counts:
        """Look at some paths; one may be a folder with any number of files, and then it is shown as a long look."""
        _, reader = self._opened()
        before = self.view.reading

        def show(counts: Counts) -> None:
            self.view = replace(self.view, reading=place.source.id)
            self._show(counts)

        try:
            return reader.read_some(place.source, paths, place.missing, place.reach.device, show)
        finally:
            self.view = replace(self.view, reading=before)

    def _again(self, place: Place) -> None:
        """Files that changed under the extractor's hands are looked at once more."""
        _, reader = self._opened()
        for path in reader.try_again:
            self.hints.add(place.source.id, path)
        reader.try_again.clear()

    def _forget_missing(self) -> None:
        now = self._monotonic()
        for place in self._places:
            if place.forget_at is not None and now >= place.forget_at:
                place.forget_at = None
                _, reader = self._opened()
                counts = reader.forget_missing(place.source, place.missing, place.reach.device)
                place.missing = Missing()
                self._busied(place.source.id, counts)

    def _busied(self, key: int, counts: Counts) -> None:
        self._busy_at = self._monotonic()
        self._rested = False
        self._uncounted = True
        if counts.changes:
            log.info(
                "source %d: %d new, %d changed, %d deleted, %d failed",
                *(key, counts.new, counts.changed, counts.deleted, counts.failed),
            )

    def _answer_requests(self) -> None:
        while self._requests:
            request = self._requests.popleft()
            try:
                request.answer.set_result(self._answer(request))
            except PersonaldError as error:
                request.answer.set_exception(error)

    def _answer(self, request: _Request) -> dict[str, Any]:
        store, _ = self._opened()
        self._housekeep(store, self._monotonic())
        places = [p for p in self._places if request.source in (None, p.source.id)]
        if request.source is not None and not places:
            raise DocumentUnknown(
                f"there is no source {request.source}", "See `personald source list`."
            )
        total = Counts()
        unreachable = []
        for place in places:
            if not place.reach.there:
                unreachable.append(f"{place.source.path}: {place.reach.reason}")
                continue
            total += self._look_through(place, lambda counts: request.progress(counts.to_json()))
        self._count(force=True)
        return total.to_json() | {"unreachable": unreachable}

    def _patience(self) -> float:
        now = self._monotonic()
        until = [self._housekept_at + HOUSEKEEPING_SECONDS - now]
        until += [p.forget_at - now for p in self._places if p.forget_at is not None]
        if self._uncounted:
            until.append(self._count_at - now)
        asked = self._requests or self._rescan.is_set() or self._reload.is_set()
        if asked or self._places.due():
            return 0.0
        return max(0.0, min(until))

    def _show(self, _: Counts) -> None:
        """Publish the figures in the middle of a look that may be a long one."""
        self._uncounted = True
        self._count()

    def _count(self, *, force: bool = False) -> None:
        """Publish the figures, not too often."""
        now = self._monotonic()
        if not (force or (self._uncounted and now >= self._count_at)):
            return
        store, _ = self._opened()
        counts = store.counts()
        taken = self._monotonic() - now
        self._uncounted, self._count_at = False, now + max(COUNT_SECONDS, taken / COUNT_SHARE)
        self.view = replace(
            self.view,
            ready=all(place.scanned_at is not None for place in self._places.there()),
            sources=self._places.views(counts),
            total=counts.total,
            failed=counts.failed,
            skipped=dict(counts.skipped),
            domains=domain_facts(store, counts, self._state.load()),
        )

    def _maybe_rest(self) -> None:
        """After a while without work end the extractors and give memory back."""
        if self._rested or self._monotonic() - self._busy_at < REST_SECONDS:
            return
        self._rested = True
        store, reader = self._opened()
        reader.rest()
        store.flush()
        forget_words()
        allocator.give_back()

    def _in_trouble(self, error: PersonaldError) -> None:
        """The store cannot be used: say so, and try again in a while or when asked to."""
        if str(self.view.problem) != str(error):
            log.error("%s", error.title)
        self.view = replace(self.view, problem=error, reading=None)
        self._close_store()
        wait = LOCKED_SECONDS if isinstance(error, Locked) else TROUBLE_SECONDS
        deadline = self._monotonic() + wait
        while not (self._stopping.is_set() or self._reload.is_set()):
            while self._requests:
                self._requests.popleft().answer.set_exception(error)
            left = deadline - self._monotonic()
            if left <= 0:
                return
            self._stopping.wait(min(left, 0.5))

    def _close_store(self) -> None:
        reader, self._reader = self._reader, None
        store, self._store = self._store, None
        if reader is not None:
            reader.rest()
        if store is not None:
            store.close()

    def _close(self) -> None:
        self._places.close()
        if self._store is not None:
            try:
                self._store.flush()
            except PersonaldError as error:
                log.error("%s", error.title)
        self._close_store()
