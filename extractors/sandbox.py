"""The pool of worker processes: the daemon hands in paths and gets documents, and no file can hurt it.

A worker that dies, hangs, eats memory or talks nonsense is killed and replaced; the file it had in hand is tried once
more with less (`Options.reduced`), then named as failed. The parent reads frames, never files.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from extractors import bulk, protocol
from extractors.document import Document, Domain
from extractors.gathering import Gathered, death, is_worth_less
from extractors.process import Limits, Worker, WorkerGone
from extractors.results import Extraction, Failure, Item, Skip
from extractors.scratch import Scratch


class Pool:
    """A pool of confined worker processes.

    Args:
        limits: what one file may cost.
        workers: how many processes, at least 1; started when first needed.
        clock: tells the time, for windows of recurring events.
        choices: the person's choices, as keyword arguments of `Options` (such as `include_bulk`).
        extra_path: folders where workers look for formats of third parties besides the installed ones.
        cache: where workers leave what takes long to make and holds nothing of anybody's; None makes it anew for each
            pool.

    Safe to use from several threads; each call takes a free worker.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        workers: int = 1,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        choices: Mapping[str, bool | int] | None = None,
        extra_path: Sequence[Path] = (),
        cache: Path | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._clock = clock
        self._choices = dict(choices or {})
        self._scratch = Scratch()
        self.scratch = self._scratch.path
        self._starter = ThreadPoolExecutor(1, "starts-readers")
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        kept = cache or self.scratch / "cache"
        self._all = [
            Worker(self.scratch / str(number), self._limits, tuple(extra_path), kept, self._starter)
            for number in range(max(1, workers))
        ]
        for worker in self._all:
            self._free.put(worker)

    def extract(
        self, path: Path, domain: Domain | None = None, kind: str | None = None
    ) -> Extraction:
        """Read one file and return all that it gave. A failure is part of the result, never an exception.

        Args:
            path: the file.
            domain: the domain that the person gave its source, or None.
            kind: the name of the format that the person said it is, or None to recognise it.
        """
        gathered = Gathered()
        for _ in self._run(path, domain, kind, gathered, stream=False):
            pass
        return gathered.extraction()

    def stream(
        self,
        path: Path,
        domain: Domain | None = None,
        kind: str | None = None,
        end: Callable[[Extraction], None] | None = None,
    ) -> Generator[Document | Failure, None, None]:
        """Read one file of any size, item by item, holding a few of them at a time.

        Args:
            path, domain, kind: as for `extract`.
            end: called once at the end with the `Extraction` without documents: format, version, skipped counts and
                the failure of the file as a whole (which is yielded too, last, with the path as its origin).
        """
        gathered = Gathered(keep=False)
        for item in self._run(path, domain, kind, gathered, stream=True):
            if not isinstance(item, Skip):
                yield item
        done = gathered.extraction()
        if done.failure is not None:
            yield Failure(done.failure.reason, done.failure.kind, _printable(path))
        if end is not None:
            end(done)

    def extract_many(
        self, paths: Iterable[Path], domain: Domain | None = None, kind: str | None = None
    ) -> Iterator[tuple[Path, Extraction]]:
        """Read many files with all workers at once; results come as they are ready, in no set order.

        Args:
            paths: the files, taken a few at a time, as they are needed; it must not use the pool itself.
            domain, kind: as for `extract`.
        """
        workers = [self._free.get() for _ in self._all]
        try:
            yield from bulk.read_many(
                workers,
                paths,
                lambda some, reduced: self._request(some, domain, kind, reduced=reduced),
            )
        finally:
            for worker in workers:
                self._free.put(worker)

    def close(self) -> None:
        """End all workers and remove their scratch folders."""
        for worker in self._all:
            worker.kill()
        self._starter.shutdown()
        self._scratch.remove()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(
        self,
        paths: Sequence[Path],
        domain: Domain | None,
        kind: str | None,
        *,
        reduced: bool = False,
        stream: bool = False,
    ) -> dict[str, Any]:
        here = os.fspath(Path.cwd())
        return {
            "files": [
                (os.path.normpath(os.path.join(here, path)), _printable(path)) for path in paths
            ],
            "domain": domain.value if domain else None,
            "kind": kind,
            "reduced": reduced,
            "stream": stream,
            "now": self._clock().isoformat(),
            "cpu_seconds": self._limits.cpu_seconds,
            "choices": self._choices,
        }

    def _run(
        self,
        path: Path,
        domain: Domain | None,
        kind: str | None,
        gathered: Gathered,
        *,
        stream: bool,
    ) -> Iterator[Item]:
        """Read one file, once more with less where the worker died; items given before its death stand."""
        given: set[str] = set()
        worker = self._free.get()
        try:
            for reduced in (False, True):
                request = self._request([path], domain, kind, reduced=reduced, stream=stream)
                try:
                    for item in _answered(worker, request, gathered):
                        if isinstance(item, Document):
                            if item.origin in given:
                                continue
                            given.add(item.origin)
                        gathered.take(item)
                        yield item
                except WorkerGone as gone:
                    gathered.told = death(gone)
                except GeneratorExit:
                    # The rest of the answer is unwanted; a new worker is cheaper than reading it.
                    worker.kill()
                    raise
                if not is_worth_less(gathered.told):
                    return
                worker.kill()
        finally:
            self._free.put(worker)


def _answered(worker: Worker, request: Mapping[str, Any], gathered: Gathered) -> Iterator[Item]:
    """Yield what a worker answers about one file, and note its last word. Raises WorkerGone."""
    worker.send(protocol.pack(request), 1)
    told = None
    while told is None:
        items, told = worker.receive()
        yield from items
    gathered.told = told


def _printable(path: Path) -> str:
    """A path as text: bytes of a name that are no UTF-8 become "\\xNN"."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


__all__ = ["Limits", "Pool"]
