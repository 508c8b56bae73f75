"""Which rows train in which step: every row of an epoch, in batches of nearly equal length.

Rows are sorted by length with a little chance among equals, cut into batches, and the batches are shuffled, so that
padding stays under 5 % and yet no two epochs are alike. The plan of an epoch follows from the seed, the epoch's number
and the rows that take part in it: resuming needs no more than these.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.arrays import mx
from training.chat import Row


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one step as arrays.

    Attributes:
        indices: which rows, in order.
        tokens: ids (rows × length), padded on the right with the last column's end token.
        positions: flat positions (row · length + column) whose logits are needed: one before each target.
        targets: the ids to predict there.
        useful: how many of the tokens are not padding.
    """

    indices: tuple[int, ...]
    tokens: Any
    positions: Any
    targets: Any
    useful: int

    @property
    def padding(self) -> float:
        """Share of the batch's tokens that is padding."""
        return 1 - self.useful / int(self.tokens.size)


def collate(rows: Sequence[Row], indices: Sequence[int], pad: int) -> Batch:
    """The batch of these rows; the last token of a row is a target only and is never fed in."""
    chosen = [rows[index] for index in indices]
    length = max(len(row.tokens) for row in chosen) - 1
    inputs: list[list[int]] = []
    positions: list[int] = []
    targets: list[int] = []
    for number, row in enumerate(chosen):
        fed = row.tokens[:-1]
        inputs.append([*fed, *[pad] * (length - len(fed))])
        positions.extend(
            range(number * length + row.start - 1, number * length + len(row.tokens) - 1)
        )
        targets.extend(row.tokens[row.start :])
    useful = sum(len(row.tokens) - 1 for row in chosen)
    return Batch(tuple(indices), mx.array(inputs), mx.array(positions), mx.array(targets), useful)


def plan(
    lengths: Sequence[int], rows: int, tokens: int, seed: int, epoch: int
) -> list[tuple[int, ...]]:
    """The batches of one epoch, as indices of rows.

    Args:
        lengths: length of each row, in tokens.
        rows: at most so many rows in a batch.
        tokens: at most so many tokens in a batch, padding included (one row may be longer).
        seed, epoch: what the order follows from.

    Every row is in exactly one batch, the shorter last one included.
    """
    chance = random.Random(f"{seed}/{epoch}")
    order = sorted(range(len(lengths)), key=lambda index: (lengths[index], chance.random()))
    batches: list[tuple[int, ...]] = []
    current: list[int] = []
    for index in order:
        if current and (len(current) == rows or (len(current) + 1) * lengths[index] > tokens):
            batches.append(tuple(current))
            current = []
        current.append(index)
    if current:
        batches.append(tuple(current))
    chance.shuffle(batches)
    return batches


class Course:
    """The endless sequence of batches over all rows, epoch after epoch, addressed by its number.

    Args:
        rows: all rows to train on; not empty.
        per_batch, tokens: limits of one batch, as in `plan`.
        seed: what the order follows from.
        pad: the token that fills short rows.
    """

    def __init__(
        self, rows: Sequence[Row], per_batch: int, tokens: int, seed: int, pad: int
    ) -> None:
        self.rows = rows
        self.per_batch, self.tokens, self.seed, self.pad = per_batch, tokens, seed, pad
        self.batches_per_epoch = len(self.epoch(range(len(rows)), 0))
        self._plans: dict[int, list[tuple[int, ...]]] = {}

    def epoch(self, chosen: Sequence[int], number: int) -> list[tuple[int, ...]]:
        """The batches of one epoch in which the chosen rows take part."""
        lengths = [len(self.rows[index].tokens) for index in chosen]
        batches = plan(lengths, self.per_batch, self.tokens, self.seed, number)
        return [tuple(chosen[place] for place in batch) for batch in batches]

    def indices(self, number: int) -> tuple[int, ...]:
        """The rows of the batch with this number, counted from 0 over epochs in which all rows take part."""
        epoch, place = divmod(number, self.batches_per_epoch)
        if epoch not in self._plans:
            self._plans = {epoch: self.epoch(range(len(self.rows)), epoch)}
        return self._plans[epoch][place]

    def batch(self, number: int) -> Batch:
        """The batch with this number."""
        return collate(self.rows, self.indices(number), self.pad)
