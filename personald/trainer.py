"""The trainer child as its parent sees it: started, followed, stopped within two seconds, and its end understood.

The child is this interpreter with `personald.trainer_child`. It gets its job as one line on standard input, and says
what it does as JSON lines on standard output. Standard input stays open: when the parent dies, the child sees its end
and stops. First it is asked (SIGTERM: it writes a checkpoint and ends), then it is killed; either way the next run
goes on from the last checkpoint.
"""

from __future__ import annotations

import contextlib
import enum
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personald.errors import ExitCode

CHILD = (sys.executable, "-m", "personald.trainer_child")
CAFFEINATE = "/usr/bin/caffeinate"

# From the moment a reason to stop is seen to the end of the child; with POLL_SECONDS below, within 2 seconds in all.
GRACE_SECONDS = 1.4
POLL_SECONDS = 0.25
# What a child may take to end once it has said its last word.
CLOSING_SECONDS = 10.0
# So much of what the child's libraries say is looked at to understand its death; none of it is kept.
STDERR_BYTES = 64 * 1024

# How the driver words what macOS does to a command buffer that hurts the display (ml-explore/mlx #3267, #3186), and
# what follows on it.
_METAL = (b"ImpactingInteractivity", b"GPUTimeout", b"Caused GPU Timeout", b"SubmissionsIgnored")
_MEMORY = (
    b"MemoryError",
    b"std::bad_alloc",
    b"kIOGPUCommandBufferCallbackErrorOutOfMemory",
    b"Insufficient Memory",
    b"[malloc_or_wait]",
    b"Unable to allocate",
)


class Ending(enum.Enum):
    """How a run of the child ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    METAL_WATCHDOG = "stopped by the Metal watchdog"
    OUT_OF_MEMORY = "out of memory"
    DIED = "died"
    LOCKED = "the keys are locked"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Job:
    """What the child is to do.

    Attributes:
        home: whose documents.
        domain: which domain to train.
        full: train although nothing has changed.
        effort: share of the usual step size, in (0, 1].
        gentle: run at low priority; off when a person waits for it.
        compare: measure plain next-token training as well, for comparison.
    """

    home: Path
    domain: str
    full: bool = False
    effort: float = 1.0
    gentle: bool = True
    compare: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it travels to the child."""
        return {
            "home": str(self.home),
            "domain": self.domain,
            "full": self.full,
            "effort": self.effort,
            "gentle": self.gentle,
            "compare": self.compare,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        ending: how the child ended.
        result: in the trainer's words ("promoted", "rejected", "unchanged", …); "" when it did not finish.
        active: name of the version that serves afterwards; None when the child did not say.
        detail: one line: the error, or why it was stopped.
        report: what `train --json` prints of the domain; empty when it did not finish.
        error: the child's own error as it travels (title, detail, remedy, code); empty when it had none.
    """

    ending: Ending
    result: str = ""
    active: str | None = None
    detail: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)


Follow = Callable[[Mapping[str, Any]], None]


def classify(
    code: int, stderr: bytes, *, stopped: bool, said: Mapping[str, Any]
) -> tuple[Ending, str]:
    """Understand how the child ended.

    Args:
        code: its exit status; negative for a signal.
        stderr: the end of what its libraries said.
        stopped: we asked it to stop.
        said: its last words: "outcome" or "error", if it had any.

    Returns:
        The ending, and one line for a person that quotes nothing of `stderr`.
    """
    if "outcome" in said:
        result = said["outcome"].get("result", "")
        return (Ending.STOPPED, "") if result == "stopped" else (Ending.FINISHED, "")
    if stopped:
        return Ending.STOPPED, ""
    if "error" in said:
        error = said["error"]
        locked = error.get("code") == ExitCode.LOCKED
        return Ending.LOCKED if locked else Ending.ERROR, f"{error['title']}: {error['detail']}"
    if any(mark in stderr for mark in _METAL):
        return Ending.METAL_WATCHDOG, "macOS stopped it because the display was in use"
    if any(mark in stderr for mark in _MEMORY):
        return Ending.OUT_OF_MEMORY, "there was not enough memory"
    if code == -signal.SIGKILL:
        # Nobody but the system kills so, and it does it for memory (Linux: the OOM killer; macOS: jetsam).
        return Ending.OUT_OF_MEMORY, "the system killed it, most likely for memory"
    if code < 0:
        return Ending.DIED, f"it was ended by {_name(-code)}"
    return Ending.DIED, f"it ended with status {code} and said nothing"


def run(
    job: Job,
    follow: Follow = lambda _: None,
    should_stop: Callable[[], str] = lambda: "",
    *,
    command: Sequence[str] = CHILD,
    platform: str = sys.platform,
    monotonic: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Run the child to its end; blocks.

    Args:
        job: what it is to do.
        follow: gets each progress item, in a thread of its own.
        should_stop: asked four times a second; a reason, or "" to go on. It must answer at once.
        command: how the child is started.
        platform: `sys.platform`; on macOS the machine is kept awake while the child runs.
        monotonic: the clock.
    """
    child = subprocess.Popen(
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    keeper = _keep_awake(child.pid) if platform == "darwin" else None
    ears = _Ears(child, follow)
    reason = ""
    try:
        _tell(child, job)
        killed_at = 0.0
        while not ears.wait(POLL_SECONDS):
            if not reason:
                reason = should_stop()
                if reason:
                    child.terminate()
                    killed_at = monotonic() + GRACE_SECONDS
            elif monotonic() >= killed_at:
                child.kill()
    finally:
        code = _end(child)
        ears.finish()
        if keeper is not None:
            keeper.terminate()
            keeper.wait()
    ending, detail = classify(code, ears.stderr, stopped=bool(reason), said=ears.said)
    outcome = ears.said.get("outcome", {})
    return Outcome(
        ending,
        outcome.get("result", ""),
        ears.said.get("active"),
        reason or detail,
        outcome,
        ears.said.get("error", {}),
    )


def _end(child: subprocess.Popen[bytes]) -> int:
    """The child's exit status; one that has closed its output and does not end, or whom nobody hears, is killed."""
    try:
        return child.wait(timeout=CLOSING_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _tell(child: subprocess.Popen[bytes], job: Job) -> None:
    assert child.stdin is not None
    # A child that is gone already is understood by its exit status.
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(json.dumps(job.to_json()).encode() + b"\n")
        child.stdin.flush()


def _keep_awake(pid: int) -> subprocess.Popen[bytes] | None:
    """Keep the machine from idle sleep while a process lives; the display may sleep (caffeinate(8))."""
    try:
        return subprocess.Popen([CAFFEINATE, "-i", "-s", "-w", str(pid)])
    except OSError:
        return None


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _Ears:
    """Reads both of the child's streams, each in a thread, so that it never waits for us."""

    def __init__(self, child: subprocess.Popen[bytes], follow: Follow) -> None:
        self._child = child
        self._follow = follow
        self._exited = threading.Event()
        self.said: dict[str, Any] = {}
        self.stderr = b""
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._hear, self._overhear)
        ]
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """True when the child has closed its standard output: it has ended, or is about to."""
        return self._exited.wait(seconds)

    def finish(self) -> None:
        for thread in self._threads:
            thread.join(timeout=5.0)
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _hear(self) -> None:
        assert self._child.stdout is not None
        try:
            for line in self._child.stdout:
                try:
                    item = json.loads(line)
                except ValueError:
                    continue
                if not isinstance(item, dict):
                    continue
                if "progress" in item:
                    self._follow(item["progress"])
                else:
                    self.said.update(item)
        finally:
            self._exited.set()

    def _overhear(self) -> None:
        assert self._child.stderr is not None
        descriptor = self._child.stderr.fileno()
        while chunk := os.read(descriptor, 8192):
            self.stderr = (self.stderr + chunk)[-STDERR_BYTES:]
