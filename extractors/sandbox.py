"""The pool of worker processes: the daemon hands in paths and gets documents, and no file can hurt it.

A worker that dies, hangs, eats memory or talks nonsense is killed and replaced; the file it had in hand is tried once
more with less (`Options.reduced`), then named as failed. The parent reads frames, never files.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from extractors import protocol
from extractors.document import Document, Domain
from extractors.process import TICK_SECONDS, Limits, Worker, WorkerGone
from extractors.results import Extraction, Failure, FailureKind, Item, Skip

# How many requests go to a worker at once in bulk: enough to hide the pipe's latency, few enough to share out well.
BATCH = 16


class Pool:
    """A pool of confined worker processes.

    Args:
        limits: what one file may cost.
        workers: how many processes, at least 1; started when first needed.
        clock: tells the time, for windows of recurring events.
        choices: the person's choices, as keyword arguments of `Options` (such as `include_bulk`).
        extra_path: folders where workers look for formats of third parties besides the installed ones.

    Safe to use from several threads; each call takes a free worker.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        workers: int = 1,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        choices: Mapping[str, bool | int] | None = None,
        extra_path: Sequence[Path] = (),
    ) -> None:
        self._limits = limits or Limits()
        self._clock = clock
        self._choices = dict(choices or {})
        self.scratch = Path(tempfile.mkdtemp(prefix="personald-extract-"))
        self._starter = ThreadPoolExecutor(1, "starts-readers")
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._all = [
            Worker(self.scratch / str(number), self._limits, tuple(extra_path), self._starter)
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
        gathered = _Gathered()
        for item in self._run(self._request(path, domain, kind), gathered.end):
            gathered.take(item)
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
        gathered = _Gathered(keep=False)
        for item in self._run(self._request(path, domain, kind) | {"stream": True}, gathered.end):
            gathered.take(item)
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
        """Read many files with all workers at once, in batches; results come as they are ready, in no set order.

        Args:
            paths: the files.
            domain, kind: as for `extract`.
        """
        results: queue.Queue[list[tuple[Path, Extraction]] | BaseException | None] = queue.Queue(
            maxsize=16
        )
        source, lock, stop = iter(paths), threading.Lock(), threading.Event()

        def work() -> None:
            worker = self._free.get()
            try:
                while not stop.is_set():
                    with lock:
                        batch = list(itertools.islice(source, BATCH))
                    if not batch:
                        break
                    for ready in _handfuls(self._batch(worker, batch, domain, kind)):
                        results.put(ready)
                results.put(None)
            except BaseException as error:
                results.put(error)
            finally:
                self._free.put(worker)

        threads = [threading.Thread(target=work, daemon=True) for _ in self._all]
        for thread in threads:
            thread.start()
        running = len(threads)
        try:
            while running:
                found = results.get()
                if found is None:
                    running -= 1
                elif isinstance(found, BaseException):
                    raise found
                else:
                    yield from found
        finally:
            stop.set()
            while any(thread.is_alive() for thread in threads):
                with contextlib.suppress(queue.Empty):
                    results.get(timeout=0.05)

    def close(self) -> None:
        """End all workers and remove their scratch folders."""
        for worker in self._all:
            worker.kill()
        self._starter.shutdown()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(self, path: Path, domain: Domain | None, kind: str | None) -> dict[str, Any]:
        return {
            "path": os.path.normpath(path if path.is_absolute() else Path.cwd() / path),
            "origin": _printable(path),
            "domain": domain.value if domain else None,
            "kind": kind,
            "reduced": False,
            "stream": False,
            "now": self._clock().isoformat(),
            "cpu_seconds": self._limits.cpu_seconds,
            "choices": self._choices,
        }

    def _run(
        self, request: Mapping[str, Any], end: Callable[[Mapping[str, Any]], None]
    ) -> Iterator[Item]:
        """Read one file, once more with less where the worker died; items given before its death stand."""
        given: set[str] = set()
        worker = self._free.get()
        try:
            told: Mapping[str, Any] | None = None
            for reduced in (False, True):
                try:
                    worker.send([{**request, "reduced": reduced}])
                    while True:
                        items, told = worker.receive()
                        for item in items:
                            if isinstance(item, Document):
                                if item.origin in given:
                                    continue
                                given.add(item.origin)
                            yield item
                        if told is not None:
                            break
                except WorkerGone as gone:
                    worker.kill()
                    told = _death(gone)
                except GeneratorExit:
                    # The rest of the answer is unwanted; a new worker is cheaper than reading it.
                    worker.kill()
                    raise
                if not _worth_less(told) or reduced:
                    break
                if _memory(told):
                    worker.kill()
            if told is not None:
                end(told)
        finally:
            self._free.put(worker)

    def _batch(
        self, worker: Worker, paths: Sequence[Path], domain: Domain | None, kind: str | None
    ) -> Iterator[tuple[Path, Extraction]]:
        """Read a batch with one worker; where it dies, the file in hand is retried alone and the rest goes on."""
        waiting = list(paths)
        while waiting:
            position = 0
            try:
                worker.send([self._request(path, domain, kind) for path in waiting])
                for path in waiting:
                    gathered = _Gathered()
                    gathered.receive(worker)
                    if _worth_less(gathered.told):
                        raise WorkerGone(FailureKind.MEMORY, "")
                    position += 1
                    yield path, gathered.extraction()
                return
            except WorkerGone as gone:
                worker.kill()
                path = waiting[position]
                request = self._request(path, domain, kind)
                yield path, self._again(worker, request, _death(gone))
                waiting = waiting[position + 1 :]

    def _again(
        self, worker: Worker, request: Mapping[str, Any], first: Mapping[str, Any]
    ) -> Extraction:
        gathered = _Gathered()
        try:
            worker.send([{**request, "reduced": True}])
            gathered.receive(worker)
        except WorkerGone as gone:
            worker.kill()
            gathered.end(_death(gone))
        if gathered.told.get("failure") is not None and first.get("version"):
            gathered.end({**gathered.told, "version": first["version"]})
        return gathered.extraction()


def _handfuls(
    found: Iterator[tuple[Path, Extraction]],
) -> Iterator[list[tuple[Path, Extraction]]]:
    """Hand results over together when they come fast: each passing between threads costs as much as a small file."""
    ready: list[tuple[Path, Extraction]] = []
    due = time.monotonic() + TICK_SECONDS
    for one in found:
        ready.append(one)
        if time.monotonic() >= due:
            yield ready
            ready, due = [], time.monotonic() + TICK_SECONDS
    if ready:
        yield ready


class _Gathered:
    """What one file gave so far."""

    def __init__(self, keep: bool = True) -> None:
        self._keep = keep
        self._documents: list[Document] = []
        self._failures: list[Failure] = []
        self._skipped: dict[str, int] = {}
        self.told: Mapping[str, Any] = {}

    def take(self, item: Item) -> None:
        if isinstance(item, Skip):
            self._skipped[item.reason] = self._skipped.get(item.reason, 0) + item.count
        elif self._keep:
            if isinstance(item, Document):
                self._documents.append(item)
            else:
                self._failures.append(item)

    def receive(self, worker: Worker) -> None:
        """Receive all of one file. Raises WorkerGone."""
        told = None
        while told is None:
            items, told = worker.receive()
            for item in items:
                self.take(item)
        self.end(told)

    def end(self, told: Mapping[str, Any]) -> None:
        self.told = told

    def extraction(self) -> Extraction:
        failure = self.told.get("failure")
        return Extraction(
            documents=tuple(self._documents),
            failure=cast("Failure", protocol.item_from_json(failure))
            if failure is not None
            else None,
            format=str(self.told.get("format", "")),
            extractor_version=int(self.told.get("version", 0)),
            skipped=tuple(self._skipped.items()),
            part_failures=tuple(self._failures),
        )


def _printable(path: Path) -> str:
    """A path as text: bytes of a name that are no UTF-8 become "\\xNN"."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _death(gone: WorkerGone) -> dict[str, Any]:
    return {"format": "", "version": 0, "failure": ["f", gone.reason, gone.kind.value, ""]}


def _worth_less(told: Mapping[str, Any]) -> bool:
    """Tell whether a failure may be avoided by a second attempt with less."""
    failure = told.get("failure")
    return failure is not None and failure[2] in (
        FailureKind.CRASH.value,
        FailureKind.TIMEOUT.value,
        FailureKind.MEMORY.value,
    )


def _memory(told: Mapping[str, Any]) -> bool:
    failure = told.get("failure")
    return failure is not None and failure[2] == FailureKind.MEMORY.value


__all__ = ["Limits", "Pool"]
