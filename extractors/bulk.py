"""Many files through several workers, none of which ever waits for the next file.

One loop in the caller's thread listens to all workers. Each has files in hand for a fraction of a second: many notes, one
long book. Files are taken from the caller's iterable as they are needed, so that what finds them works between answers. A
worker that dies costs the file it was at: that is tried once more, alone and with less, and the others are asked anew.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from extractors import protocol
from extractors.gathering import Gathered, death, is_worth_less
from extractors.process import TICK_SECONDS, Worker, WorkerGone, ready
from extractors.results import Extraction, FailureKind

# What a worker has in hand: enough while the caller stores what came before …
AHEAD_SECONDS = 0.2
MOST_AHEAD = 256
FIRST_AHEAD = 4
# … taken a handful at a time, so that the last files are shared out …
HANDFUL = 64
# … but no request may fill the pipe while the worker waits for its own answers to be read.
AHEAD_BYTES = 16 * 1024

Request = Callable[[Sequence[Path], bool], Mapping[str, Any]]
"""From paths, and whether they shall be read with less, to the request."""
Found = tuple[Path, Extraction]


def read_many(
    workers: Sequence[Worker], paths: Iterable[Path], request: Request
) -> Iterator[Found]:
    """Read files with all workers at once; results come as they are ready, in no set order.

    Args:
        workers: none of them has anything in hand.
        paths: the files, taken in the caller's thread a few at a time.
        request: makes what is sent to a worker.
    """
    source = iter(paths)
    lanes = [_Lane(worker, request) for worker in workers]
    try:
        while True:
            for lane in lanes:
                lane.fill(source)
                yield from lane.found()
            busy = [lane for lane in lanes if lane.waiting]
            if not busy:
                if any(lane.unasked for lane in lanes):
                    continue
                return
            heard = set(ready((lane.worker for lane in busy), TICK_SECONDS))
            for lane in busy:
                lane.listen(lane.worker in heard)
                yield from lane.found()
    finally:
        for lane in lanes:
            lane.leave()


class _Lane:
    """One worker and the files it has in hand.

    Attributes:
        worker: as given.
        waiting: files that were asked for and not answered yet, in order.
        unasked: files that were taken and not asked for yet.
    """

    def __init__(self, worker: Worker, request: Request) -> None:
        self.worker = worker
        self.waiting: deque[Path] = deque()
        self.unasked: list[Path] = []
        self._request = request
        self._found: list[Found] = []
        self._gathered = Gathered()
        self._reduced = False
        self._ahead = FIRST_AHEAD
        self._measured_at = 0.0
        self._answered = 0

    def fill(self, source: Iterator[Path]) -> None:
        """Ask for more, once half of what was asked for is answered."""
        if self._reduced or 2 * len(self.waiting) > self._ahead:
            return
        if self.waiting and self.worker.is_due:
            return
        if not self.unasked:
            wanted = min(HANDFUL, self._ahead - len(self.waiting))
            self.unasked = list(itertools.islice(source, wanted))
        if self.unasked:
            frame = protocol.pack(self._request(self.unasked, False))
            if not self.waiting or len(frame) <= AHEAD_BYTES:
                asked, self.unasked = self.unasked, []
                self._ask(frame, asked)

    def listen(self, heard: bool) -> None:
        """Take the answers that are there; where there are none, look whether the worker is still well."""
        try:
            if heard:
                self.worker.read()
                for answer in self.worker.answers():
                    if self._gathered.add(answer):
                        self._end()
            else:
                self.worker.watch()
        except WorkerGone as gone:
            self._lose(gone)

    def found(self) -> list[Found]:
        """Hand over what is ready."""
        found, self._found = self._found, []
        return found

    def leave(self) -> None:
        """End a worker whose answers nobody will hear any more."""
        if self.waiting:
            self.worker.kill()

    def _ask(self, frame: bytes, paths: Iterable[Path]) -> None:
        if not self.waiting:
            self._measured_at, self._answered = time.monotonic(), 0
        before = len(self.waiting)
        self.waiting.extend(paths)
        try:
            self.worker.send(frame, len(self.waiting) - before)
        except WorkerGone as gone:
            self._lose(gone)

    def _end(self) -> None:
        """The file in hand was answered."""
        if is_worth_less(self._gathered.told) and not self._reduced:
            raise WorkerGone(FailureKind.MEMORY, "reading it takes too much memory")
        self._reduced = False
        self._keep()
        self._answered += 1
        passed = time.monotonic() - self._measured_at
        if passed >= TICK_SECONDS:
            self._ahead = max(1, min(MOST_AHEAD, round(AHEAD_SECONDS * self._answered / passed)))
            self._measured_at, self._answered = time.monotonic(), 0
        elif self._answered > self._ahead:
            self._ahead = min(MOST_AHEAD, 2 * self._ahead)

    def _keep(self) -> None:
        self._found.append((self.waiting.popleft(), self._gathered.extraction()))
        self._gathered = Gathered()

    def _lose(self, gone: WorkerGone) -> None:
        """The worker is given up: the file it was at is tried with less, or has failed."""
        self.worker.kill()
        if not self.waiting:
            return
        path, *others = self.waiting
        self.unasked = [*others, *self.unasked]
        self.waiting.clear()
        self._gathered = Gathered()
        if self._reduced:
            self._reduced = False
            self._gathered.told = death(gone)
            self.waiting.append(path)
            self._keep()
        else:
            self._reduced = True
            self._ask(protocol.pack(self._request([path], True)), [path])
