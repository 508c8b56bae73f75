"""What a night's settings make of a domain's size, of the machine and of what the configuration file says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from personald.errors import UsageError
from training.base import Base
from training.settings import LARGE_RANK, MANY_ROWS, RANK, TOKENS_PER_STEP, TrainingSettings

NIGHT = TrainingSettings()


def test_an_adapter_has_more_room_where_more_is_learnt(llama: Base) -> None:
    assert NIGHT.loop(llama, MANY_ROWS).shape.rank == RANK
    assert NIGHT.loop(llama, MANY_ROWS + 1).shape.rank == LARGE_RANK
    assert replace(NIGHT, rank=4).loop(llama, MANY_ROWS + 1).shape.rank == 4


@pytest.mark.parametrize("rank", [1, 8, 16, 32, 128])
def test_every_rank_learns_at_the_same_rate(llama: Base, rank: int) -> None:
    shape = replace(NIGHT, rank=rank).loop(llama, 100).shape
    assert shape.scale * math.sqrt(rank) == pytest.approx(4 * math.sqrt(2))


def test_every_row_is_seen_as_often_as_is_set_but_for_the_fewest_steps(llama: Base) -> None:
    loop = NIGHT.loop(llama, 4000)
    assert loop.steps * loop.rows_per_step == NIGHT.epochs * 4000
    assert NIGHT.loop(llama, 3).steps == NIGHT.fewest_steps


def test_a_budget_of_memory_bounds_what_is_computed_at_once(llama: Base) -> None:
    wide = NIGHT.loop(llama, 100)
    narrow = replace(NIGHT, memory_mb=1).loop(llama, 100)
    assert 1 <= narrow.tokens_at_once < wide.tokens_at_once <= TOKENS_PER_STEP
    assert replace(wide, tokens_at_once=0) == replace(narrow, tokens_at_once=0)


def test_after_a_run_that_overwhelmed_the_machine_less_is_computed_at_once(llama: Base) -> None:
    half = replace(NIGHT, effort=0.5).loop(llama, 100)
    assert half.tokens_at_once == round(NIGHT.loop(llama, 100).tokens_at_once / 2)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"rang": 4}, "training has no setting rang"),
        ({"rank": "high"}, "training.rank cannot be 'high'"),
        ({"rank": -3}, "training.rank cannot be -3"),
        ({"epochs": math.nan}, "training.epochs cannot be nan"),
        ({"study": {"wordnigs": 4}}, "training.study has no setting wordnigs"),
        ({"study": {"wordings": "many"}}, "training.study.wordings cannot be 'many'"),
        ({"study": {"wordings": -4}}, "training.study.wordings cannot be -4"),
        ({"study": {"ways": "all"}}, "training.study.ways is a list of texts, not 'all'"),
        ({"study": {"limits": {"per_document": 1.5}}}, "training.study.limits.per_document cannot"),
        ({"thresholds": {"abstention": True}}, "training.thresholds.abstention cannot be True"),
        ({"thresholds": 3}, "training.thresholds is a table of settings, not 3"),
    ],
)
def test_what_cannot_be_set_is_one_clear_line(table: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        TrainingSettings.from_table(table)


def test_what_is_named_is_set_and_the_rest_stays() -> None:
    table = {"wordings": 6, "ways": ["rewrites"], "limits": {"per_document": 9}}
    told = TrainingSettings.from_table({"rank": 4, "epochs": 3, "study": table})
    limits = replace(NIGHT.study.limits, per_document=9)
    study = replace(NIGHT.study, wordings=6, ways=("rewrites",), limits=limits)
    assert told == replace(NIGHT, rank=4, epochs=3.0, study=study)
