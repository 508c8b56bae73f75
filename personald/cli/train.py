"""`personald train`: retrain now, with progress."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from extractors.document import Domain
from personald.cli.documents import DOMAIN
from personald.cli.frame import Frame, common
from personald.cli.output import Meter, progress, table
from personald.config import Home
from personald.errors import ExitCode, NotNow, PersonaldError, UsageError
from personald.reports import page_of
from personald.trainer import Ending, Job, Outcome

# Which hundredths of a domain's run each phase takes, roughly: (first, how many).
SPANS = {
    "loading": (0, 1),
    "reading": (1, 14),
    "measuring the base": (15, 5),
    "training": (20, 65),
    "testing": (85, 5),
    "comparing": (90, 9),
    "done": (100, 0),
}


# How often a running daemon is told of progress.
HERALD_SECONDS = 2.0


@click.command("train")
@click.argument("domains", nargs=-1, type=DOMAIN)
@click.option("--force", is_flag=True, help="Ignore the conditions; never the gates.")
@click.option("--full", is_flag=True, help="Train although nothing has changed.")
@click.option(
    "--compare", is_flag=True, help="Also measure plain next-token training, for comparison."
)
@common
def train(frame: Frame, domains: tuple[str, ...], force: bool, full: bool, compare: bool) -> None:
    """Retrain now: all domains that have documents, or those that are named."""
    settings = frame.settings
    from personald.assembly import open_watcher_store
    from personald.instance import training_lock

    if not force:
        refuse_when_conditions_fail(frame)
    with open_watcher_store(frame.home, settings) as store:
        filled = store.counts().per_domain
        revisions = {str(domain): store.revision(domain) for domain in Domain}
    # The largest first: a long run that begins last would go on alone.
    largest = sorted(Domain, key=lambda domain: -filled.get(domain, 0))
    wanted = list(domains) or [str(domain) for domain in largest if filled.get(domain)]
    if not wanted:
        raise UsageError(
            "There is nothing to learn from yet.",
            "Add a source and scan it: personald source add PATH",
        )
    _tell_daemon(frame, "yield")
    jobs = [
        Job(frame.home.path, domain, full=full, gentle=False, compare=compare) for domain in wanted
    ]
    with training_lock(frame.home.run):
        outcomes = _train_all(frame, jobs, revisions)
    _tell_daemon(frame, "reload")
    result = {"domains": {domain: _report(outcome) for domain, outcome in outcomes.items()}}
    frame.show(result, lambda: _render(result["domains"], frame.home.reports))
    code = exit_code(outcomes.values())
    if code:
        raise click.exceptions.Exit(code)


def refuse_when_conditions_fail(frame: Frame) -> None:
    """Look at the machine.

    Raises:
        NotNow: a condition does not hold, or cannot be told.
    """
    from personald.conditions import judge, take_readings, why_not

    readings = take_readings(frame.home.path, sys.platform)
    conditions = judge(readings, frame.settings.conditions, datetime.now(), running=False)
    obstacle = why_not(conditions)
    if obstacle:
        raise NotNow(f"{obstacle}.", "Try later, or train all the same with --force.")


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0 when every domain ended well, else the code of the worst end."""
    codes = {0}
    for outcome in outcomes:
        if outcome.ending is Ending.LOCKED:
            codes.add(int(ExitCode.LOCKED))
        elif outcome.ending is not Ending.FINISHED:
            codes.add(int(ExitCode.FAILED))
        elif outcome.result == "rejected":
            codes.add(int(ExitCode.REFUSED))
    return next(code for code in (1, 5, 4, 0) if code in codes)


def _train_all(
    frame: Frame, jobs: Sequence[Job], revisions: Mapping[str, int]
) -> dict[str, Outcome]:
    """Every job in a child of its own; an interrupt lets the children write their checkpoints first."""
    from personald import crew
    from personald.state import Run, StateFile
    from personald.training_manager import note_run

    interrupted: list[str] = []
    began = time.time()

    def finished(job: Job, outcome: Outcome) -> None:
        ending = outcome.ending.value
        run = Run(job.domain, began, time.time(), ending, outcome.result, outcome.detail)
        state = StateFile(frame.home.state)
        note_run(frame.home, state, run, outcome, revisions[job.domain])

    before = signal.signal(signal.SIGINT, lambda *_: interrupted.append("interrupted"))
    try:
        with progress("Training") as meter:
            board = Board(meter, [job.domain for job in jobs])
            herald = Herald(frame.home)

            def follow(domain: str, item: Mapping[str, Any]) -> None:
                board.follow(domain, item)
                herald.follow(domain, item)

            outcomes = crew.train_all(
                jobs,
                crew.hands(frame.settings.base.reference, sys.platform, os.cpu_count() or 1),
                follow,
                lambda: interrupted[0] if interrupted else "",
                finished,
            )
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
    return outcomes


def _tell_daemon(frame: Frame, what: str) -> None:
    """Let a running daemon give way or take notice; without one there is nobody to tell."""
    from personald import ipc

    with contextlib.suppress(ipc.NotRunning):
        ipc.call(frame.home.run, what, timeout=30.0)


class Board:
    """Shows several trainings in one line: hundredths done over all domains, and what the last news was.

    Args:
        meter: where it is shown.
        domains: everything that is to be trained.
    """

    def __init__(self, meter: Meter, domains: Sequence[str]) -> None:
        self._meter = meter
        self._done = dict.fromkeys(domains, 0)
        self._lock = threading.Lock()

    def follow(self, domain: str, item: Mapping[str, Any]) -> None:
        """Take in one progress item of the trainer."""
        phase, total = str(item.get("phase", "")), int(item.get("total") or 0)
        share = int(item.get("done") or 0) / total if total else 0.0
        first, length = SPANS.get(phase, (0, 0))
        note = f"{domain}: {phase}"
        if item.get("loss") is not None:
            note += f", loss {item['loss']:.2f}"
        for name, value in (item.get("probes") or {}).items():
            note += f", {name} {value:.2f}"
        with self._lock:
            self._done[domain] = max(self._done[domain], first + round(share * length))
            self._meter(sum(self._done.values()), 100 * len(self._done), note)


class Herald:
    """Tells a running daemon how far it is, so that `status` and the menu bar show it.

    Args:
        home: whose daemon.
        monotonic: the clock; it is told at most every two seconds.
    """

    def __init__(self, home: Home, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._home = home
        self._monotonic = monotonic
        self._next = 0.0
        self._lock = threading.Lock()

    def follow(self, domain: str, item: Mapping[str, Any]) -> None:
        """Take in one progress item of the trainer."""
        from personald import ipc

        with self._lock:
            now = self._monotonic()
            if now < self._next:
                return
            self._next = now + HERALD_SECONDS
        # Without a daemon there is nobody to tell, and one that is in trouble must not hold us up.
        with contextlib.suppress(PersonaldError):
            told = {"pid": os.getpid(), "item": {**item, "domain": domain}}
            ipc.call(self._home.run, "progress", told, timeout=1.0)


def _report(outcome: Outcome) -> dict[str, Any]:
    """What `train --json` prints of a domain."""
    empty: dict[str, Any] = {
        "verdict": None,
        "version": None,
        "metrics": {},
        "seconds": 0.0,
        "rows": 0,
        "facts": 0,
    }
    return {**empty, **outcome.report, "ending": outcome.ending.value, "detail": outcome.detail}


def _render(domains: Mapping[str, Mapping[str, Any]], reports: Path) -> None:
    rows = []
    for domain, report in domains.items():
        reasons = (report["verdict"] or {}).get("reasons") or []
        said = report.get("result") or report["ending"]
        note = "; ".join(reasons) or report["detail"]
        rows.append(
            (domain, said, report["version"], report["facts"], f"{report['seconds']:.0f} s", note)
        )
    table(("domain", "outcome", "version", "facts", "time", ""), rows)
    pages = [
        page_of(reports, report["version"]) for report in domains.values() if report["version"]
    ]
    for page in pages:
        if page.exists():
            click.echo(f"Report: {page}")
