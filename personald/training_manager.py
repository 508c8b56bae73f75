"""Trains in the background while the conditions hold; owns the trainer child, and makes way for a training by hand.

One child at a time. Whether to go on is asked four times a second while it runs; readings are taken twice a second
then, every tick while something waits to be trained, and every few minutes otherwise, so that an idle machine is left
alone.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personald import planner, reports
from personald.conditions import Condition, Readings, judge, why_not
from personald.config import Home, Settings
from personald.errors import NotNow
from personald.instance import training_lock
from personald.planner import Decision, DomainFacts
from personald.state import Run, RunState, StateFile
from personald.trainer import Ending, Follow, Job, Outcome

log = logging.getLogger("personald.training")

# While a child runs, how old readings may be.
WATCH_SECONDS = 0.5
# While nothing waits to be trained, how old readings may be.
IDLE_SECONDS = 600.0
# A child is ended and started again after so long: what its libraries leak does not add up, and the machine cools.
SEGMENT_SECONDS = 1800.0
# A child is gone long before; the rest is what a busy machine may need to notice.
GIVE_WAY_SECONDS = 15.0
STOPPING = "the daemon is stopping"

RunChild = Callable[[Job, Follow, Callable[[], str]], Outcome]
Read = Callable[[float], Readings]


@dataclass(frozen=True, slots=True)
class JobView:
    """The job in hand, as `status --json` prints it."""

    domain: str
    phase: str = "starting"
    done: int = 0
    total: int = 0
    eta_seconds: float | None = None

    @staticmethod
    def of(domain: str, item: Mapping[str, Any]) -> JobView:
        """The job that a progress item of its child tells of."""
        return JobView(
            domain,
            str(item.get("phase", "")),
            int(item.get("done", 0)),
            int(item.get("total", 0)),
            item.get("eta_seconds"),
        )

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return {
            "domain": self.domain,
            "phase": self.phase,
            "done": self.done,
            "total": self.total,
            "eta_seconds": self.eta_seconds,
        }


class TrainingManager:
    """Decides, trains, notes.

    Args:
        home: whose documents.
        settings: what must hold.
        state: where runs are noted.
        facts: what the store says of each domain; None while the sources have not been looked through.
        read: takes readings, given how many seconds were trained in the last day.
        run_child: runs one child to its end.
        trained: called after a run that finished; for what follows from it.
        clock: seconds since 1970.
        monotonic: the clock that only moves on.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        state: StateFile,
        facts: Callable[[], Sequence[DomainFacts] | None],
        read: Read,
        run_child: RunChild,
        trained: Callable[[Outcome], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home = home
        self.settings = settings
        self._state = state
        self._facts = facts
        self._read = read
        self._run_child = run_child
        self._trained = trained
        self._clock = clock
        self._monotonic = monotonic
        self._one_at_a_time = threading.Lock()
        self._readings_at: float | None = None
        self._readings = Readings()
        self._give_way = ""
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._told = ""
        self._own: JobView | None = None
        self._by_hand: tuple[int, JobView] | None = None
        self.conditions: tuple[Condition, ...] = ()

    @property
    def job(self) -> JobView | None:
        """The training in hand: our own child's, or one that a command started; None without either."""
        if self._own is None and self._by_hand is not None and _is_alive(self._by_hand[0]):
            return self._by_hand[1]
        return self._own

    @property
    def busy(self) -> bool:
        """True while anybody trains through this manager."""
        return self._one_at_a_time.locked()

    # ---- called on every tick ----

    def tick(self) -> None:
        """Look whether something should be trained, and begin with it."""
        if self.busy or self._stopping or self.job is not None:
            return
        state = self._state.load()
        facts = self._facts()
        waits = bool(planner.stale(facts or (), state)) and not state.paused(self._clock())
        self._judge(state, 0.0 if waits else IDLE_SECONDS, running=False)
        decision = planner.plan(facts, state, self.conditions, self._clock())
        chosen = decision.domain
        self._tell(decision)
        if chosen is not None and self._one_at_a_time.acquire(blocking=False):
            revision = next(item.revision for item in facts or () if item.name == chosen)
            job = Job(self._home.path, chosen, effort=decision.effort)
            self._own = JobView(chosen)
            self._thread = threading.Thread(
                target=self._in_background,
                args=(job, revision, decision.reason),
                name="training",
                daemon=True,
            )
            self._thread.start()

    def decide(self) -> Decision:
        """What would be done now, on the conditions as they were judged last."""
        return planner.plan(self._facts(), self._state.load(), self.conditions, self._clock())

    # ---- called by commands ----

    def hear_of(self, pid: int, item: Mapping[str, Any]) -> None:
        """Take notice of how far a training by hand is.

        Args:
            pid: the command's process; when it ends, so does its job.
            item: a progress item of one of its children, with the domain.
        """
        self._by_hand = (pid, JobView.of(str(item.get("domain", "")), item))

    def give_way(self, reason: str) -> None:
        """Stop the child in hand, whoever asked for it, and return when it has ended; nothing happens without one."""
        self._give_way = reason
        if self._one_at_a_time.acquire(timeout=GIVE_WAY_SECONDS):
            self._one_at_a_time.release()
        self._give_way = ""

    def stop(self) -> None:
        """Stop for good; the child writes its checkpoint first."""
        self._stopping = True
        self.give_way(STOPPING)

    def refresh(self) -> None:
        """Forget the readings, so that the next tick takes new ones."""
        self._readings_at = None

    # ---- inside ----

    def _judge(self, state: RunState, oldest: float, *, running: bool) -> None:
        """Judge the conditions, on readings that are at most so many seconds old."""
        now = self._monotonic()
        if self._readings_at is None or now - self._readings_at >= oldest:
            self._readings = self._read(state.trained_seconds(self._clock()))
            self._readings_at = self._monotonic()
        local = datetime.fromtimestamp(self._clock())
        self.conditions = judge(self._readings, self.settings.conditions, local, running=running)

    def _tell(self, decision: Decision) -> None:
        """Log why nothing is trained when that has become another reason; figures in it change all the time."""
        reason = re.sub(r"\d+", "", decision.reason) if decision.domain is None else ""
        if reason != self._told and reason:
            log.info("not training: %s", decision.reason)
        self._told = reason

    def _in_background(self, job: Job, revision: int, reason: str) -> None:
        began = self._monotonic()
        try:
            with training_lock(self._home.run):
                last = self._state.load().last_run(job.domain)
                stopped = last is not None and last.ending == Ending.STOPPED.value
                verb = "goes on" if stopped else "begins"
                log.info("training %s %s: %s", job.domain, verb, reason)
                self._train(job, revision, lambda: self._why_stop(began))
        except NotNow as error:
            self._own = None
            log.info("%s", error.detail)
        finally:
            self._one_at_a_time.release()

    def _why_stop(self, began: float) -> str:
        """A reason to end the background child now, or ""."""
        if asked := self._give_way or (STOPPING if self._stopping else ""):
            return asked
        state = self._state.load()
        if state.paused(self._clock()):
            return "paused"
        if self._monotonic() - began >= SEGMENT_SECONDS:
            return "a pause between two segments"
        self._judge(state, WATCH_SECONDS, running=True)
        return why_not(self.conditions)

    def _train(self, job: Job, revision: int, should_stop: Callable[[], str]) -> None:
        self._own = JobView(job.domain)
        began = self._clock()

        def hear(item: Mapping[str, Any]) -> None:
            self._own = JobView.of(job.domain, item)

        try:
            outcome = self._run_child(job, hear, should_stop)
            self._note(job, began, outcome, revision)
        finally:
            self._own = None
        if outcome.ending is Ending.FINISHED:
            self._trained(outcome)

    def _note(self, job: Job, began: float, outcome: Outcome, revision: int) -> None:
        run = Run(
            job.domain,
            began,
            self._clock(),
            outcome.ending.value,
            outcome.result,
            outcome.detail,
        )
        finished = outcome.ending is Ending.FINISHED
        log.info(
            "training %s: %s%s, %.0f s%s",
            job.domain,
            outcome.ending.value,
            f", {outcome.result}" if finished else _how_far(self._own),
            run.ended - run.began,
            f" ({outcome.detail})" if outcome.detail else "",
        )
        note_run(self._home, self._state, run, outcome, revision)


def note_run(home: Home, state: StateFile, run: Run, outcome: Outcome, revision: int) -> None:
    """Note a run in state.json, and its figures in a report of its own; for the daemon and for commands.

    Args:
        home: where reports lie.
        state: where runs are noted.
        run: when it ran, and how it ended.
        outcome: what came of it.
        revision: of the domain in the store when the run began (`Store.revision`).

    A disk that is full costs the note, not the run.
    """
    try:
        state.change(lambda now: planner.after_run(now, run, outcome, revision))
        if outcome.report:
            reports.note(home.reports, run.domain, run.ended, outcome.report)
    except OSError as error:
        log.error("a run could not be noted: %s", error.strerror)


def _how_far(job: JobView | None) -> str:
    """Where a run was that did not finish; "" when it did not say."""
    return f" at {job.phase} {job.done} of {job.total}" if job and job.total else ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
