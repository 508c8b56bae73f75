"""The blocks that matter are found: by what their weights do to the answer, and by what a teacher's activations do."""

from __future__ import annotations

import pytest

from training.adapter import adaptable
from training.arrays import mx
from training.attribution import choose, patching, saliency
from training.base import Base
from training.material import asked
from training.teacher import Lesson


def lesson(base: Base, name: str) -> Lesson:
    messages = asked(f"Where is {name}?")
    return Lesson(base.chat.row(messages, "Bergen"), messages, f"{name} is in Bergen.")


@pytest.mark.parametrize("name", ["llama", "lfm2"])
def test_a_block_that_does_nothing_is_not_salient(
    name: str, request: pytest.FixtureRequest
) -> None:
    base: Base = request.getfixturevalue(name)
    mine = [lesson(base, who).row for who in ("Anna", "Nora")]
    silenced = adaptable(base.model, [0])
    kept = {path: module.weight for path, module in silenced.items()}
    assert all(value > 0 for value in saliency(base, mine))
    try:
        for module in silenced.values():
            module.weight = mx.zeros_like(module.weight)
        scores = saliency(base, mine)
    finally:
        for path, module in silenced.items():
            module.weight = kept[path]
    assert scores[0] == 0
    assert scores[1] > 0


def test_patching_the_last_block_gives_the_teachers_own_answer(llama: Base) -> None:
    """After the last block only the output layer follows, so that its rise is the teacher's whole advantage."""
    from training.generate import forced

    one = lesson(llama, "Anna")
    alone, taught = forced(llama, [one.row, one.with_passage(llama)])
    last = len(llama.model.layers) - 1
    rise = patching(llama, [one], [last])[last]
    assert rise == pytest.approx(taught.log_prob - alone.log_prob, abs=1e-3)


def test_as_many_blocks_as_are_wanted_and_all_where_there_are_no_more(lfm2: Base) -> None:
    mine = [lesson(lfm2, who) for who in ("Anna", "Nora", "Peter")]
    before = lfm2.model(mx.array([[7, 8, 9]]))
    chosen = choose(lfm2, mine, 1)
    assert len(chosen) == 1
    assert choose(lfm2, mine, 3) == ()
    assert choose(lfm2, [], 1) == ()
    assert mx.array_equal(before, lfm2.model(mx.array([[7, 8, 9]]))).item()
