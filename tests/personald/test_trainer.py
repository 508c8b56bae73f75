"""The child as its parent sees it: real processes that end in every way a trainer can."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from personald.trainer import Ending, Job, Outcome, classify, run

JOB = Job(Path("/nowhere"), "notes")

HEAD = """
import json, os, signal, sys, time
job = json.loads(sys.stdin.readline())
def say(**item): print(json.dumps(item), flush=True)
"""

METAL = (
    "libc++abi: terminating due to uncaught exception of type std::runtime_error: [METAL] Command buffer "
    "execution failed: Impacting Interactivity (0000000e:kIOGPUCommandBufferCallbackErrorImpactingInteractivity)"
)


def child(body: str, **options: Any) -> Outcome:
    return run(JOB, command=[sys.executable, "-c", HEAD + body], platform="linux", **options)


def test_a_run_that_finishes_tells_what_came_of_it() -> None:
    heard: list[Mapping[str, Any]] = []
    outcome = child(
        "say(progress={'done': 1, 'domain': job['domain']})\n"
        "print('a library prints something')\n"
        "say(outcome={'result': 'promoted', 'facts': 3}, active='notes/4')\n",
        follow=heard.append,
    )
    assert outcome.ending is Ending.FINISHED
    assert (outcome.result, outcome.active) == ("promoted", "notes/4")
    assert outcome.report["facts"] == 3
    assert heard == [{"done": 1, "domain": "notes"}]


@pytest.mark.parametrize(
    ("body", "ending", "words"),
    [
        ("say(error={'title': 'T', 'detail': 'D', 'remedy': '', 'code': 1}); sys.exit(1)", Ending.ERROR, "T: D"),
        ("say(error={'title': 'L', 'detail': 'D', 'remedy': '', 'code': 5}); sys.exit(5)", Ending.LOCKED, "L: D"),
        (f"print({METAL!r}, file=sys.stderr, flush=True); os.abort()", Ending.METAL_WATCHDOG, "display"),
        ("print('MemoryError', file=sys.stderr, flush=True); sys.exit(1)", Ending.OUT_OF_MEMORY, "memory"),
        ("os.kill(os.getpid(), signal.SIGKILL)", Ending.OUT_OF_MEMORY, "killed"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", Ending.DIED, "SIGSEGV"),
        ("os.abort()", Ending.DIED, "SIGABRT"),
        ("sys.exit(3)", Ending.DIED, "status 3"),
        ("raise KeyError('a word of a document')", Ending.DIED, "status 1"),
    ],
)  # fmt: skip
def test_every_death_is_told_apart(body: str, ending: Ending, words: str) -> None:
    outcome = child(body)
    assert outcome.ending is ending
    assert words in outcome.detail
    assert "word of a document" not in outcome.detail


def test_a_child_that_is_asked_writes_its_checkpoint_and_ends(tmp_path: Path) -> None:
    mark = tmp_path / "checkpoint"
    began = time.monotonic()
    outcome = child(
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(mark)!r}, 'w').close(), "
        "say(outcome={'result': 'stopped'}), os._exit(0)))\n"
        "say(progress={}); time.sleep(60)",
        should_stop=lambda: "the plug was pulled" if time.monotonic() - began > 1 else "",
    )
    assert outcome.ending is Ending.STOPPED
    assert outcome.detail == "the plug was pulled"
    assert mark.exists()


def test_a_child_that_does_not_listen_is_gone_within_two_seconds() -> None:
    asked: list[float] = []

    def stop() -> str:
        if ready and not asked:
            asked.append(time.monotonic())
        return "you are back" if asked else ""

    ready: list[object] = []
    outcome = child(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsay(progress={'up': 1})\ntime.sleep(60)",
        follow=ready.append,
        should_stop=stop,
    )
    assert outcome.ending is Ending.STOPPED
    assert time.monotonic() - asked[0] < 3.0


def test_a_child_whose_parent_is_killed_stops_by_itself(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    body = (
        HEAD
        + f"open({str(mark)!r}, 'w').write(str(os.getpid()))\n"
        + "from personald.trainer_child import Stop, _watch_parent\n"
        + "stop = Stop()\n"
        + "import threading; threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()\n"
        + "while not stop(): time.sleep(0.05)\n"
    )
    program = (
        "from pathlib import Path; import sys\n"
        "from personald.trainer import Job, run\n"
        f"run(Job(Path('/x'), 'notes'), command=[sys.executable, '-c', {body!r}], platform='linux')\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    deadline = time.monotonic() + 30
    while not (mark.exists() and mark.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pid = int(mark.read_text())
    parent.kill()
    parent.wait()
    while _lives(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_words_after_a_stop_do_not_count_as_an_error() -> None:
    ending, _ = classify(-signal.SIGTERM, b"MemoryError", stopped=True, said={})
    assert ending is Ending.STOPPED


def test_a_run_that_finished_before_it_heard_us_has_finished() -> None:
    ending, _ = classify(0, b"", stopped=True, said={"outcome": {"result": "promoted"}})
    assert ending is Ending.FINISHED


def test_a_mac_is_kept_awake_for_as_long_as_the_child_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "caffeinate.log"
    program = tmp_path / "caffeinate"
    program.write_text(f'#!/bin/sh\necho "$@" > {log}\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setattr("personald.trainer.CAFFEINATE", str(program))
    outcome = run(
        JOB,
        command=[
            sys.executable,
            "-c",
            HEAD + "time.sleep(0.5); say(outcome={'result': str(os.getpid())})",
        ],
        platform="darwin",
    )
    assert log.read_text().split() == ["-i", "-s", "-w", outcome.result]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie whose new parent has not looked yet is dead.
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return sys.platform != "linux"
