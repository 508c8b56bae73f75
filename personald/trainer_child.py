"""The trainer child: opens the keys and the vault, and lets `training.worker` do one night's work for one domain.

One job on standard input, JSON lines on standard output: `{"progress": …}` while it works, then `{"outcome": …,
"active": …}` or `{"error": …}`. SIGTERM, and the end of standard input (the parent is gone), mean: write a checkpoint
and stop. It prints no word of a document.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from personald import reports
from personald.assembly import Owner
from personald.config import Home, load_settings, read_table
from personald.errors import ExitCode, PersonaldError
from personald.ipc import describe
from personald.logs import place_of

# How long after its parent's death a child may take to write its checkpoint.
ORPHAN_SECONDS = 5.0
NICENESS = 5


class Unforeseen(PersonaldError):
    """An error of the program itself."""

    title = "Something unforeseen went wrong while training"


class Stop:
    """Whether we were asked to stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __call__(self) -> bool:
        """True once somebody asked."""
        return self._asked.is_set()

    def ask(self, *_: object) -> None:
        """Stop at the next step; a handler for signals."""
        self._asked.set()


def main() -> int:
    """Do one job; returns the exit status."""
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.ask)
    # An interrupt from the terminal is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    voice = _voice()
    job = json.loads(sys.stdin.readline() or "{}")
    if not job:
        return int(ExitCode.USAGE)
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    if job["gentle"]:
        os.nice(NICENESS)
    try:
        outcome, active = train(job, voice, stop)
    except PersonaldError as error:
        _say(voice, {"error": describe(error)})
        return int(error.exit_code)
    except Exception as error:
        # What it says may quote a document; where it arose may be told.
        _say(voice, {"error": describe(Unforeseen(f"{place_of(error)}."))})
        raise
    _say(voice, {"outcome": outcome, "active": active})
    return int(ExitCode.DONE)


def train(job: dict[str, Any], voice: TextIO, stop: Stop) -> tuple[dict[str, Any], str]:
    """Train one domain.

    Returns:
        The outcome as `train --json` prints it, and the name of the version that serves afterwards ("" for none).
    """
    home = Home(Path(job["home"]))
    settings = load_settings(home)
    with Owner(home, settings) as owner:
        vault = owner.vault()
        vault.maintain()
        # These import mlx, which a child that only finds its keys locked need not wait for.
        from personald.forgetting import proving
        from personald.study import sources
        from training import worker
        from training.job import Job, Progress, Result
        from training.settings import TrainingSettings

        documents = sources(owner)
        work = Job(
            job["domain"],
            settings.base.reference or None,
            dataclasses.replace(
                TrainingSettings.from_table(read_table(home).get("training", {})),
                effort=job["effort"],
            ),
            full=job["full"],
            compare=job["compare"],
        )

        def emit(item: Progress) -> None:
            _say(voice, {"progress": item.to_json()})

        outcome = worker.run(
            work, documents, owner.keys().adapter_key, home.path, emit, stop, owner.base()
        )
        if outcome.version is not None and outcome.result is Result.PROMOTED:
            vault.record_provenance(outcome.version.id, outcome.version.card.documents)
        if outcome.version is not None and outcome.verdict is not None:
            # A disk that is full costs the page, not the memory.
            with contextlib.suppress(OSError):
                reports.leave(home.reports, outcome.version)
        if outcome.result in (Result.PROMOTED, Result.UNCHANGED):
            proving.prove(
                owner, job["domain"], lambda: proving.twin(owner, work, documents, emit, stop)
            )
        serving = owner.registry().active(job["domain"])
        return outcome.to_json(), serving.name if serving else ""


def _voice() -> TextIO:
    """The real standard output, for our lines alone; whatever libraries print goes to standard error."""
    sys.stdout.flush()
    voice = os.fdopen(os.dup(1), "w", encoding="ascii", buffering=1)
    os.dup2(2, 1)
    return voice


def _say(voice: TextIO, item: dict[str, Any]) -> None:
    # Without a listener there is nobody to tell; `_watch_parent` ends us.
    with contextlib.suppress(BrokenPipeError):
        voice.write(json.dumps(item) + "\n")
        voice.flush()


def _watch_parent(stop: Stop) -> None:
    """Wait for the end of standard input, which is the end of the parent; then stop, at last by force."""
    # Not sys.stdin: a thread that waits inside it would hold its lock while the interpreter ends.
    while os.read(0, 4096):
        pass
    stop.ask()
    time.sleep(ORPHAN_SECONDS)
    os._exit(ExitCode.FAILED)


if __name__ == "__main__":
    sys.exit(main())
