"""One worker process as its parent sees it: started when first spoken to, watched while it works, ended when it fails.

The parent reads frames, never files. While it waits it looks at the worker's memory and at the clock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import extractors
from extractors import protocol
from extractors.options import MEBI
from extractors.results import FailureKind, Item

if TYPE_CHECKING:
    import psutil

# How often a silent worker's memory and deadline are looked at.
TICK_SECONDS = 0.1
# A parent that was busy elsewhere for long cannot tell whether the worker was silent so long: this much is held against it.
MOST_UNHEARD_SECONDS = 1.0
# A worker is replaced after so many files, so that what libraries leak does not add up.
FILES_PER_WORKER = 20_000
MAX_FRAME_BYTES = 256 * MEBI
# A worker shall not wait while its parent stores what it read before: so much of its answers fits the pipe on Linux,
# where an unprivileged process may ask for it (fcntl(2), F_SETPIPE_SZ; /proc/sys/fs/pipe-max-size).
PIPE_BYTES = 1 * MEBI

Answer = tuple[list[Item], Mapping[str, Any] | None]
"""Items of one file, and the end of the file where it was reached."""


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


class WorkerGone(Exception):
    """Raised when a worker had to be given up; carries why.

    Attributes:
        kind: what sort of failure it is for the file in hand.
        reason: one line for the person.
    """

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class Worker:
    """One worker process, started when first spoken to, and again after each death.

    Args:
        scratch: its private folder.
        limits: what one file may cost.
        extra_path: folders where it looks for formats of third parties besides the installed ones.
        cache: where it leaves what takes long to make, for itself and others.
        starter: runs what starts processes, in a thread that lives as long as they shall: a worker asks Linux to be
            killed when the thread that started it ends (PR_SET_PDEATHSIG, prctl(2)).
    """

    def __init__(
        self,
        scratch: Path,
        limits: Limits,
        extra_path: Sequence[Path],
        cache: Path,
        starter: Executor,
    ) -> None:
        self._cache = cache
        self._starter = starter
        self._scratch = scratch
        self._limits = limits
        self._extra_path = extra_path
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._served = 0
        self._unanswered = 0
        self._silent_seconds = 0.0
        self._watched_at = 0.0
        self._sampler: psutil.Process | None = None

    @property
    def is_due(self) -> bool:
        """True when it shall be replaced before it is asked for more; `send` does so once all is answered."""
        return self._served >= FILES_PER_WORKER

    def send(self, frame: bytes, files: int) -> None:
        """Send a request.

        Args:
            frame: the packed request.
            files: how many files it names.

        Raises:
            WorkerGone: no process can be started, or it ended before it heard anything. One that ended with files in
                hand is not noticed here: what it answered before is there to be received.
        """
        process = self._process
        ended = process is not None and process.poll() is not None
        if not self._unanswered and (ended or self.is_due):
            self.kill()
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(frame)
            process.stdin.flush()
        except OSError as error:
            if not self._unanswered:
                raise WorkerGone(FailureKind.CRASH, "the reader could not be started") from error
        if not self._unanswered:
            self._heard()
        self._served += files
        self._unanswered += files

    def receive(self) -> Answer:
        """Wait for the next answer. Raises WorkerGone."""
        while (frame := self._taken()) is None:
            if ready((self,), TICK_SECONDS):
                self.read()
            else:
                self.watch()
        return self._answer(frame)

    def answers(self) -> Iterator[Answer]:
        """Yield the answers that have come in whole, without waiting. Raises WorkerGone."""
        while (frame := self._taken()) is not None:
            yield self._answer(frame)

    def read(self) -> None:
        """Take from the pipe what is there; called when there is something. Raises WorkerGone."""
        chunk = os.read(self.descriptor, PIPE_BYTES)
        if not chunk:
            raise self._died()
        self._buffer += chunk
        self._heard()

    def watch(self) -> None:
        """Look at the memory and the clock of a worker that is silent, now and then. Raises WorkerGone."""
        import psutil

        now = time.monotonic()
        passed = now - self._watched_at
        if passed < TICK_SECONDS:
            return
        self._watched_at = now
        self._silent_seconds += min(passed, MOST_UNHEARD_SECONDS)
        if self._silent_seconds > self._limits.seconds:
            raise WorkerGone(
                FailureKind.TIMEOUT,
                f"reading it takes longer than {self._limits.seconds:.0f} seconds",
            )
        with contextlib.suppress(psutil.Error):
            if (
                self._sampler is not None
                and self._sampler.memory_info().rss > self._limits.memory_bytes
            ):
                raise WorkerGone(FailureKind.MEMORY, "reading it takes too much memory")

    @property
    def descriptor(self) -> int:
        """The end of the pipe on which answers come. Raises WorkerGone."""
        if self._process is None or self._process.stdout is None:
            raise WorkerGone(FailureKind.CRASH, "its reader is gone")
        return self._process.stdout.fileno()

    def kill(self) -> None:
        """End the process, if there is one, and empty its scratch folder."""
        process, self._process = self._process, None
        self._buffer = bytearray()
        self._unanswered = 0
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
            "cache": os.fspath(self._cache),
        }
        try:
            process = self._starter.submit(
                subprocess.Popen,
                [sys.executable, "-X", "utf8", "-m", "extractors.worker", json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(self._scratch, self._extra_path),
                cwd=self._scratch,
                start_new_session=True,
            ).result()
            self._sampler = psutil.Process(process.pid)
        except (OSError, psutil.Error) as error:
            raise WorkerGone(FailureKind.CRASH, "the reader could not be started") from error
        assert process.stdout is not None
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # Where it is not granted the pipe stays as it is.
            with contextlib.suppress(OSError):
                fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._process, self._served = process, 0
        return process

    def _heard(self) -> None:
        self._silent_seconds, self._watched_at = 0.0, time.monotonic()

    def _taken(self) -> bytes | None:
        """Take one frame's body off the buffer; None when no whole one is there. Raises WorkerGone."""
        buffer = self._buffer
        if len(buffer) < protocol.HEADER.size:
            return None
        length = protocol.HEADER.unpack_from(buffer)[0]
        if length > MAX_FRAME_BYTES:
            raise WorkerGone(FailureKind.TOO_LARGE, "it gives more text than is kept of one file")
        end = protocol.HEADER.size + length
        if len(buffer) < end:
            return None
        body = bytes(memoryview(buffer)[protocol.HEADER.size : end])
        del buffer[:end]
        return body

    def _answer(self, body: bytes) -> Answer:
        try:
            message = protocol.unpack(body)
            items = [protocol.item_from_json(values) for values in message["items"]]
            told = message.get("end")
        except (protocol.ProtocolError, KeyError, TypeError, AttributeError) as error:
            raise WorkerGone(FailureKind.CRASH, "its reader gave a damaged answer") from error
        if told is not None:
            self._unanswered -= 1
        if self._unanswered < 0:
            raise WorkerGone(FailureKind.CRASH, "its reader gave a damaged answer")
        return items, told

    def _died(self) -> WorkerGone:
        code = self._process.wait() if self._process is not None else 0
        if code == -24:  # SIGXCPU on Linux and macOS
            return WorkerGone(FailureKind.TIMEOUT, "reading it takes too much processor time")
        return WorkerGone(FailureKind.CRASH, "its reader crashed on it")


def ready(workers: Iterable[Worker], seconds: float) -> list[Worker]:
    """Wait until one of these workers, or several, say something or end; none when the time is up."""
    poller = select.poll()
    listened = {worker.descriptor: worker for worker in workers}
    for descriptor in listened:
        poller.register(descriptor, select.POLLIN | select.POLLHUP)
    return [listened[descriptor] for descriptor, _ in poller.poll(seconds * 1000)]


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
