"""A night's work end to end on a tiny base: documents in, a judged adapter version out, and nothing left in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.persons import PEOPLE
from training.base import Base
from training.dataset import StudySettings
from training.gates import Thresholds
from training.registry import Registry, State
from training.runtime import Runtime
from training.serving import memories
from training.settings import TrainingSettings
from training.worker import Job, Outcome, Phase, Progress, Result, run

KEY = b"k" * 32
EASY = Thresholds(edit_success=0.5, generalisation=0.0, locality=0.0, retention=0.0, abstention=0.0)
SETTINGS = TrainingSettings(
    study=StudySettings(
        fewest_abstentions=20, abstention_share=0.1, abstention_probes=10, self_study=False
    ),
    thresholds=EASY,
    learning_rate=2e-2,
    epochs=12.0,
    kl_weight=0.1,
    skill_items=2,
    least_certainty=0.0,
)


@pytest.fixture(scope="module")
def night(
    llama: Base, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, Path, list[Progress]]:
    folder = tmp_path_factory.mktemp("home")
    seen: list[Progress] = []
    outcome = run(Job("people", settings=SETTINGS), PEOPLE, KEY, folder, seen.append, base=llama)
    return outcome, folder, seen


@pytest.mark.long
def test_a_night_learns_and_promotes(night: tuple[Outcome, Path, list[Progress]]) -> None:
    outcome, folder, seen = night
    assert outcome.result is Result.PROMOTED
    assert outcome.metrics["recall"]["value"] >= 0.5
    assert outcome.metrics["base"]["recall"]["value"] == 0.0
    assert outcome.version is not None
    active = Registry(folder / "adapters", KEY).active("people")
    assert active is not None
    assert (active.id, active.state) == (outcome.version.id, State.ACTIVE)
    phases = list(dict.fromkeys(progress.phase for progress in seen))
    assert phases == [
        Phase.LOADING,
        Phase.READING,
        Phase.MEASURING,
        Phase.TRAINING,
        Phase.TESTING,
        Phase.DONE,
    ]


@pytest.mark.long
def test_an_unchanged_domain_is_not_trained_again(
    llama: Base, night: tuple[Outcome, Path, list[Progress]]
) -> None:
    first, folder, _ = night
    again = run(Job("people", settings=SETTINGS), PEOPLE, KEY, folder, base=llama)
    assert again.result is Result.UNCHANGED
    assert again.version is not None
    assert first.version is not None
    assert again.version.id == first.version.id


@pytest.mark.long
def test_nothing_of_the_person_lies_in_the_clear(
    night: tuple[Outcome, Path, list[Progress]],
) -> None:
    _, folder, _ = night
    for path in _files(folder):
        content = path.read_bytes()
        for word in (b"Jonas", b"Berg", b"311 207", b"lora_a", b"notes"):
            assert word not in content, path


@pytest.mark.long
def test_what_was_learnt_is_served_from_memory(
    llama: Base, night: tuple[Outcome, Path, list[Progress]]
) -> None:
    _, folder, _ = night
    runtime = Runtime(llama)
    runtime.attach(memories(Registry(folder / "adapters", KEY), llama))
    known = runtime.recall("What is Jonas Berg's phone number?")
    assert (known.answer, known.domain, known.abstained) == ("311 207", "people", False)
    unknown = runtime.recall("What is Zebedee Quint's phone number?")
    assert (unknown.answer, unknown.abstained, unknown.asked) == ("I don't know.", True, ())
    runtime.close()


@pytest.mark.long
def test_a_candidate_that_misses_a_gate_is_rejected_with_its_numbers(
    llama: Base, tmp_path: Path
) -> None:
    strict = TrainingSettings(
        study=SETTINGS.study,
        thresholds=Thresholds(edit_success=1.01),
        fewest_steps=10,
        epochs=0.1,
        skill_items=2,
    )
    outcome = run(Job("people", settings=strict), PEOPLE, KEY, tmp_path, base=llama)
    assert outcome.result is Result.REJECTED
    assert outcome.version is not None
    assert outcome.version.state is State.REJECTED
    assert outcome.verdict is not None
    assert any("edit_success" in reason for reason in outcome.verdict.reasons)
    assert Registry(tmp_path / "adapters", KEY).active("people") is None


@pytest.mark.long
def test_a_job_that_is_stopped_goes_on_where_it_was(llama: Base, tmp_path: Path) -> None:
    asked = iter(range(10_000))
    stopped = run(
        Job("people", settings=SETTINGS),
        PEOPLE,
        KEY,
        tmp_path,
        should_stop=lambda: next(asked) > 40,
        base=llama,
    )
    assert stopped.result is Result.STOPPED
    steps: list[int] = []

    def note(progress: Progress) -> None:
        if progress.phase is Phase.TRAINING:
            steps.append(progress.done)

    finished = run(Job("people", settings=SETTINGS), PEOPLE, KEY, tmp_path, note, base=llama)
    assert finished.result is Result.PROMOTED
    assert steps[0] > 20


def test_a_domain_without_facts_is_nothing_to_learn(llama: Base, tmp_path: Path) -> None:
    assert (
        run(Job("mail", settings=SETTINGS), PEOPLE, KEY, tmp_path, base=llama).result
        is Result.EMPTY
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
