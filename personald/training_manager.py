"""Trains in the background while the conditions hold, and on request; owns the trainer child.

One child at a time. Whether to go on is asked four times a second while it runs; readings are taken twice a second
then, every tick while something waits to be trained, and every few minutes otherwise, so that an idle machine is left
alone.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personald import planner
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
KEPT_REPORTS = 60
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
        facts: what the store says of each domain.
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
        facts: Callable[[], Sequence[DomainFacts]],
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
        self.conditions: tuple[Condition, ...] = ()
        self.job: JobView | None = None

    @property
    def busy(self) -> bool:
        """True while anybody trains through this manager."""
        return self._one_at_a_time.locked()

    # ---- called on every tick ----

    def tick(self) -> None:
        """Look whether something should be trained, and begin with it."""
        if self.busy or self._stopping:
            return
        state = self._state.load()
        facts = self._facts()
        waits = bool(planner.stale(facts, state)) and not state.paused(self._clock())
        self._judge(state, 0.0 if waits else IDLE_SECONDS, running=False)
        decision = planner.plan(facts, state, self.conditions, self._clock())
        chosen = decision.domain
        self._tell(decision)
        if chosen is not None and self._one_at_a_time.acquire(blocking=False):
            revision = next(item.revision for item in facts if item.name == chosen)
            job = Job(self._home.path, chosen, effort=decision.effort)
            self.job = JobView(chosen)
            self._thread = threading.Thread(
                target=self._in_background, args=(job, revision), name="training", daemon=True
            )
            self._thread.start()

    def decide(self) -> Decision:
        """What would be done now, on the conditions as they were judged last."""
        return planner.plan(self._facts(), self._state.load(), self.conditions, self._clock())

    # ---- called by commands ----

    def train(
        self, domains: Sequence[str], *, force: bool, full: bool, follow: Follow
    ) -> dict[str, Any]:
        """Train some domains now, or all that have documents; blocks.

        Args:
            domains: which; empty for all.
            force: ignore the conditions and a pause.
            full: train although nothing has changed.
            follow: gets progress.

        Returns:
            For each domain what `train --json` prints of it.

        Raises:
            NotNow: the conditions do not hold, or another process trains.
        """
        facts = {item.name: item for item in self._facts()}
        wanted = list(domains) or [name for name, item in facts.items() if item.documents]
        if not force:
            self._refuse_when_not_now()
        if self._thread is not None and self._thread.is_alive():
            self.give_way("you asked for training now")
        with self._one_at_a_time:
            results = {}
            for name in wanted:
                item = facts.get(name, DomainFacts(name, 0, 0, 0))
                job = Job(self._home.path, name, full=full, gentle=False)
                outcome = self._train(job, item.revision, follow, self._asked_to_stop)
                results[name] = {
                    **outcome.report,
                    "ending": outcome.ending.value,
                    "detail": outcome.detail,
                }
                if outcome.ending is Ending.STOPPED:
                    break
            return results

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

    def _refuse_when_not_now(self) -> None:
        state = self._state.load()
        self._judge(state, 0.0, running=False)
        obstacle = "it is paused" if state.paused(self._clock()) else why_not(self.conditions)
        if obstacle:
            raise NotNow(f"{obstacle}.", "Try later, or train all the same with --force.")

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

    def _in_background(self, job: Job, revision: int) -> None:
        began = self._monotonic()
        try:
            with training_lock(self._home.run):
                self._train(job, revision, lambda _: None, lambda: self._why_stop(began))
        except NotNow as error:
            self.job = None
            log.info("%s", error.detail)
        finally:
            self._one_at_a_time.release()

    def _asked_to_stop(self) -> str:
        return self._give_way or (STOPPING if self._stopping else "")

    def _why_stop(self, began: float) -> str:
        """A reason to end the background child now, or ""."""
        if asked := self._asked_to_stop():
            return asked
        state = self._state.load()
        if state.paused(self._clock()):
            return "paused"
        if self._monotonic() - began >= SEGMENT_SECONDS:
            return "a pause between two segments"
        self._judge(state, WATCH_SECONDS, running=True)
        return why_not(self.conditions)

    def _train(
        self, job: Job, revision: int, follow: Follow, should_stop: Callable[[], str]
    ) -> Outcome:
        self.job = JobView(job.domain)
        began = self._clock()
        log.info("training %s begins", job.domain)

        def hear(item: Mapping[str, Any]) -> None:
            self.job = JobView(
                job.domain,
                str(item.get("phase", "")),
                int(item.get("done", 0)),
                int(item.get("total", 0)),
                item.get("eta_seconds"),
            )
            follow(item)

        try:
            outcome = self._run_child(job, hear, should_stop)
            self._note(job, began, outcome, revision)
        finally:
            self.job = None
        if outcome.ending is Ending.FINISHED:
            self._trained(outcome)
        return outcome

    def _note(self, job: Job, began: float, outcome: Outcome, revision: int) -> None:
        run = Run(
            job.domain,
            began,
            self._clock(),
            outcome.ending.value,
            outcome.result,
            outcome.detail,
        )
        log.info(
            "training %s: %s%s, %.0f s%s",
            job.domain,
            outcome.ending.value,
            f", {outcome.result}" if outcome.ending is Ending.FINISHED else "",
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
            at = datetime.fromtimestamp(run.ended).strftime("%Y%m%dT%H%M%S")
            file = home.reports / f"{at}-{run.domain}.json"
            file.write_text(json.dumps(dict(outcome.report), indent=1), "utf-8")
            for old in sorted(home.reports.glob("*.json"))[:-KEPT_REPORTS]:
                old.unlink()
    except OSError as error:
        log.error("a run could not be noted: %s", error.strerror)


__all__ = ["JobView", "TrainingManager", "note_run"]
