"""Loss and gradient of one step, a part of its rows at a time, so that a step fits into any memory.

A batch is divided into parts of at most so many tokens; each part is differentiated and computed by itself, counts by
its share of the batch's targets, and leaves nothing behind but its gradient. How a step is divided changes its memory,
and its result by no more than rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from training.adapter import Split, Tensors, slots
from training.arrays import mx
from training.base import Base
from training.batches import Batch, collate
from training.boundary import Boundary
from training.chat import Row
from training.losses import kept_near, token_losses
from training.replay import Replay

Objective = Callable[[Split, Batch], tuple[Any, Any]]
"""The study loss of a batch (a scalar array), and the loss of each of its targets."""


def study_objective(split: Split, batch: Batch) -> tuple[Any, Any]:
    """Cross-entropy on the answers."""
    losses = token_losses(split.logits_at(batch.tokens, batch.positions), batch.targets)
    return losses.mean(), losses


@dataclass(frozen=True, slots=True)
class Flat:
    """An adapter's tensors as one vector, which an optimiser handles in a handful of operations.

    Attributes:
        names: the tensors, in order.
        shapes: theirs.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @staticmethod
    def of(tensors: Tensors) -> Flat:
        """The form of an adapter."""
        names = tuple(sorted(tensors))
        return Flat(names, tuple(tuple(tensors[name].shape) for name in names))

    def vector(self, values: Sequence[Any]) -> Any:
        """Arrays in the order of names, as one float32 vector."""
        return mx.concatenate([value.reshape(-1).astype(mx.float32) for value in values])

    def arrays(self, vector: Any) -> list[Any]:
        """The arrays in a vector, in the order of names."""
        parts, start = [], 0
        for shape in self.shapes:
            size = math.prod(shape)
            parts.append(vector[start : start + size].reshape(shape))
            start += size
        return parts

    def tensors(self, vector: Any) -> Tensors:
        """The tensors in a vector, by name."""
        return dict(zip(self.names, self.arrays(vector), strict=True))


@dataclass(frozen=True, slots=True)
class Slope:
    """What one step comes to.

    Attributes:
        loss: study and replay together, in nats.
        hardest: for each study row of the step, the loss of its hardest token.
        vector: the gradient, flat.
        tokens, padding: how many tokens were run for study, and how many of them were padding.
    """

    loss: float
    hardest: tuple[float, ...]
    vector: Any
    tokens: int
    padding: int


class Gradients:
    """Differentiates steps of one run; the base carries the adapter, and its boundary is open.

    Args:
        base: the model.
        flat: the adapter's form.
        study: all study rows.
        objective: the study loss.
        boundary: what never changes below the adapted blocks.
        replay: rows to stay near the base on; None for none.
        kl_weight: how much that counts.
    """

    def __init__(
        self,
        base: Base,
        flat: Flat,
        study: Sequence[Row],
        objective: Objective,
        boundary: Boundary,
        replay: Replay | None,
        kl_weight: float,
    ) -> None:
        self.flat, self.study, self.replay, self.kl_weight = flat, study, replay, kl_weight
        self.objective, self.boundary, self.pad = objective, boundary, base.chat.end
        self._split = Split(base.model)
        self._slots = slots(base.model, flat.names)
        self._kept = boundary.remember(study, self.pad)
        self._kept_replay = boundary.remember(replay.rows, self.pad) if replay else []
        self._of_study = mx.value_and_grad(self._study_loss)
        self._of_replay = mx.value_and_grad(self._replay_loss)

    def step(
        self, vector: Any, rows: Sequence[int], replayed: Sequence[int], at_once: int
    ) -> Slope:
        """The loss and its gradient at an adapter.

        Args:
            vector: the adapter, flat.
            rows: which study rows; not empty.
            replayed: which replay rows.
            at_once: tokens of a part at most, padding included; a longer row is a part by itself.
        """
        values = self.flat.arrays(vector)
        loss, total = 0.0, mx.zeros_like(vector)
        hardest: list[float] = []
        tokens = padding = 0
        for part, share in parts(self.study, rows, self.pad, at_once):
            (value, losses), slopes = self._of_study(values, part, share)
            total = total + self.flat.vector(slopes)
            mx.eval(value, losses, total)
            loss += value.item()
            hardest.extend(_hardest(self.study, part, losses.tolist()))
            tokens += part.tokens.size
            padding += part.tokens.size - part.useful
        for part, share in (
            parts(self.replay.rows, replayed, self.pad, at_once) if self.replay else ()
        ):
            value, slopes = self._of_replay(values, part, share)
            total = total + self.flat.vector(slopes)
            mx.eval(value, total)
            loss += value.item()
        return Slope(loss, tuple(hardest), total, tokens, padding)

    def _put(self, values: Sequence[Any]) -> None:
        for (module, name), value in zip(self._slots, values, strict=True):
            module[name] = value

    def _study_loss(self, values: list[Any], part: Batch, share: float) -> Any:
        self._put(values)
        with self.boundary.fed(self._kept, part):
            loss, losses = self.objective(self._split, part)
        return share * loss, losses

    def _replay_loss(self, values: list[Any], part: Batch, share: float) -> Any:
        assert self.replay is not None
        self._put(values)
        with self.boundary.fed(self._kept_replay, part):
            logits = self._split.logits_at(part.tokens, part.positions)
        return share * self.kl_weight * kept_near(logits, self.replay.reference(part))


def parts(
    rows: Sequence[Row], chosen: Sequence[int], pad: int, at_once: int
) -> Iterator[tuple[Batch, float]]:
    """The chosen rows in batches of at most `at_once` tokens, each with its share of all targets."""
    targets = sum(rows[index].targets for index in chosen)
    for indices in divided(chosen, [len(rows[index].tokens) - 1 for index in chosen], at_once):
        mine = sum(rows[index].targets for index in indices)
        yield collate(rows, indices, pad), mine / targets


def divided(chosen: Sequence[int], lengths: Sequence[int], at_once: int) -> list[list[int]]:
    """The chosen rows cut, in order, into as few and as even parts as the limit allows.

    Args:
        chosen: indices of rows.
        lengths: the length of each, in tokens.
        at_once: a part's rows times its longest length at most; one row is always a part.
    """
    fit = max(1, at_once // max(lengths, default=1))
    count = -(-len(chosen) // fit)
    bounds = [len(chosen) * number // max(count, 1) for number in range(count + 1)]
    return [list(chosen[start:end]) for start, end in pairwise(bounds)]


def _hardest(rows: Sequence[Row], part: Batch, losses: Sequence[float]) -> Iterator[float]:
    """For each row of a part, the loss of its hardest token."""
    start = 0
    for index in part.indices:
        end = start + rows[index].targets
        yield round(max(losses[start:end]), 4)
        start = end
