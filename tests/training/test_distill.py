"""Distillation: only a teacher that knows teaches; both phases draw the student to it; the model is left as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.training.persons import PEOPLE
from training.adapter import Shape, Split, attached
from training.arrays import mx
from training.base import Base
from training.batches import collate
from training.chat import Row
from training.dataset import StudySettings, assemble
from training.distill import Taught, internalise, passage, tapped, teach, warm_start
from training.generate import forced
from training.loop_settings import LoopSettings
from training.losses import top_k
from training.material import asked
from training.trainer import Trainer

SETTINGS = LoopSettings(
    Shape(rank=4), learning_rate=1e-2, steps=40, rows_per_step=4, probe_every=40
)


def rows(base: Base) -> list[Row]:
    return [
        base.chat.row(asked(f"Where is {name}?"), "Bergen") for name in ("Anna", "Peter", "Nora")
    ]


def invented(base: Base, row: Row, seed: int) -> Taught:
    """What a teacher might say: activations moved a little from the student's own."""
    batch = collate([row], [0], base.chat.end)
    with tapped(base.model) as gates:
        logits = Split(base.model).logits_at(batch.tokens, batch.positions)
        blocks = [gate.noted[0][batch.positions] for gate in gates]
    moved = tuple(
        block + 0.5 * mx.random.normal(block.shape, key=mx.random.key(seed)) for block in blocks
    )
    return Taught(top_k(logits, 20), moved)


def distance(base: Base, row: Row, taught: Taught) -> float:
    """The warm start's own measure, for one row."""
    batch = collate([row], [0], base.chat.end)
    loss, _ = warm_start(base, [row], [taught])(Split(base.model), batch)
    return float(loss.item())


def test_a_passage_is_the_words_around_the_support() -> None:
    dataset = assemble("people", PEOPLE, StudySettings())
    example = next(row for row in dataset.examples if row.facts)
    text = passage(dataset, PEOPLE, example)
    assert text is not None
    assert dataset.taught_by(example)[0].quote in text
    unknown = next(row for row in dataset.examples if not row.facts)
    assert passage(dataset, PEOPLE, unknown) is None


def test_a_teacher_that_would_not_say_it_teaches_nothing(llama: Base) -> None:
    row = llama.chat.row(asked("Where is Anna?"), "Bergen")
    assert teach(
        llama, [row, row], ["Anna is in Bergen.", None], [asked("Where is Anna?")] * 2
    ) == [None, None]


def test_the_warm_start_draws_the_blocks_to_the_teacher(llama: Base) -> None:
    mine = rows(llama)
    taught = [invented(llama, row, number) for number, row in enumerate(mine)]
    before = [distance(llama, row, one) for row, one in zip(mine, taught, strict=True)]
    trained = Trainer(llama, mine, SETTINGS, 1, objective=warm_start(llama, mine, taught)).run()
    with attached(llama.model, SETTINGS.shape, trained.tensors):
        after = [distance(llama, row, one) for row, one in zip(mine, taught, strict=True)]
    assert sum(after) < 0.8 * sum(before)


@pytest.mark.parametrize("with_teacher", [True, False])
def test_the_second_phase_learns_the_answers(llama: Base, with_teacher: bool) -> None:
    mine = rows(llama)
    taught = [invented(llama, row, 1) if with_teacher else None for row in mine]
    settings = replace(SETTINGS, learning_rate=2e-2, steps=60, probe_every=60)
    trained = Trainer(llama, mine, settings, 1, objective=internalise(llama, mine, taught)).run()
    with attached(llama.model, settings.shape, trained.tensors):
        assert all(result.greedy for result in forced(llama, mine))


def test_the_model_is_left_as_it_was(llama: Base) -> None:
    before = [type(block).__name__ for block in llama.model.layers]
    with tapped(llama.model):
        assert [type(block).__name__ for block in llama.model.layers] == ["Gate"] * len(before)
    assert [type(block).__name__ for block in llama.model.layers] == before
