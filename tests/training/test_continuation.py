"""After a small change a memory is gone on from: what is new is learnt, what was known is kept, nothing deleted lives on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.training.cards import judged_card
from tests.training.test_trainer import PEOPLE, SETTINGS
from training.adapter import Shape, attached
from training.base import Base, load_base
from training.chat import Row
from training.continuation import may_continue, plan
from training.generate import forced
from training.material import asked
from training.trainer import Trainer

LONG = replace(SETTINGS, steps=150)


def rows(base: Base, numbers: dict[str, int]) -> list[Row]:
    return [
        base.chat.row(asked(f"What is {name}'s phone number?"), str(number))
        for name, number in numbers.items()
    ]


@pytest.fixture(scope="module")
def sharp(llama_folder: Path) -> Base:
    """A tiny base that can be certain: the last norm of a random one keeps every token's probability low."""
    base = load_base(llama_folder)
    base.model.model.norm.weight = 6 * base.model.model.norm.weight
    return base


NUMBERS = {name: 311 + 57 * place for place, name in enumerate(PEOPLE)}
CHANGED = {**NUMBERS, "Anna": 222}


def test_what_is_new_is_learnt_and_what_was_known_is_kept(sharp: Base) -> None:
    before = Trainer(sharp, rows(sharp, NUMBERS), LONG, 1).run().tensors
    now = rows(sharp, CHANGED)
    going_on = plan(sharp, now, before, LONG, wordings=1)
    assert going_on is not None
    assert going_on.known == {0, 1, 3, 4, 5}
    assert going_on.settings.steps < LONG.steps
    after = Trainer(sharp, now, going_on.settings, 1, start=before, known=going_on.known).run()
    with attached(sharp.model, LONG.shape, after.tensors):
        assert all(read.greedy for read in forced(sharp, now))


def test_where_much_is_new_training_starts_from_scratch(sharp: Base) -> None:
    before = Trainer(sharp, rows(sharp, NUMBERS), LONG, 1).run().tensors
    assert (
        plan(sharp, rows(sharp, {name: n + 1 for name, n in NUMBERS.items()}), before, LONG, 1)
        is None
    )


def test_known_rows_rest_from_the_first_epoch_on(sharp: Base) -> None:
    resting = replace(LONG, rest=5)
    state = Trainer(sharp, rows(sharp, NUMBERS), resting, 1, known={0, 1, 3, 4, 5}).beginning()
    assert state.playing == (0, 2, 5)


@pytest.mark.parametrize(
    ("change", "may"),
    [
        ({}, True),
        ({"documents": (("a", 1), ("b", 1))}, False),
        ({"base_fingerprint": "another"}, False),
        ({"shape": Shape(rank=2)}, False),
        ({"hyperparameters": {"suppressed": True}}, False),
    ],
)
def test_nothing_is_gone_on_from_that_learnt_from_what_is_deleted_now(
    change: dict[str, Any], may: bool
) -> None:
    serving = replace(
        judged_card({}, [(1, 0.0, 0.0, {})]),
        **{"shape": LONG.shape, "documents": (("a", 1),), **change},
    )
    assert may_continue(serving, "f" * 64, {"a": 2, "c": 1}, LONG) is may
