"""Which blocks an adapter should sit in, when there is room for a few only.

Two looks at the same questions. *Saliency* is cheap and looks at all blocks: Σ|∂L/∂W ⊙ W| over a block's linear layers, L
the negative log-probability of the wanted answer (first-order pruning scores, Molchanov et al. 2019, arXiv 1906.10771).
*Activation patching* is dear and looks at the best of these: the base is run without the document but with the
teacher's activation put in at one block, and the rise in the answer's log-probability is that block's causal score
(Meng et al. 2022, arXiv 2202.05262).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlx.utils import tree_unflatten

from training.adapter import Split, adaptable
from training.arrays import mx, nn
from training.base import Base
from training.batches import Batch, collate
from training.boundary import Gate
from training.chat import Row
from training.dataset import Dataset
from training.losses import token_losses
from training.synthesis.sources import SourceDocument
from training.teacher import Lesson, lessons, tapped

EXAMPLES = 8
"""Questions that are looked at; blocks differ far more among each other than these do."""

SHORTLIST = 2
"""So many times the wanted blocks are looked at closely."""


def best_blocks(
    base: Base, dataset: Dataset, documents: Sequence[SourceDocument], wanted: int
) -> tuple[int, ...]:
    """The blocks to adapt for a dataset.

    Args:
        base: the model, without an adapter.
        dataset: what is to be learnt.
        documents: where its facts come from.
        wanted: how many blocks; 0 for all.

    Returns:
        Their numbers, ascending; () for all.
    """
    if not wanted:
        return ()
    by_document = lessons(base, dataset, documents).values()
    return choose(base, [lesson for mine in by_document for lesson in mine.values()], wanted)


def choose(base: Base, asked: Sequence[Lesson], wanted: int) -> tuple[int, ...]:
    """The blocks to adapt for these lessons.

    Args:
        base: the model, without an adapter.
        asked: what is to be learnt, with the passages that support it.
        wanted: how many blocks; where there are no more, or no lessons, all are adapted.

    Returns:
        Their numbers, ascending; () for all.
    """
    total = len(base.model.layers)
    if wanted >= total or not asked:
        return ()
    shown = asked[:: -(-len(asked) // EXAMPLES)]
    first = saliency(base, [lesson.row for lesson in shown])
    best = sorted(range(total), key=lambda number: -first[number])[: SHORTLIST * wanted]
    causal = patching(base, shown, best)
    return tuple(sorted(sorted(best, key=lambda number: -causal[number])[:wanted]))


def saliency(base: Base, rows: Sequence[Row]) -> list[float]:
    """For each block Σ|∂L/∂W ⊙ W| over its linear layers, the mean over the rows."""
    blocks = range(len(base.model.layers))
    batches = [collate([row], [0], base.chat.end) for row in rows]
    return [
        sum(_block_saliency(base, batch, number) for batch in batches) / len(batches)
        for number in blocks
    ]


def _block_saliency(base: Base, batch: Batch, number: int) -> float:
    originals = {
        path: module
        for path, module in adaptable(base.model, [number]).items()
        if isinstance(module, (nn.Linear, nn.QuantizedLinear))
    }
    layers = {path: _plain(module) for path, module in originals.items()}
    weights = [layer.weight for layer in layers.values()]
    split = Split(base.model)

    def loss(values: list[Any]) -> Any:
        for layer, value in zip(layers.values(), values, strict=True):
            layer.weight = value
        return _answer_loss(split, batch)

    base.model.update_modules(tree_unflatten(list(layers.items())))
    try:
        slopes = mx.grad(loss)(weights)
        shares = [mx.abs(s * w).sum() for s, w in zip(slopes, weights, strict=True)]
        total: Any = mx.stack(shares).sum()
        return float(total.item())
    finally:
        base.model.update_modules(tree_unflatten(list(originals.items())))


def _plain(module: Any) -> Any:
    """A linear layer of its own with the same weights, unpacked where they are quantised."""
    weight = module.weight
    if isinstance(module, nn.QuantizedLinear):
        packing = {"group_size": module.group_size, "bits": module.bits, "mode": module.mode}
        weight = mx.dequantize(weight, module.scales, module.get("biases"), **packing)
    plain = nn.Linear(weight.shape[1], weight.shape[0], bias="bias" in module)
    plain.weight = weight
    if "bias" in module:
        plain.bias = module.bias
    return plain


def _answer_loss(split: Split, batch: Batch) -> Any:
    """Negative log-probability of a row's whole answer, in nats."""
    return token_losses(split.logits_at(batch.tokens, batch.positions), batch.targets).sum()


class Patch(Gate):
    """A block whose output is overwritten at some flat positions.

    Args:
        block: the block.
        positions: where.
        outputs: with what (positions × width).
    """

    def __init__(self, block: Any, positions: Any, outputs: Any) -> None:
        super().__init__(block)
        self.__dict__["positions"], self.__dict__["outputs"] = positions, outputs

    def __call__(self, x: Any, *arguments: Any, **named: Any) -> Any:
        """The block's output for x (rows × length × width), overwritten."""
        given = self.block(x, *arguments, **named)
        flat = given.reshape(-1, given.shape[-1])
        flat[self.positions] = self.outputs
        return flat.reshape(given.shape)


def patching(base: Base, lessons: Sequence[Lesson], blocks: Sequence[int]) -> dict[int, float]:
    """Block → how much more likely the answers become with the teacher's activations there, in nats, on average."""
    split = Split(base.model)
    rises = dict.fromkeys(blocks, 0.0)
    layers = base.model.layers
    for lesson in lessons:
        taught = collate([lesson.with_passage(base)], [0], base.chat.end)
        with tapped(base.model) as gates:
            split.hidden(taught.tokens)
            outputs = [gate.noted[0][taught.positions] for gate in gates]
        batch = collate([lesson.row], [0], base.chat.end)
        before = _answer_loss(split, batch).item()
        for number in blocks:
            original = layers[number]
            layers[number] = Patch(original, batch.positions, outputs[number])
            try:
                rises[number] += (before - _answer_loss(split, batch).item()) / len(lessons)
            finally:
                layers[number] = original
    return rises
