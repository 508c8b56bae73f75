"""A canary that answers worse than its predecessor goes back by itself; a better one settles."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from training.adapter import Shape, fresh
from training.base import Base
from training.canary import Decision, try_out
from training.card import Card
from training.loop_settings import LoopSettings
from training.material import Kind, Probe, asked
from training.registry import Registry, RegistryRefuses, State
from training.tensorfile import to_bytes
from training.trainer import Trainer

KEY = b"k" * 32
SHAPE = Shape(rank=4)
QUESTIONS = [f"Where is number {number}?" for number in range(20)]
PROBES = [Probe(Kind.RECALL, asked(question), ("Bergen",)) for question in QUESTIONS]


@pytest.fixture(scope="module")
def adapters(llama: Base) -> dict[str, bytes]:
    """One adapter that knows the answer, and one that knows nothing."""
    rows = [llama.chat.row(asked(question), "Bergen") for question in QUESTIONS]
    settings = LoopSettings(SHAPE, learning_rate=2e-2, steps=40, probe_every=40)
    good = Trainer(llama, rows, settings, 1).run().tensors
    return {"good": to_bytes(good), "bad": to_bytes(fresh(llama.model, SHAPE, 1))}


def registry(base: Base, folder: Path, first: bytes, second: bytes) -> Registry:
    made = Registry(folder, KEY)
    for tensors, canary in ((first, False), (second, True)):
        card = Card("notes", base.fingerprint, SHAPE, "root", datetime(2026, 5, 1, tzinfo=UTC))
        made.promote(made.add_candidate(card, tensors).id, "test", canary)
    return made


def test_a_worse_canary_is_rolled_back(
    llama: Base, adapters: dict[str, bytes], tmp_path: Path
) -> None:
    here = registry(llama, tmp_path, adapters["good"], adapters["bad"])
    trial = try_out(here, llama, "notes", PROBES)
    assert (trial.decision, trial.worse, trial.better) == (Decision.ROLLED_BACK, 20, 0)
    assert [version.state for version in here.versions()] == [State.ACTIVE, State.ROLLED_BACK]


def test_a_better_one_settles(llama: Base, adapters: dict[str, bytes], tmp_path: Path) -> None:
    here = registry(llama, tmp_path, adapters["bad"], adapters["good"])
    trial = try_out(here, llama, "notes", PROBES)
    assert (trial.decision, trial.worse, trial.better) == (Decision.SETTLED, 0, 20)
    assert [version.state for version in here.versions()] == [State.RETIRED, State.ACTIVE]


def test_few_questions_decide_nothing(
    llama: Base, adapters: dict[str, bytes], tmp_path: Path
) -> None:
    here = registry(llama, tmp_path, adapters["good"], adapters["bad"])
    assert try_out(here, llama, "notes", PROBES[:5]).decision is Decision.UNDECIDED
    assert here.canary("notes") is not None


def test_without_a_canary_there_is_nothing_to_try(llama: Base, tmp_path: Path) -> None:
    with pytest.raises(RegistryRefuses):
        try_out(Registry(tmp_path, KEY), llama, "notes", PROBES)
