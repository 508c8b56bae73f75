"""What holds the student near its base: rows to replay, and the base's own most likely tokens on them."""

from __future__ import annotations

from collections.abc import Sequence

from training.adapter import Split
from training.arrays import mx
from training.base import Base
from training.batches import Batch, Course
from training.chat import Row
from training.loop_settings import LoopSettings
from training.losses import TopK, top_k


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
        settings: how many of them a step takes.
        seed: what the order follows from.
        pad: the token that fills short rows.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        outputs: Sequence[TopK],
        settings: LoopSettings,
        seed: int,
        pad: int,
    ) -> None:
        self.rows, self.outputs = rows, outputs
        self._course = Course(rows, settings.replay_rows, settings.replay_tokens, seed, pad)

    def chosen(self, step: int) -> tuple[int, ...]:
        """Which rows a step replays; follows from the step's number."""
        return self._course.indices(step)

    def reference(self, batch: Batch) -> TopK:
        """What the base says at the targets of a batch."""
        chosen = [self.outputs[index] for index in batch.indices]
        ids = mx.concatenate([output.ids for output in chosen])
        return TopK(ids, mx.concatenate([output.log_probs for output in chosen]))
