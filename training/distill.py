"""Distillation: the student without the document learns what the same model says with it.

The teacher is the base with the supporting passage in its prompt; the student is base + adapter without it. Two
phases: a warm start in which every adapted block is drawn to the teacher's activations at the answer (mean squared
error per block, in the manner of Deep Context Distillation, arXiv 2503.08727), then training on the student's inputs
only: cross-entropy on the answer, plus soft cross-entropy on the teacher's most likely tokens (prompt distillation,
arXiv 2412.14964), plus a hidden-state match. The teacher runs once; what it said is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from training.adapter import Split
from training.arrays import mx
from training.base import Base
from training.batches import Batch, collate
from training.boundary import Gate
from training.chat import Row
from training.dataset import Dataset, SourceDocument
from training.gradients import Objective
from training.losses import TopK, soft_cross_entropy, token_losses, top_k
from training.material import Example, Message
from training.prompts import over

AROUND = 240
"""Characters of the document that the teacher sees before and after the supporting words."""


@dataclass(frozen=True, slots=True)
class Taught:
    """What the teacher says to one row, at each of its targets.

    Attributes:
        top: its most likely tokens.
        blocks: the output of each block (targets × width), first to last; what the warm start draws to.
    """

    top: TopK
    blocks: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the second phase counts, beside the answer's cross-entropy of 1."""

    soft: float = 0.5
    hidden: float = 0.1


def passage(dataset: Dataset, documents: Sequence[SourceDocument], example: Example) -> str | None:
    """The words of a document around what supports an example; None for an example without a document."""
    texts = {source.id: source.document.text for source in documents}
    for fact in dataset.taught_by(example):
        text = texts.get(fact.document)
        if text is not None:
            return text[max(0, fact.start - AROUND) : fact.end + AROUND].strip()
    return None


@contextmanager
def tapped(model: Any) -> Iterator[list[Gate]]:
    """Within the block every block of the model notes its output; afterwards the model is as it was."""
    originals = list(model.layers)
    gates = [Gate(block) for block in originals]
    model.layers[:] = gates
    try:
        yield gates
    finally:
        model.layers[:] = originals


def teach(
    base: Base,
    rows: Sequence[Row],
    passages: Sequence[str | None],
    questions: Sequence[Sequence[Message]],
    top: int = 20,
) -> list[Taught | None]:
    """What the base says to each row's answer with the passage before the question.

    Args:
        base: the model, without an adapter.
        rows: the student's rows.
        passages: what the teacher sees before the question; None for no teacher.
        questions: the conversations of the rows; the last message is the question.
        top: how many tokens of its distribution are kept.

    Returns:
        For each row what the teacher says; None where it has no passage or would not give this very answer itself:
        a teacher that does not know teaches nothing.
    """
    taught: list[Taught | None] = [None] * len(rows)
    split = Split(base.model)
    with tapped(base.model) as gates:
        for index, (row, text, messages) in enumerate(zip(rows, passages, questions, strict=True)):
            if text is None:
                continue
            prompt = base.chat.prompt(
                (*messages[:-1], Message("user", over(text, messages[-1].text)))
            )
            with_text = Row((*prompt, *row.tokens[row.start :]), len(prompt))
            batch = collate([with_text], [0], base.chat.end)
            hidden = split.hidden(batch.tokens)
            logits = split.logits(hidden[0][batch.positions])
            if not mx.array_equal(mx.argmax(logits, axis=-1), batch.targets).item():
                continue
            blocks = tuple(gate.noted[0][batch.positions] for gate in gates)
            found = Taught(top_k(logits, top), blocks)
            mx.eval(found.top.ids, found.top.log_probs, blocks)
            taught[index] = found
    return taught


def _positions(
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


def warm_start(base: Base, rows: Sequence[Row], taught: Sequence[Taught | None]) -> Objective:
    """The first phase: mean squared error to the teacher's block outputs, each block by the teacher's own size.

    Rows without a teacher are studied by their answers.
    """

    def objective(split: Split, batch: Batch) -> tuple[Any, Any]:
        places, teachers = _positions(rows, batch, taught)
        with tapped(base.model) as gates:
            logits = split.logits_at(batch.tokens, batch.positions)
        losses = token_losses(logits, batch.targets)
        if not teachers:
            return losses.mean(), losses
        at = batch.positions[mx.array(places)]
        total = mx.array(0.0)
        for number, gate in enumerate(gates):
            wanted = mx.concatenate([teacher.blocks[number] for teacher in teachers])
            given = gate.noted.reshape(-1, gate.noted.shape[-1])[at]
            total = total + ((given - wanted) ** 2).mean() / (wanted**2).mean()
        return total / len(gates), losses

    return objective


def internalise(
    base: Base, rows: Sequence[Row], taught: Sequence[Taught | None], weights: Weights | None = None
) -> Objective:
    """The second phase: the answer's cross-entropy, the teacher's soft one, and a match of the last block's output."""
    parts = weights or Weights()

    def objective(split: Split, batch: Batch) -> tuple[Any, Any]:
        places, teachers = _positions(rows, batch, taught)
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
            total = total + parts.soft * soft_cross_entropy(logits[chosen], top)
            wanted = mx.concatenate([teacher.blocks[-1] for teacher in teachers])
            last = gates[-1].noted
            given = last.reshape(-1, last.shape[-1])[batch.positions[chosen]]
            total = total + parts.hidden * ((given - wanted) ** 2).mean() / (wanted**2).mean()
        return total, losses

    return objective
