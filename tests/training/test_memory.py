"""When memory runs out, a run goes on with less of it at once, or says in one line that it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from training.adapter import Shape, Split, attached, fresh
from training.arrays import mx
from training.base import Base, load_base
from training.batches import Batch
from training.boundary import Boundary
from training.chat import Row
from training.gradients import Flat, Gradients, divided, study_objective
from training.loop_settings import LoopSettings
from training.material import asked
from training.memory import OutOfMemory, needed, tokens_within
from training.trainer import Trainer

MORE_THAN_THERE_IS = 1 << 55
"""Bytes; beyond any 64-bit machine's address space, and so an allocation that really fails."""


def trainer(base: Base, fits: int) -> Trainer:
    """A run whose objective needs more memory than any machine has where a part has more than `fits` tokens."""

    def greedy(split: Split, batch: Batch) -> tuple[Any, Any]:
        if batch.tokens.size > fits:
            np.empty(MORE_THAN_THERE_IS, np.uint8)
        return study_objective(split, batch)

    rows = [base.chat.row(asked("Where is Anna?"), "Bergen") for _ in range(8)]
    settings = LoopSettings(Shape(4), 1e-3, steps=2, rows_per_step=8)
    return Trainer(base, rows, settings, 1, objective=greedy)


def test_too_little_memory_makes_parts_smaller_and_the_run_whole(llama: Base) -> None:
    row = len(llama.chat.row(asked("Where is Anna?"), "Bergen").tokens)
    trained = trainer(llama, fits=3 * row).run()
    assert (trained.finished, trained.steps) == (True, 2)
    assert row <= trained.at_once < LoopSettings().tokens_at_once


def test_too_little_memory_for_a_single_row_is_one_clear_line(llama: Base) -> None:
    with pytest.raises(OutOfMemory, match="does not fit into this machine's memory"):
        trainer(llama, fits=1).run()


def test_the_gradient_of_a_step_in_parts_is_that_of_the_step_in_one(llama: Base) -> None:
    rows = [llama.chat.row(asked(f"Where is {who}?"), "Bergen") for who in ("Anna", "Nora", "Jo")]
    shape = Shape(4)
    tensors = {name: value + 0.1 for name, value in fresh(llama.model, shape, 1).items()}
    flat, boundary = Flat.of(tensors), Boundary(llama.model, ())
    vector = flat.vector([tensors[name] for name in flat.names])
    with attached(llama.model, shape, tensors), boundary.open():
        gradients = Gradients(llama, flat, rows, study_objective, boundary, None, 0.0)
        whole = gradients.step(vector, [0, 1, 2], (), 1000)
        cut = gradients.step(vector, [0, 1, 2], (), 1)
    assert cut.loss == pytest.approx(whole.loss, rel=1e-4)
    assert cut.hardest == pytest.approx(whole.hardest, rel=1e-3)
    assert mx.allclose(cut.vector, whole.vector, rtol=1e-3, atol=1e-5).item()
    assert not mx.allclose(whole.vector, mx.zeros_like(vector), atol=1e-3).item()


@pytest.fixture(scope="module")
def pocket() -> Base:
    return load_base()


def kept(base: Base, rows: int, length: int) -> int:
    """Bytes that MLX holds at the highest point of a step over rows of random tokens, beyond what it held before."""
    tokens = [list(range(5 + row, 5 + row + length + 1)) for row in range(rows)]
    study = [Row(tuple(row), length - 5) for row in tokens]
    shape = Shape(8)
    tensors = fresh(base.model, shape, 1)
    flat, boundary = Flat.of(tensors), Boundary(base.model, ())
    vector = flat.vector([tensors[name] for name in flat.names])
    with attached(base.model, shape, tensors), boundary.open():
        gradients = Gradients(base, flat, study, study_objective, boundary, None, 0.0)
        for _ in range(2):
            mx.clear_cache()
            mx.reset_peak_memory()
            before = mx.get_active_memory()
            gradients.step(vector, range(rows), (), rows * length)
    return int(mx.get_peak_memory() - before)


@pytest.mark.parametrize(("rows", "length"), [(8, 25), (2, 200), (1, 600)])
def test_what_a_step_keeps_is_told_before(pocket: Base, rows: int, length: int) -> None:
    measured = kept(pocket, rows, length)
    assert measured < rows * needed(pocket, length) < 1.5 * measured


def test_what_fits_into_a_budget_keeps_no_more_and_little_less(pocket: Base, llama: Base) -> None:
    for base in (pocket, llama):
        tokens = tokens_within(base, 100_000_000)
        assert needed(base, tokens) <= 100_000_000 < needed(base, tokens + 1)
        assert tokens_within(base, 1) == 1


def test_a_batch_is_cut_evenly_in_order_and_no_part_is_too_large() -> None:
    assert divided([5, 3, 9, 1, 7], [4, 4, 5, 5, 6], 12) == [[5], [3, 9], [1, 7]]
    assert divided([5, 3], [40, 50], 12) == [[5], [3]]
    assert divided([5, 3], [4, 5], 100) == [[5, 3]]
    assert divided([], [], 12) == []
