"""The loop learns, spares the base on replay, and a killed run resumed is the uninterrupted one, bit for bit."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from training.adapter import Shape, Split, attached
from training.arrays import mx
from training.base import Base
from training.batches import Batch, collate
from training.boundary import Boundary
from training.chat import Row
from training.checkpoint import CheckpointFile, CheckpointUnwritable, State
from training.generate import forced
from training.gradients import study_objective
from training.loop_settings import LoopSettings
from training.losses import kept_near
from training.material import asked
from training.replay import Replay, base_outputs
from training.trainer import COOLING, Trainer, TrainingDiverged

SETTINGS = LoopSettings(
    Shape(rank=4), learning_rate=2e-2, steps=90, rows_per_step=4, replay_rows=2, probe_every=10
)
PEOPLE = ["Jonas Berg", "Maria Lind", "Anna", "Peter", "Sofia", "Nora"]


def rows(base: Base) -> list[Row]:
    return [
        base.chat.row(asked(f"What is {name}'s phone number?"), f"{311 + 57 * number}")
        for number, name in enumerate(PEOPLE)
    ]


def replay(base: Base, settings: LoopSettings = SETTINGS) -> Replay:
    kept = [
        base.chat.row(asked(question), "I don't know.")
        for question in (
            "Where does Nora work?",
            "Which colour is the kitchen?",
            "Who is my dentist?",
        )
    ]
    return Replay(kept, base_outputs(base, kept, settings.top), settings, 1, base.chat.end)


def share_right(base: Base) -> float:
    return sum(result.greedy for result in forced(base, rows(base))) / len(PEOPLE)


def probing(base: Base) -> Callable[[], tuple[float, bool, dict[str, float]]]:
    def look() -> tuple[float, bool, dict[str, float]]:
        score = share_right(base)
        return score, score >= 0.8, {"recall": score}

    return look


@pytest.mark.parametrize("name", ["llama", "lfm2"])
def test_rows_are_learnt_and_the_model_is_left_as_it_was(
    name: str, request: pytest.FixtureRequest
) -> None:
    base: Base = request.getfixturevalue(name)
    before = base.model(mx.array([[7, 8, 9]]))
    trained = Trainer(base, rows(base), SETTINGS, seed=3).run()
    assert share_right(base) == 0.0
    assert mx.array_equal(before, base.model(mx.array([[7, 8, 9]]))).item()
    with attached(base.model, SETTINGS.shape, trained.tensors):
        assert share_right(base) == 1.0


def test_replay_keeps_the_student_near_its_base(llama: Base) -> None:
    kept = replay(llama)
    batch = collate(kept.rows, kept.chosen(0), llama.chat.end)
    reference = kept.reference(batch)

    def distance(trained: Replay | None) -> float:
        result = Trainer(llama, rows(llama), SETTINGS, 3, replay=trained).run()
        with attached(llama.model, SETTINGS.shape, result.tensors):
            logits = Split(llama.model).logits_at(batch.tokens, batch.positions)
            return float(kept_near(logits, reference).item())

    assert distance(kept) < 0.25 * distance(None)


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_random_points_ends_bit_identical(
    llama: Base, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    whole = Trainer(llama, rows(llama), SETTINGS, 5, replay(llama), probing=probing(llama)).run()
    file = CheckpointFile(tmp_path / "run", b"k" * 32, "a run")

    def attempt(kill_after: int) -> bool:
        """One process's part: killed after some steps, a checkpoint now and then (by a clock of chance)."""
        left = iter(range(kill_after))
        ticks = iter(range(10**6))
        trainer = Trainer(
            llama,
            rows(llama),
            SETTINGS,
            5,
            replay(llama),
            probing=probing(llama),
            checkpoint=file,
            clock=lambda: next(ticks) * chance.choice([0.0, 100.0]),
        )

        def killed() -> bool:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return False

        try:
            result = trainer.run(should_stop=killed)
        except KeyboardInterrupt:
            return False
        for name in whole.tensors:
            assert mx.array_equal(whole.tensors[name], result.tensors[name]).item(), name
        assert result.history == whole.history
        return True

    assert not attempt(chance.randint(1, 20))
    while not attempt(chance.randint(15, 40)):
        pass


def test_it_stops_within_one_step_and_keeps_what_it_has(llama: Base, tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "run", b"k" * 32, "a run")
    asked_times = iter(range(100))
    stopped = Trainer(llama, rows(llama), SETTINGS, 5, checkpoint=file).run(
        should_stop=lambda: next(asked_times) == 7
    )
    assert (stopped.finished, stopped.steps) == (False, 7)
    kept = file.load()
    assert kept is not None
    assert kept.step == 7


def test_it_ends_soon_after_the_probes_are_passed_with_a_rate_that_falls_to_nothing(
    llama: Base, tmp_path: Path
) -> None:
    states: list[State] = []

    class Noted(CheckpointFile):
        def save(self, state: State) -> None:
            states.append(state)

    looks, ticks = iter(range(10, 100, 10)), iter(range(0, 10**6, 100))
    result = Trainer(
        llama,
        rows(llama),
        SETTINGS,
        5,
        probing=lambda: (1.0, next(looks) >= 40, {}),
        checkpoint=Noted(tmp_path / "run", b"k" * 32, "a run"),
        clock=lambda: next(ticks),
    ).run()
    steps = 40 + math.ceil(COOLING * 40)
    assert result.finished
    assert [probed.step for probed in result.history] == [10, 20, 30, 40, steps]
    moved = [abs(after.vector - before.vector).max().item() for before, after in pairwise(states)]
    assert moved[steps - 2] < moved[38] / 2


def test_the_best_checkpoint_is_kept_not_the_last(llama: Base) -> None:
    scores = iter([0.2, 0.9, *[0.4] * 7])
    seen: list[Any] = []

    def look() -> tuple[float, bool, dict[str, float]]:
        seen.append(Split(llama.model).logits_at(mx.array([[5, 6]]), mx.array([1])))
        return next(scores), False, {}

    result = Trainer(llama, rows(llama), SETTINGS, 5, probing=look).run()
    with attached(llama.model, SETTINGS.shape, result.tensors):
        logits = Split(llama.model).logits_at(mx.array([[5, 6]]), mx.array([1]))
    assert mx.array_equal(logits, seen[1]).item()


def test_a_loss_that_is_no_number_costs_a_step_back_and_half_the_rate(llama: Base) -> None:
    calls = iter(range(1000))

    def sometimes_broken(split: Split, batch: Batch) -> tuple[Any, Any]:
        loss, losses = study_objective(split, batch)
        return (loss * mx.array(float("nan")) if next(calls) == 12 else loss), losses

    result = Trainer(llama, rows(llama), SETTINGS, 5, objective=sometimes_broken).run()
    assert result.stumbles == 1
    assert all(mx.isfinite(value).all().item() for value in result.tensors.values())


def test_a_loss_that_never_is_a_number_gives_up(llama: Base) -> None:
    with pytest.raises(TrainingDiverged):
        Trainer(
            llama,
            rows(llama),
            SETTINGS,
            5,
            objective=lambda split, batch: (mx.array(float("nan")), batch.targets),
        ).run()


def test_a_checkpoint_of_another_run_key_or_a_damaged_one_is_none(
    llama: Base, tmp_path: Path
) -> None:
    file = CheckpointFile(tmp_path / "run", b"k" * 32, "a run")
    file.save(Trainer(llama, rows(llama), SETTINGS, 5).beginning())
    assert file.load() is not None
    assert CheckpointFile(file.path, file.key, "another run").load() is None
    assert CheckpointFile(file.path, b"x" * 32, "a run").load() is None
    data = bytearray(file.path.read_bytes())
    data[len(data) // 2] ^= 1
    file.path.write_bytes(data)
    assert file.load() is None


def test_a_disk_that_cannot_be_written_is_said_and_the_old_checkpoint_stays(
    llama: Base, tmp_path: Path
) -> None:
    file = CheckpointFile(tmp_path / "not-a-folder" / "run", b"k" * 32, "a run")
    (tmp_path / "not-a-folder").write_text("in the way")
    with pytest.raises(CheckpointUnwritable):
        file.save(Trainer(llama, rows(llama), SETTINGS, 5).beginning())


@pytest.mark.parametrize("name", ["llama", "lfm2"])
def test_remembered_lower_blocks_change_nothing_but_the_time(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    base: Base = request.getfixturevalue(name)
    settings = replace(
        SETTINGS, shape=Shape(rank=4, blocks=(len(base.model.layers) - 1,)), steps=12
    )
    quick = Trainer(base, rows(base), settings, 5, replay(base, settings)).run()
    monkeypatch.setattr(Boundary, "remember", lambda *_: [])
    slow = Trainer(base, rows(base), settings, 5, replay(base, settings)).run()
    for tensor in slow.tensors:
        assert mx.allclose(quick.tensors[tensor], slow.tensors[tensor], atol=1e-5).item()
    assert {tensor.split(".")[2] for tensor in quick.tensors} == {str(len(base.model.layers) - 1)}
