"""The pool of worker processes: the daemon hands in paths and gets documents, and no file can hurt it.

A worker that dies, hangs, eats memory or talks nonsense is killed and replaced; the file it had in hand is tried once
more with less (`Options.reduced`), then named as failed. The parent reads frames, never files.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import extractors
from extractors import protocol
from extractors.document import Document, Domain
from extractors.options import MEBI
from extractors.results import Extraction, Failure, FailureKind, Item, Skip

# How often a silent worker's memory and deadline are looked at.
TICK_SECONDS = 0.1
# How many requests go to a worker at once in bulk: enough to hide the pipe's latency, few enough to share out well.
BATCH = 16
# A worker is replaced after so many files, so that what libraries leak does not add up.
FILES_PER_WORKER = 5000
MAX_FRAME_BYTES = 256 * MEBI


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    Attributes:
        memory_bytes: memory of a worker beyond its start; enforced by the kernel on Linux, by sampling everywhere.
        seconds: wall time without an answer (a mailbox answers as it goes).
        cpu_seconds: processor time between answers.
        open_files: open files of a worker.
        written_bytes: the longest file in its scratch folder.
    """

    memory_bytes: int = 1536 * MEBI
    seconds: float = 120.0
    cpu_seconds: int = 60
    open_files: int = 128
    written_bytes: int = 4096 * MEBI


class _WorkerGone(Exception):
    """Raised inside the pool when a worker had to be given up; carries why."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


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
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._all = [
            _Worker(self.scratch / str(number), self._limits, tuple(extra_path))
            for number in range(max(1, workers))
        ]
        for worker in self._all:
            self._free.put(worker)

    def extract(self, path: Path, domain: Domain | None = None) -> Extraction:
        """Read one file and return all that it gave. A failure is part of the result, never an exception."""
        gathered = _Gathered()
        for item in self._run(path, domain, stream=False, end=gathered.end):
            gathered.take(item)
        return gathered.extraction()

    def stream(
        self,
        path: Path,
        domain: Domain | None = None,
        end: Callable[[Extraction], None] | None = None,
    ) -> Generator[Document | Failure, None, None]:
        """Read one file of any size, item by item, holding a few of them at a time.

        Args:
            path: the file.
            domain: the domain that the person gave its source, or None.
            end: called once at the end with the `Extraction` without documents: format, version, skipped counts and
                the failure of the file as a whole (which is yielded too, last, with the path as its origin).
        """
        gathered = _Gathered(keep=False)
        for item in self._run(path, domain, stream=True, end=gathered.end):
            gathered.take(item)
            if not isinstance(item, Skip):
                yield item
        done = gathered.extraction()
        if done.failure is not None:
            yield Failure(done.failure.reason, done.failure.kind, _printable(path))
        if end is not None:
            end(done)

    def extract_many(
        self, paths: Iterable[Path], domain: Domain | None = None
    ) -> Iterator[tuple[Path, Extraction]]:
        """Read many files with all workers at once, in batches; results come as they are ready, in no set order."""
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
                    for ready in _handfuls(self._batch(worker, batch, domain)):
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
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(
        self, path: Path, domain: Domain | None, reduced: bool, stream: bool
    ) -> dict[str, Any]:
        return {
            "path": os.path.normpath(path if path.is_absolute() else Path.cwd() / path),
            "origin": _printable(path),
            "domain": domain.value if domain else None,
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
        stream: bool,
        end: Callable[[Mapping[str, Any]], None],
    ) -> Iterator[Item]:
        """Read one file, once more with less where the worker died; items given before its death stand."""
        given: set[str] = set()
        worker = self._free.get()
        try:
            told: Mapping[str, Any] | None = None
            for reduced in (False, True):
                try:
                    worker.send([self._request(path, domain, reduced, stream)])
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
                except _WorkerGone as gone:
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
        self, worker: _Worker, paths: Sequence[Path], domain: Domain | None
    ) -> Iterator[tuple[Path, Extraction]]:
        """Read a batch with one worker; where it dies, the file in hand is retried alone and the rest goes on."""
        waiting = list(paths)
        while waiting:
            position = 0
            try:
                worker.send(
                    [self._request(path, domain, reduced=False, stream=False) for path in waiting]
                )
                for path in waiting:
                    gathered = _Gathered()
                    worker.gather(gathered)
                    if _worth_less(gathered.told):
                        raise _WorkerGone(FailureKind.MEMORY, "")
                    position += 1
                    yield path, gathered.extraction()
                return
            except _WorkerGone as gone:
                worker.kill()
                path = waiting[position]
                yield path, self._again(worker, path, domain, _death(gone))
                waiting = waiting[position + 1 :]

    def _again(
        self, worker: _Worker, path: Path, domain: Domain | None, first: Mapping[str, Any]
    ) -> Extraction:
        gathered = _Gathered()
        try:
            worker.send([self._request(path, domain, reduced=True, stream=False)])
            worker.gather(gathered)
        except _WorkerGone as gone:
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


class _Worker:
    """One worker process, started when first spoken to, and again after each death."""

    def __init__(self, scratch: Path, limits: Limits, extra_path: Sequence[Path]) -> None:
        self._scratch = scratch
        self._limits = limits
        self._extra_path = extra_path
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._served = 0
        self._sampler: Any = None
        self._resting_bytes = 0

    def send(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Send a batch of requests. Raises _WorkerGone."""
        if self._served >= FILES_PER_WORKER:
            self.kill()
        process = self._process or self._start()
        self._served += len(requests)
        try:
            assert process.stdin is not None
            process.stdin.write(protocol.pack(list(requests)))
            process.stdin.flush()
        except OSError as error:
            raise _WorkerGone(FailureKind.CRASH, "the reader could not be started") from error

    def receive(self) -> tuple[list[Item], Mapping[str, Any] | None]:
        """Wait for the next frame: its items, and the end of the file if it carries it. Raises _WorkerGone."""
        try:
            message = protocol.unpack(self._frame())
            items = [protocol.item_from_json(values) for values in message["items"]]
            told = message.get("end")
        except (protocol.ProtocolError, KeyError, TypeError, AttributeError) as error:
            raise _WorkerGone(FailureKind.CRASH, "its reader gave a damaged answer") from error
        return items, told

    def gather(self, gathered: _Gathered) -> None:
        """Receive all of one file. Raises _WorkerGone."""
        told = None
        while told is None:
            items, told = self.receive()
            for item in items:
                gathered.take(item)
        gathered.end(told)

    def kill(self) -> None:
        """End the process, if there is one, and empty its scratch folder."""
        process, self._process = self._process, None
        self._buffer.clear()
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        import psutil

        self._scratch.mkdir(parents=True, exist_ok=True)
        settings = {
            "scratch": os.fspath(self._scratch),
            "memory_bytes": self._limits.memory_bytes,
            "open_files": self._limits.open_files,
            "written_bytes": self._limits.written_bytes,
            "cpu_seconds": self._limits.cpu_seconds,
        }
        try:
            process = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-m", "extractors.worker", json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(self._scratch, self._extra_path),
                cwd=self._scratch,
                start_new_session=True,
            )
            self._sampler = psutil.Process(process.pid)
        except (OSError, psutil.Error) as error:
            raise _WorkerGone(FailureKind.CRASH, "the reader could not be started") from error
        self._process, self._served = process, 0
        self._buffer.clear()
        return process

    def _frame(self) -> bytes:
        length = protocol.HEADER.unpack(self._bytes(protocol.HEADER.size))[0]
        if length > MAX_FRAME_BYTES:
            raise _WorkerGone(FailureKind.TOO_LARGE, "it gives more text than is kept of one file")
        return self._bytes(length)

    def _bytes(self, size: int) -> bytes:
        """Take so many bytes off the pipe, watching deadline and memory while waiting."""
        process = self._process
        if process is None or process.stdout is None:
            raise _WorkerGone(FailureKind.CRASH, "its reader is gone")
        if len(self._buffer) < size:
            self._fill(process, process.stdout.fileno(), size)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self, process: subprocess.Popen[bytes], descriptor: int, size: int) -> None:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN | select.POLLHUP)
        deadline = time.monotonic() + self._limits.seconds
        while len(self._buffer) < size:
            if not poller.poll(TICK_SECONDS * 1000):
                self._watch(deadline)
                continue
            chunk = os.read(descriptor, 1 * MEBI)
            if not chunk:
                raise self._died(process)
            self._buffer += chunk
            deadline = time.monotonic() + self._limits.seconds

    def _watch(self, deadline: float) -> None:
        import psutil

        if time.monotonic() > deadline:
            raise _WorkerGone(
                FailureKind.TIMEOUT,
                f"reading it takes longer than {self._limits.seconds:.0f} seconds",
            )
        with contextlib.suppress(psutil.Error):
            if self._sampler.memory_info().rss > self._limits.memory_bytes:
                raise _WorkerGone(FailureKind.MEMORY, "reading it takes too much memory")

    def _died(self, process: subprocess.Popen[bytes]) -> _WorkerGone:
        code = process.wait()
        if code == -24:  # SIGXCPU on Linux and macOS
            return _WorkerGone(FailureKind.TIMEOUT, "reading it takes too much processor time")
        return _WorkerGone(FailureKind.CRASH, "its reader crashed on it")


def _environment(scratch: Path, extra_path: Sequence[Path]) -> dict[str, str]:
    """A worker's environment: where the code lies, a home of its own, one thread for each library."""
    own = os.fspath(Path(extractors.__file__).parent.parent)
    kept = {
        name: os.environ[name]
        for name in ("PATH", "TESSDATA_PREFIX", "SYSTEMROOT")
        if name in os.environ
    }
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([own, *map(os.fspath, extra_path)]),
        "PYTHONSAFEPATH": "1",
        "HOME": os.fspath(scratch),
        "TMPDIR": os.fspath(scratch),
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _printable(path: Path) -> str:
    """A path as text: bytes of a name that are no UTF-8 become "\\xNN"."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _death(gone: _WorkerGone) -> dict[str, Any]:
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
