"""The training loop: rows in, an adapter out; killed at any moment and resumed, the very same adapter.

One step is one study batch and, beside it, one small replay batch that is held near the base:
loss = objective(study) + λ·KL(base ‖ student)(replay). A batch is differentiated in parts that fit into memory, one
after the other (`training.gradients`). Everything that happens follows from the rows, the settings and the seed, by way
of the step's number: there is no dropout and no other hidden state, so that a run resumed from a checkpoint repeats an
uninterrupted one bit for bit. Clocks decide only when a checkpoint is written.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from personald.errors import PersonaldError
from training.adapter import Form, LowRank, Tensors, put
from training.arrays import mx
from training.base import Base
from training.batches import Course
from training.boundary import Boundary
from training.chat import Row
from training.checkpoint import CheckpointFile, Probed, State
from training.gradients import Flat, Gradients, Objective, study_objective
from training.loop_settings import LoopSettings
from training.memory import OutOfMemory, needed, ran_out
from training.optimiser import Moments, Schedule, adam, clipped
from training.replay import Replay

LEARNT = 0.1
"""Nats: a row whose hardest token is likelier than e^-0.1 = .90 is learnt; it then takes part in every third epoch only
(`LoopSettings.rest`), so that the time goes to what is not learnt yet."""

COOLING = 0.15
"""Share of the steps done that follow when the probes are passed, while the rate falls to nothing: most of what a falling
rate brings comes at its end, however long it was high (Hägele et al., arXiv 2405.18392)."""

MOST_STUMBLES = 4
"""After so many losses that are not numbers a run is given up."""

CACHE_BYTES = 64 << 20
"""What MLX may keep of freed memory (mlx-lm #828: without a limit the cache grows with every new shape);
more than this did not make steps faster."""


class TrainingDiverged(PersonaldError):
    """The loss is not a number, again and again, at ever lower rates."""

    title = "Training does not converge"


Probing = Callable[[], tuple[float, bool, dict[str, float]]]
"""Looks at the model as it is: score (0–1), whether that is enough, and the metrics behind it."""


@dataclass(frozen=True, slots=True)
class Report:
    """Where a run stands, told after every few steps."""

    step: int
    steps: int
    loss: float
    probes: dict[str, float]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run gave.

    Attributes:
        tensors: the adapter with the best probes; where there were none, the last one.
        finished: False when it was asked to stop before its end.
        steps: how many steps were done in all.
        history: what the probes said.
        stumbles: how often the loss was not a number and the rate was halved.
        at_once: how many tokens were differentiated at once in the end; less than was set after memory ran out.
        seconds, tokens: what this process spent (a resumed run counts its own part).
        padding: share of padding among the tokens of this process's batches.
    """

    tensors: Tensors
    finished: bool
    steps: int
    history: tuple[Probed, ...]
    stumbles: int
    at_once: int
    seconds: float
    tokens: int
    padding: float


class Trainer:
    """One run of training.

    Args:
        base: the model; it carries the adapter only while `run` runs.
        study: rows to learn; at least one.
        settings: how.
        seed: what initialisation and order follow from.
        replay: rows to stay near the base on; None for none.
        objective: the study loss.
        probing: how the best state is chosen and the end is found; None trains all steps and takes the last.
        checkpoint: where the state is kept; None for nowhere.
        start: the adapter to start from (a warm start); None for a fresh one.
        known: which rows the adapter to start from knows already.
        form: what learns; None for a low-rank adapter of the settings' shape. Another form adapts every block.
        clock: seconds, for checkpoints and the report of time only.
    """

    def __init__(
        self,
        base: Base,
        study: Sequence[Row],
        settings: LoopSettings,
        seed: int,
        replay: Replay | None = None,
        objective: Objective = study_objective,
        probing: Probing | None = None,
        checkpoint: CheckpointFile | None = None,
        start: Tensors | None = None,
        known: Collection[int] = (),
        form: Form | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base, self.settings, self.seed = base, settings, seed
        self.replay, self.objective, self.probing = replay, objective, probing
        self.checkpoint, self.clock = checkpoint, clock
        self.course = Course(
            study, settings.rows_per_step, settings.tokens_per_step, seed, base.chat.end
        )
        self.known = frozenset(known)
        self.form = form or LowRank(settings.shape)
        self.initial = start if start is not None else self.form.fresh(base.model, seed)
        self.flat = Flat.of(self.initial)
        self.schedule = Schedule(settings.learning_rate, settings.steps)
        self.boundary = Boundary(base.model, settings.shape.blocks)
        self._tokens = self._padding = 0
        self._planned = -1
        self._plan: list[tuple[int, ...]] = []

    # ---- the run

    def beginning(self) -> State:
        """The state before the first step."""
        vector = self.flat.vector([self.initial[name] for name in self.flat.names])
        rows = range(len(self.course.rows))
        hardest = tuple(0.0 if row in self.known else math.inf for row in rows)
        return State(
            step=0,
            vector=vector,
            moments=Moments.zero(vector.size),
            slow=1.0,
            stumbles=0,
            at_once=self.settings.tokens_at_once,
            best=vector,
            history=(),
            losses=(0.0, 0),
            epoch=0,
            place=0,
            playing=self._playing(hardest, 0),
            hardest=hardest,
        )

    def _resumed(self) -> State:
        """The state of the checkpoint, if there is one; it takes no larger parts than are set now."""
        state = (self.checkpoint.load() if self.checkpoint else None) or self.beginning()
        return replace(state, at_once=min(state.at_once, self.settings.tokens_at_once))

    def run(
        self,
        report: Callable[[Report], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Trained:
        """Train until the probes are passed and the rate has fallen, the steps are done, or `should_stop` says so.

        `should_stop` is asked before every step.

        Raises:
            TrainingDiverged: the loss was not a number too often.
            OutOfMemory: not even a single row fits into memory.
            CheckpointUnwritable: no checkpoint can be written.
        """
        mx.set_cache_limit(CACHE_BYTES)
        state = self._resumed()
        started = saved = self.clock()
        tensors = self.flat.tensors(state.vector)
        with self.form.attached(self.base.model, tensors), self.boundary.open():
            gradients = self._gradients()
            while not self._over(state):
                if should_stop():
                    self._save(state)
                    return self._result(state, started, finished=False)
                state = self._step(state, gradients)
                if state.step % self.settings.probe_every == 0 or self._over(state):
                    state = self._probe(state)
                    self._tell(state, report)
                elif state.step % 10 == 0:
                    self._tell(state, report)
                if self.clock() - saved >= self.settings.checkpoint_seconds:
                    self._save(state)
                    saved = self.clock()
        self._save(state)
        return self._result(state, started, finished=True)

    def _gradients(self) -> Gradients:
        return Gradients(
            self.base,
            self.flat,
            self.course.rows,
            self.objective,
            self.boundary,
            self.replay,
            self.settings.kl_weight,
        )

    def _over(self, state: State) -> bool:
        return state.step >= self._last(state)

    def _last(self, state: State) -> int:
        """The last step, as far as is known."""
        passed = self._passed(state)
        if passed is None:
            return self.settings.steps
        return min(self.settings.steps, passed + math.ceil(COOLING * passed))

    def _passed(self, state: State) -> int | None:
        """The step after which the probes were passed."""
        return next((probed.step for probed in state.history if probed.enough), None)

    def _rate(self, state: State) -> float:
        """The rate of the next step."""
        passed = self._passed(state)
        if passed is None:
            return state.slow * self.schedule.rate(state.step)
        left = (self._last(state) - state.step) / (self._last(state) - passed)
        return state.slow * self.schedule.rate(passed) * left

    def _save(self, state: State) -> None:
        if self.checkpoint is not None:
            self.checkpoint.save(state)

    def _epoch(self, state: State) -> list[tuple[int, ...]]:
        """The batches of the state's epoch."""
        if self._planned != state.epoch:
            self._planned = state.epoch
            self._plan = self.course.epoch(state.playing, state.epoch)
        return self._plan

    def _seen(self, state: State, rows: Sequence[int], losses: Sequence[float]) -> State:
        """The state after a batch: what was hard in it, and the next epoch if this one is over."""
        hardest = list(state.hardest)
        for index, loss in zip(rows, losses, strict=True):
            hardest[index] = loss
        if state.place + 1 < len(self._epoch(state)):
            return replace(state, place=state.place + 1, hardest=tuple(hardest))
        epoch = state.epoch + 1
        playing = self._playing(hardest, epoch)
        return replace(state, epoch=epoch, place=0, playing=playing, hardest=tuple(hardest))

    def _playing(self, hardest: Sequence[float], epoch: int) -> tuple[int, ...]:
        """The rows that take part in an epoch: what is not learnt, and some of the rest."""
        rest = self.settings.rest
        playing = [i for i, loss in enumerate(hardest) if loss >= LEARNT or (epoch + i) % rest == 0]
        return tuple(playing or range(len(hardest)))

    def _step(self, state: State, gradients: Gradients) -> State:
        """The state after one more step; the stumbled one if the loss is not a number, the thriftier one if memory ran out."""
        rows = self._epoch(state)[state.place]
        replayed = self.replay.chosen(state.step) if self.replay is not None else ()
        try:
            slope = gradients.step(state.vector, rows, replayed, state.at_once)
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            return self._thriftier(state, error)
        gradient, norm = clipped(slope.vector, self.settings.clip)
        vector, moments = adam(state.vector, gradient, state.moments, self._rate(state))
        mx.eval(norm, vector, moments.first, moments.second)
        self._tokens += slope.tokens
        self._padding += slope.padding
        if not (math.isfinite(slope.loss) and math.isfinite(norm.item())):
            return self._stumbled(state)
        state = self._seen(state, rows, slope.hardest)
        total, count = state.losses
        losses = (total + slope.loss, count + 1)
        return replace(state, step=state.step + 1, vector=vector, moments=moments, losses=losses)

    def _thriftier(self, state: State, error: BaseException) -> State:
        """The same state with half as many tokens at once.

        Raises:
            OutOfMemory: a part is a single row already.
        """
        longest = max(len(row.tokens) for row in self.course.rows)
        if state.at_once <= longest:
            megabytes = needed(self.base, longest) / 1e6
            raise OutOfMemory(
                f"a single row of {longest} tokens, some {megabytes:.0f} MB while it is learnt, does not fit into this "
                "machine's memory",
                "Close other programs, choose a smaller base, or set training.rank lower.",
            ) from error
        mx.clear_cache()
        return replace(state, at_once=state.at_once // 2)

    def _stumbled(self, state: State) -> State:
        """Back to the best adapter so far, at half the rate; the step counts as done.

        Raises:
            TrainingDiverged: it happened too often.
        """
        if state.stumbles + 1 >= MOST_STUMBLES:
            raise TrainingDiverged(
                f"the loss was not a number {state.stumbles + 1} times, at last in step {state.step + 1} at "
                f"{self._rate(state):.1e}",
                "Lower the learning rate.",
            )
        return replace(
            state,
            step=state.step + 1,
            vector=state.best,
            moments=Moments.zero(state.best.size),
            slow=state.slow / 2,
            stumbles=state.stumbles + 1,
        )

    def _probe(self, state: State) -> State:
        """The state with what the probes say of it, and with the best adapter so far."""
        total, count = state.losses
        loss = total / max(count, 1)
        if self.probing is None:
            return replace(state, best=state.vector)
        put(self.base.model, self.flat.tensors(state.vector))
        score, enough, values = self.probing()
        better = enough or all(score >= earlier.score for earlier in state.history)
        probed = Probed(state.step, score, enough, values, loss)
        return replace(
            state,
            best=state.vector if better else state.best,
            history=(*state.history, probed),
            losses=(0.0, 0),
        )

    def _tell(self, state: State, report: Callable[[Report], None]) -> None:
        total, count = state.losses
        last = state.history[-1] if state.history else None
        loss = total / count if count else (last.loss if last else math.nan)
        report(Report(state.step, self.settings.steps, loss, dict(last.values) if last else {}))

    def _result(self, state: State, started: float, finished: bool) -> Trained:
        tensors = self.flat.tensors(state.best if finished else state.vector)
        mx.eval(tensors)
        return Trained(
            tensors,
            finished,
            state.step,
            state.history,
            state.stumbles,
            state.at_once,
            self.clock() - started,
            self._tokens,
            self._padding / max(self._tokens, 1),
        )
