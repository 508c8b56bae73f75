"""What never changes is computed once: the activations below the lowest adapted block.

Where only the last blocks carry an adapter, those before them say the same to the same row in every epoch. Their
output for each row is kept, and put in their place at every step; each row then costs only the blocks that learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from training.adapter import Split
from training.arrays import mx, nn
from training.batches import Batch, Course
from training.chat import Row


class Gate(nn.Module):  # type: ignore[misc]
    """Stands before a block: lets it work, hands out something in its place, or notes what it gives.

    Plain attributes of the block that its model looks at ("is it an attention layer?") are the gate's too.
    """

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.__dict__.update(
            {name: value for name, value in block.__dict__.items() if not name.startswith("_")}
        )
        self.__dict__["block"] = block
        self.__dict__["instead"] = None
        self.__dict__["noted"] = None
        self.__dict__["passing"] = False

    def __call__(self, x: Any, *arguments: Any, **named: Any) -> Any:
        """The block's output for x (rows × length × width), or what stands in for it."""
        if self.instead is not None:
            return self.instead
        if self.passing:
            return x
        given = self.block(x, *arguments, **named)
        self.__dict__["noted"] = given
        return given


class Boundary:
    """The lower blocks of a model, replaced by what they said before.

    Args:
        model: an mlx-lm model; its blocks below the lowest adapted one get gates while the boundary is `open`.
        adapted: numbers of the blocks that carry an adapter; none for all.
    """

    def __init__(self, model: Any, adapted: Sequence[int]) -> None:
        self.model = model
        self.lower = min(adapted, default=0)
        self.gates: list[Gate] = []

    @contextmanager
    def open(self) -> Iterator[None]:
        """Within the block the lower blocks have gates; afterwards the model is as it was."""
        originals = list(self.model.layers[: self.lower])
        self.gates = [Gate(block) for block in originals]
        self.model.layers[: self.lower] = self.gates
        try:
            yield
        finally:
            self.model.layers[: self.lower] = originals
            self.gates = []

    def remember(self, rows: Sequence[Row], pad: int, tokens: int = 4096) -> list[Any]:
        """The activations at the boundary for each row (its length − 1 × width); [] where every block is adapted."""
        if not self.gates:
            return []
        split = Split(self.model)
        course = Course(rows, 32, tokens, 0, pad)
        kept: list[Any] = [None] * len(rows)
        for number in range(course.batches_per_epoch):
            batch = course.batch(number)
            split.hidden(batch.tokens)
            noted = self.gates[-1].noted
            for place, index in enumerate(batch.indices):
                kept[index] = noted[place, : len(rows[index].tokens) - 1]
            mx.eval([kept[index] for index in batch.indices])
        return kept

    @contextmanager
    def fed(self, kept: Sequence[Any], batch: Batch) -> Iterator[None]:
        """Within the block the model begins at the boundary, with what was remembered for the rows of this batch."""
        if not self.gates or not kept:
            yield
            return
        length = batch.tokens.shape[1]
        padded = [mx.pad(kept[i], [(0, length - kept[i].shape[0]), (0, 0)]) for i in batch.indices]
        for gate in self.gates:
            gate.__dict__["passing"] = True
        self.gates[-1].__dict__["instead"] = mx.stack(padded)
        try:
            yield
        finally:
            for gate in self.gates:
                gate.__dict__["passing"] = False
            self.gates[-1].__dict__["instead"] = None
