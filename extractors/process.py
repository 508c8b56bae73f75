"""One worker process as its parent sees it: started when first spoken to, watched while it works, ended when it fails.

The parent reads frames, never files. While it waits it looks at the worker's memory and at the clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
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
        starter: runs what starts processes, in a thread that lives as long as they shall: a worker asks Linux to be
            killed when the thread that started it ends (PR_SET_PDEATHSIG, prctl(2)).
    """

    def __init__(
        self, scratch: Path, limits: Limits, extra_path: Sequence[Path], starter: Executor
    ) -> None:
        self._starter = starter
        self._scratch = scratch
        self._limits = limits
        self._extra_path = extra_path
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._served = 0
        self._sampler: psutil.Process | None = None

    def send(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Send a batch of requests. Raises WorkerGone."""
        ended = self._process is not None and self._process.poll() is not None
        if ended or self._served >= FILES_PER_WORKER:
            self.kill()
        process = self._process or self._start()
        self._served += len(requests)
        try:
            assert process.stdin is not None
            process.stdin.write(protocol.pack(list(requests)))
            process.stdin.flush()
        except OSError as error:
            raise WorkerGone(FailureKind.CRASH, "the reader could not be started") from error

    def receive(self) -> tuple[list[Item], Mapping[str, Any] | None]:
        """Wait for the next frame: its items, and the end of the file if it carries it. Raises WorkerGone."""
        try:
            message = protocol.unpack(self._frame())
            items = [protocol.item_from_json(values) for values in message["items"]]
            told = message.get("end")
        except (protocol.ProtocolError, KeyError, TypeError, AttributeError) as error:
            raise WorkerGone(FailureKind.CRASH, "its reader gave a damaged answer") from error
        return items, told

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
        self._process, self._served = process, 0
        self._buffer.clear()
        return process

    def _frame(self) -> bytes:
        length = protocol.HEADER.unpack(self._bytes(protocol.HEADER.size))[0]
        if length > MAX_FRAME_BYTES:
            raise WorkerGone(FailureKind.TOO_LARGE, "it gives more text than is kept of one file")
        return self._bytes(length)

    def _bytes(self, size: int) -> bytes:
        """Take so many bytes off the pipe, watching deadline and memory while waiting."""
        process = self._process
        if process is None or process.stdout is None:
            raise WorkerGone(FailureKind.CRASH, "its reader is gone")
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

    def _died(self, process: subprocess.Popen[bytes]) -> WorkerGone:
        code = process.wait()
        if code == -24:  # SIGXCPU on Linux and macOS
            return WorkerGone(FailureKind.TIMEOUT, "reading it takes too much processor time")
        return WorkerGone(FailureKind.CRASH, "its reader crashed on it")


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
