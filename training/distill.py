"""Distillation: the student without the document learns what the same model says with it.

The teacher is the base with the supporting passage in its prompt (`training.teacher`); the student is base + adapter
without it. Two phases: a warm start in which adapted blocks are drawn to the teacher's activations at the answer (mean
squared error per block, in the manner of Deep Context Distillation, arXiv 2503.08727), then training on the student's
inputs only: cross-entropy on the answer, plus soft cross-entropy on the teacher's most likely tokens (prompt
distillation, arXiv 2412.14964), plus a hidden-state match.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from training.adapter import Split, Tensors
from training.arrays import mx
from training.base import Base
from training.batches import Batch
from training.chat import Row
from training.checkpoint import CheckpointFile
from training.gradients import Objective, study_objective
from training.loop_settings import LoopSettings
from training.losses import TopK, soft_cross_entropy, token_losses
from training.replay import Replay
from training.teacher import Taught, heard, tapped
from training.trainer import Probing, Report, Trained, Trainer

WARM_SHARE = 0.15
"""Of a run's steps, so many are its warm start: about one epoch of six (training's usual one to two of up to eight)."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the second phase counts, beside the answer's cross-entropy of 1."""

    soft: float = 0.5
    hidden: float = 0.1


def train(
    base: Base,
    rows: Sequence[Row],
    taught: Sequence[Taught | None],
    settings: LoopSettings,
    seed: int,
    checkpoint: CheckpointFile,
    replay: Replay | None = None,
    probing: Probing | None = None,
    report: Callable[[Report], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    start: Tensors | None = None,
    known: Collection[int] = (),
) -> Trained:
    """Train in both phases, in as many steps together as a run without a teacher takes.

    Without a teacher, and from an adapter that knows most of it, there is nothing to warm up: the second phase is all.

    Args:
        base: the model.
        rows: what to learn.
        taught: what the teacher says to each row; None where it says nothing: such a row is learnt by its answer. Empty
            for no teacher at all.
        settings, seed, replay, probing: as for the trainer.
        checkpoint: where the second phase is kept; the warm start is kept beside it until that is done.
        report, should_stop: as for the trainer's `run`.
        start, known: the adapter to go on from, and which rows it knows; None to begin afresh.

    Raises:
        TrainingDiverged, OutOfMemory, CheckpointUnwritable: as the trainer does.
    """
    warm_steps = max(1, round(WARM_SHARE * settings.steps)) if taught and start is None else 0
    beside = replace(checkpoint, path=checkpoint.path.with_suffix(".warm"))
    if warm_steps and checkpoint.load() is None:
        first = replace(settings, steps=warm_steps)
        objective = warm_start(base, rows, taught)
        warm = Trainer(base, rows, first, seed, replay, objective, checkpoint=beside).run(
            lambda told: report(replace(told, steps=settings.steps)), should_stop
        )
        if not warm.finished:
            return warm
        start = warm.tensors
    trained = Trainer(
        base,
        rows,
        replace(settings, steps=max(1, settings.steps - warm_steps)),
        seed,
        replay,
        internalise(base, rows, taught) if taught else study_objective,
        probing,
        checkpoint,
        start,
        known,
    ).run(
        lambda told: report(replace(told, step=told.step + warm_steps, steps=settings.steps)),
        should_stop,
    )
    if trained.finished:
        beside.remove()
    return replace(trained, steps=trained.steps + warm_steps)


def _with_teacher(
    rows: Sequence[Row], batch: Batch, taught: Sequence[Taught | None]
) -> tuple[list[int], list[Taught]]:
    """Which of the batch's targets have a teacher, by place, and the teachers in the same order."""
    places: list[int] = []
    teachers: list[Taught] = []
    start = 0
    for index in batch.indices:
        end = start + rows[index].targets
        known = taught[index]
        if known is not None:
            places.extend(range(start, end))
            teachers.append(known)
        start = end
    return places, teachers


def _distance(noted: Any, at: Any, wanted: Any) -> Any:
    """Mean squared error of a block's outputs at flat positions, by the mean square of what is wanted."""
    given = noted.reshape(-1, noted.shape[-1])[at]
    return ((given - wanted) ** 2).mean() / (wanted**2).mean()


def warm_start(base: Base, rows: Sequence[Row], taught: Sequence[Taught | None]) -> Objective:
    """The first phase: mean squared error to the teacher's block outputs, each block by the teacher's own size.

    Rows without a teacher are studied by their answers.
    """

    def objective(split: Split, batch: Batch) -> tuple[Any, Any]:
        places, teachers = _with_teacher(rows, batch, taught)
        with tapped(base.model) as gates:
            logits = split.logits_at(batch.tokens, batch.positions)
        losses = token_losses(logits, batch.targets)
        if not teachers:
            return losses.mean(), losses
        at = batch.positions[mx.array(places)]
        total = mx.array(0.0)
        listened = heard(len(gates))
        for place, number in enumerate(listened):
            wanted = mx.concatenate([teacher.blocks[place] for teacher in teachers])
            total = total + _distance(gates[number].noted, at, wanted)
        return total / len(listened), losses

    return objective


def internalise(
    base: Base, rows: Sequence[Row], taught: Sequence[Taught | None], weights: Weights | None = None
) -> Objective:
    """The second phase: the answer's cross-entropy, the teacher's soft one, and a match of the last block's output."""
    counts = weights or Weights()

    def objective(split: Split, batch: Batch) -> tuple[Any, Any]:
        places, teachers = _with_teacher(rows, batch, taught)
        with tapped(base.model) as gates:
            logits = split.logits_at(batch.tokens, batch.positions)
        losses = token_losses(logits, batch.targets)
        total = losses.mean()
        if teachers:
            chosen = mx.array(places)
            top = TopK(
                mx.concatenate([teacher.top.ids for teacher in teachers]),
                mx.concatenate([teacher.top.log_probs for teacher in teachers]),
            )
            wanted = mx.concatenate([teacher.blocks[-1] for teacher in teachers])
            total = total + counts.soft * soft_cross_entropy(logits[chosen], top)
            total = total + counts.hidden * _distance(
                gates[-1].noted, batch.positions[chosen], wanted
            )
        return total, losses

    return objective
