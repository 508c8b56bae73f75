"""The training loop: rows in, an adapter out; killed at any moment and resumed, the very same adapter.

One step is one study batch and, beside it, one small replay batch that is held near the base:
loss = objective(study) + λ·KL(base ‖ student)(replay). Everything that happens follows from the rows, the settings and
the seed, by way of the step's number: there is no dropout and no other hidden state, so that a run resumed from a
checkpoint repeats an uninterrupted one bit for bit. Clocks decide only when a checkpoint is written.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from personald.errors import PersonaldError
from training.adapter import Shape, Split, Tensors, attached, fresh, put
from training.arrays import mx
from training.base import Base
from training.batches import Batch, Course, collate
from training.boundary import Boundary
from training.chat import Row
from training.checkpoint import CheckpointFile, Probed, State
from training.losses import TopK, kept_near, token_losses, top_k
from training.optimiser import Moments, Schedule, adam, clipped

LEARNT = 0.1
"""Nats: a row whose hardest token is likelier than e^-0.1 = .90 is learnt; it then takes part in every third epoch only,
so that the time goes to what is not learnt yet."""

REST = 3

MOST_STUMBLES = 4
"""After so many losses that are not numbers a run is given up."""

CACHE_BYTES = 256 << 20
"""What MLX may keep of freed memory (mlx-lm #828: without a limit the cache grows with every new shape)."""


class TrainingDiverged(PersonaldError):
    """The loss is not a number, again and again, at ever lower rates."""

    title = "Training does not converge"


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How to train.

    Attributes:
        shape: the adapter's form.
        learning_rate: the peak rate.
        steps: how many steps at most.
        rows_per_step: study rows in a step.
        tokens_per_step: tokens in a study batch at most, padding included.
        replay_rows, replay_tokens: the same for the replay batch; 20–25 % of the rows.
        kl_weight: λ.
        top: how many of the base's most likely tokens replay is held to.
        clip: longest gradient.
        probe_every: steps between two looks at the probes.
        checkpoint_seconds: at most so long between two checkpoints.
    """

    shape: Shape = field(default_factory=Shape)
    learning_rate: float = 2e-3
    steps: int = 600
    rows_per_step: int = 16
    tokens_per_step: int = 2048
    replay_rows: int = 5
    replay_tokens: int = 320
    kl_weight: float = 3.0
    top: int = 24
    clip: float = 1.0
    probe_every: int = 50
    checkpoint_seconds: float = 60.0


Objective = Callable[[Split, Batch], tuple[Any, Any]]
"""The study loss of a batch (a scalar array), and the loss of each of its targets."""

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
        seconds, tokens: what this process spent (a resumed run counts its own part).
        padding: share of padding among the tokens of this process's batches.
    """

    tensors: Tensors
    finished: bool
    steps: int
    history: tuple[Probed, ...]
    stumbles: int
    seconds: float
    tokens: int
    padding: float


def study_objective(split: Split, batch: Batch) -> tuple[Any, Any]:
    """Cross-entropy on the answers."""
    losses = token_losses(split.logits_at(batch.tokens, batch.positions), batch.targets)
    return losses.mean(), losses


def base_outputs(base: Base, rows: Sequence[Row], top: int, rows_per_batch: int = 16) -> list[TopK]:
    """The base's own most likely tokens at every target of every row; computed once, used in every epoch."""
    split = Split(base.model)
    outputs: list[TopK | None] = [None] * len(rows)
    course = Course(rows, rows_per_batch, 4096, 0, base.chat.end)
    for number in range(course.batches_per_epoch if rows else 0):
        batch = course.batch(number)
        found = top_k(split.logits_at(batch.tokens, batch.positions), top)
        mx.eval(found.ids, found.log_probs)
        start = 0
        for index in batch.indices:
            end = start + rows[index].targets
            outputs[index] = found[start:end]
            start = end
    return [output for output in outputs if output is not None]


class Replay:
    """The rows that hold the student near its base, with the base's outputs on them.

    Args:
        rows: at least one.
        outputs: the base's top tokens at each row's targets, as `base_outputs` gives them.
        settings, seed, pad: as for the study rows.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        outputs: Sequence[TopK],
        settings: LoopSettings,
        seed: int,
        pad: int,
    ) -> None:
        self.course = Course(rows, settings.replay_rows, settings.replay_tokens, seed, pad)
        self.outputs = outputs

    def batch(self, number: int) -> tuple[Batch, TopK]:
        """The replay batch of a step, and what the base says at its targets."""
        batch = self.course.batch(number)
        chosen = [self.outputs[index] for index in batch.indices]
        ids = mx.concatenate([output.ids for output in chosen])
        return batch, TopK(ids, mx.concatenate([output.log_probs for output in chosen]))


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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base, self.settings, self.seed = base, settings, seed
        self.replay, self.objective, self.probing = replay, objective, probing
        self.checkpoint, self.clock = checkpoint, clock
        self.course = Course(
            study, settings.rows_per_step, settings.tokens_per_step, seed, base.chat.end
        )
        self.initial = start if start is not None else fresh(base.model, settings.shape, seed)
        self.names = sorted(self.initial)
        self.sizes = [self.initial[name].size for name in self.names]
        self.schedule = Schedule(settings.learning_rate, settings.steps)
        self._tokens = self._padding = 0
        self.boundary = Boundary(base.model, settings.shape.blocks)
        self._planned = -1
        self._plan: list[tuple[int, ...]] = []
        self._kept: list[Any] = []
        self._kept_replay: list[Any] = []

    def _remember(self) -> None:
        """Keep what the blocks below the adapted ones say to every row."""
        pad = self.base.chat.end
        self._kept = self.boundary.remember(self.course.rows, pad)
        if self.replay is not None:
            self._kept_replay = self.boundary.remember(self.replay.course.rows, pad)

    # ---- the adapter as one vector

    def flat(self, values: Sequence[Any]) -> Any:
        """Arrays in the order of names, as one float32 vector."""
        return mx.concatenate([value.reshape(-1).astype(mx.float32) for value in values])

    def shaped(self, vector: Any) -> list[Any]:
        """The adapter's arrays, in the order of names."""
        parts, start = [], 0
        for name, size in zip(self.names, self.sizes, strict=True):
            parts.append(vector[start : start + size].reshape(self.initial[name].shape))
            start += size
        return parts

    def tensors(self, vector: Any) -> Tensors:
        """The adapter's tensors by name."""
        return dict(zip(self.names, self.shaped(vector), strict=True))

    # ---- the run

    def beginning(self) -> State:
        """The state before the first step."""
        vector = self.flat([self.initial[name] for name in self.names])
        every = tuple(range(len(self.course.rows)))
        unseen = (math.inf,) * len(every)
        moments = Moments.zero(vector.size)
        return State(0, vector, moments, 1.0, 0, vector, (), (0.0, 0), 0, 0, every, unseen)

    def run(
        self,
        report: Callable[[Report], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Trained:
        """Train until the probes are passed, the steps are done, or `should_stop` says so (asked before every step).

        Raises:
            TrainingDiverged: the loss was not a number too often.
            CheckpointUnwritable: no checkpoint can be written.
        """
        mx.set_cache_limit(CACHE_BYTES)
        state = (self.checkpoint.load() if self.checkpoint else None) or self.beginning()
        started = saved = self.clock()
        shape = self.settings.shape
        with attached(self.base.model, shape, self.tensors(state.vector)), self.boundary.open():
            self._remember()
            gradient = mx.value_and_grad(self._loss(Split(self.base.model)))
            while not self._over(state):
                if should_stop():
                    self._save(state)
                    return self._result(state, started, finished=False)
                state = self._step(state, gradient)
                if state.step % self.settings.probe_every == 0 or state.step == self.settings.steps:
                    state = self._probe(state)
                    self._tell(state, report)
                elif state.step % 10 == 0:
                    self._tell(state, report)
                if self.clock() - saved >= self.settings.checkpoint_seconds:
                    self._save(state)
                    saved = self.clock()
        self._save(state)
        return self._result(state, started, finished=True)

    def _over(self, state: State) -> bool:
        return state.step >= self.settings.steps or bool(state.history and state.history[-1].enough)

    def _save(self, state: State) -> None:
        if self.checkpoint is not None:
            self.checkpoint.save(state)

    def _loss(self, split: Split) -> Callable[..., Any]:
        """The loss as a function of the adapter's arrays, for one study and one replay batch."""

        def loss(values: list[Any], study: Batch, replay: tuple[Batch, TopK] | None) -> Any:
            put(self.base.model, dict(zip(self.names, values, strict=True)))
            with self.boundary.fed(self._kept, study):
                total, losses = self.objective(split, study)
            if replay is not None:
                batch, reference = replay
                with self.boundary.fed(self._kept_replay, batch):
                    logits = split.logits_at(batch.tokens, batch.positions)
                total = total + self.settings.kl_weight * kept_near(logits, reference)
            return total, losses

        return loss

    def _epoch(self, state: State) -> list[tuple[int, ...]]:
        """The batches of the state's epoch."""
        if self._planned != state.epoch:
            self._planned = state.epoch
            self._plan = self.course.epoch(state.playing, state.epoch)
        return self._plan

    def _seen(self, state: State, batch: Batch, losses: Any) -> State:
        """The state after a batch: what was hard in it, and the next epoch if this one is over."""
        hardest = list(state.hardest)
        values, start = losses.tolist(), 0
        for index in batch.indices:
            end = start + self.course.rows[index].targets
            hardest[index] = round(max(values[start:end]), 4)
            start = end
        if state.place + 1 < len(self._epoch(state)):
            return replace(state, place=state.place + 1, hardest=tuple(hardest))
        epoch = state.epoch + 1
        playing = [i for i, loss in enumerate(hardest) if loss >= LEARNT or (epoch + i) % REST == 0]
        playing = playing or list(range(len(hardest)))
        return replace(state, epoch=epoch, place=0, playing=tuple(playing), hardest=tuple(hardest))

    def _step(self, state: State, gradient: Callable[..., Any]) -> State:
        """The state after one more step, or the stumbled one if the loss is not a number."""
        rows = self._epoch(state)[state.place]
        study = collate(self.course.rows, rows, self.course.pad)
        replay = self.replay.batch(state.step) if self.replay is not None else None
        (loss, losses), slopes = gradient(self.shaped(state.vector), study, replay)
        slope, norm = clipped(self.flat(slopes), self.settings.clip)
        vector, moments = adam(
            state.vector, slope, state.moments, self.schedule.rate(state.step) * state.slow
        )
        mx.eval(loss, losses, norm, vector, moments.first, moments.second)
        self._tokens += study.tokens.size
        self._padding += study.tokens.size - study.useful
        if not (math.isfinite(loss.item()) and math.isfinite(norm.item())):
            return self._stumbled(state)
        state = self._seen(state, study, losses)
        total, count = state.losses
        return replace(
            state,
            step=state.step + 1,
            vector=vector,
            moments=moments,
            losses=(total + loss.item(), count + 1),
        )

    def _stumbled(self, state: State) -> State:
        """Back to the best adapter so far, at half the rate; the step counts as done.

        Raises:
            TrainingDiverged: it happened too often.
        """
        if state.stumbles + 1 >= MOST_STUMBLES:
            raise TrainingDiverged(
                f"the loss was not a number {state.stumbles + 1} times, at last in step {state.step + 1} at "
                f"{self.schedule.rate(state.step) * state.slow:.1e}",
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
        put(self.base.model, self.tensors(state.vector))
        score, enough, values = self.probing()
        better = all(score >= earlier.score for earlier in state.history)
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
        tensors = self.tensors(state.best if finished else state.vector)
        mx.eval(tensors)
        return Trained(
            tensors,
            finished,
            state.step,
            state.history,
            state.stumbles,
            self.clock() - started,
            self._tokens,
            self._padding / max(self._tokens, 1),
        )
