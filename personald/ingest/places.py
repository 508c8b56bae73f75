"""The places that are watched: which there are, which can be reached, how each is watched, which is due for a look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from personald.config import WatchSettings
from personald.ingest.view import SourceView
from personald.remembered import watched
from personald.state import StateFile
from personald.store import Counts, Source, Store
from personald.watch.hints import Hints
from personald.watch.observer import Means, Observatory, Watching
from personald.watch.reach import Reach, reach
from personald.watch.survey import Missing

log = logging.getLogger("personald.ingest")


@dataclass(slots=True)
class Place:
    """One source, as the ingest thread remembers it.

    Attributes:
        source: as the store has it.
        reach: whether it is there.
        watching: how changes are noticed; None while it is not watched.
        scan_due: it must be looked through.
        scanned_at: when it was; None for not since the start.
        missing: files that are gone and may turn up elsewhere.
        forget_at: when those are forgotten; None while there are none.
    """

    source: Source
    reach: Reach = field(default_factory=lambda: Reach(False, "not looked at yet"))
    watching: Watching | None = None
    scan_due: bool = True
    scanned_at: float | None = None
    missing: Missing = field(default_factory=Missing)
    forget_at: float | None = None


class Places:
    """All sources.

    Args:
        hints: where events of watched places go.
        settings: how often they are looked through.
        state: where each place's volume is noted.
        monotonic: the clock.
    """

    def __init__(
        self,
        hints: Hints,
        settings: WatchSettings,
        state: StateFile,
        monotonic: Callable[[], float],
    ) -> None:
        self._hints = hints
        self._settings = settings
        self._state = state
        self._monotonic = monotonic
        self._observatory = Observatory(hints)
        self._places: dict[int, Place] = {}

    def __iter__(self) -> Iterator[Place]:
        return iter(list(self._places.values()))

    def get(self, source: int) -> Place | None:
        """One place."""
        return self._places.get(source)

    def there(self) -> list[Place]:
        """Those that can be reached."""
        return [place for place in self if place.reach.there]

    def refresh(self, store: Store) -> bool:
        """Take notice of sources that were added, removed, mounted or unmounted; True when there were any."""
        before = [(place.source, place.reach, place.watching) for place in self]
        sources = {source.id: source for source in watched(store.sources())}
        for gone in [key for key in self._places if key not in sources]:
            self._observatory.leave(gone)
            self._hints.forget_source(gone)
            del self._places[gone]
            log.info("source %d is not watched any more", gone)
        devices = self._state.load().devices
        for key, source in sources.items():
            place = self._places.setdefault(key, Place(source))
            was_there = place.reach.there
            place.reach = reach(Path(source.path), devices.get(str(key)))
            if place.reach.there and place.watching is None:
                place.watching = self._observatory.watch(key, Path(source.path))
                place.scan_due = True
                log.info("source %d is watched by %s", key, place.watching.means.value)
            elif place.reach.there and place.watching is not None:
                self._watch_again(place, place.watching)
            elif not place.reach.there and was_there:
                self._observatory.leave(key)
                place.watching, place.missing, place.forget_at = None, Missing(), None
                log.warning("source %d is not reachable", key)
        return before != [(place.source, place.reach, place.watching) for place in self]

    def _watch_again(self, place: Place, before: Watching) -> None:
        place.watching = self._observatory.again(place.source.id, Path(place.source.path), before)
        if place.watching != before:
            place.scan_due = True
            log.warning(
                "source %d is now watched by %s", place.source.id, place.watching.means.value
            )

    def look_through_all(self) -> None:
        """Let every place be looked through."""
        for place in self:
            place.scan_due = True

    def due(self) -> list[Place]:
        """Places that must be looked through now."""
        return [place for place in self.there() if self._is_due(place)]

    def scanned(self, place: Place) -> None:
        """Note that a place was looked through, and which volume it lies on."""
        place.scanned_at = self._monotonic()
        device, key = place.reach.device, str(place.source.id)
        if device is None or self._state.load().devices.get(key) == device:
            return
        try:
            self._state.change(lambda now: replace(now, devices={**now.devices, key: device}))
        except OSError as error:
            log.warning("state.json cannot be written: %s", error.strerror)

    def views(self, counts: Counts) -> tuple[SourceView, ...]:
        """All places for the status."""
        return tuple(
            SourceView(
                place.source.id,
                place.source.path,
                place.source.domain.value if place.source.domain else "",
                place.reach,
                place.watching,
                place.scanned_at is not None,
                counts.per_source.get(place.source.id, 0),
            )
            for place in self
        )

    def close(self) -> None:
        """Watch nothing more."""
        self._observatory.close()

    def _is_due(self, place: Place) -> bool:
        if place.scan_due or place.scanned_at is None:
            return True
        every = self._settings.rescan_hours * 3600
        if place.watching is not None and place.watching.means is Means.POLLING:
            every = self._settings.poll_minutes * 60
        return self._monotonic() - place.scanned_at >= every
