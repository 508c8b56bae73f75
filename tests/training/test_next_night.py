"""The night after a small change, end to end on a tiny base: it goes on from what serves, unless that must not live on."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.persons import contact
from tests.training.test_worker import EASY, KEY, SETTINGS
from training.base import Base, load_base
from training.dataset import SourceDocument
from training.job import Job, Outcome, Phase, Progress, Result
from training.registry import Registry, State
from training.runtime import Runtime
from training.serving import memories
from training.syllabus import Syllabus
from training.worker import run

PEOPLE = (
    "Jonas Berg, Maria Lind, Nora Dahl, Peter Falk, Ingrid Moe, Anders Holm, Karl Strand".split(
        ", "
    )
)
LEARNING = replace(
    SETTINGS, epochs=40.0, least_certainty=0.9, study=replace(SETTINGS.study, wordings=4)
)
JOB = Job("people", settings=LEARNING)
SHORT = replace(LEARNING, epochs=1.0, fewest_steps=10)

pytestmark = pytest.mark.long


def cards(**phones: str) -> list[SourceDocument]:
    """Everybody's card; some with another phone number than in the first night."""
    return [
        contact(
            place,
            name,
            Phone=phones.get(name.split()[0], f"{311 + 57 * place} 207"),
            Birthday=f"19{60 + place}-05-01",
        )
        for place, name in enumerate(PEOPLE)
    ]


@pytest.fixture(scope="module")
def sharp(llama_folder: Path) -> Base:
    """A tiny base that can be certain: the last norm of a random one keeps every token's probability low."""
    base = load_base(llama_folder)
    base.model.model.norm.weight = 6 * base.model.model.norm.weight
    return base


@pytest.fixture(scope="module")
def first_night(sharp: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    assert run(JOB, cards(), KEY, folder, base=sharp).result is Result.PROMOTED
    return folder


@pytest.fixture
def home(first_night: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first_night, tmp_path / "home"))


def steps(outcome: Outcome) -> int:
    assert outcome.version is not None
    return int(outcome.version.card.hyperparameters["steps_done"])


def continued(outcome: Outcome) -> int:
    assert outcome.version is not None
    return outcome.version.card.continued


def studied(value: str, documents: Sequence[SourceDocument]) -> str:
    """A question that is studied, whose answer is the value."""
    syllabus = Syllabus.of("people", documents, LEARNING.study, pocket=False)
    rows = syllabus.dataset().examples
    return next(row.messages[-1].text for row in rows if row.answer == value)


def night(
    base: Base, home: Path, documents: Sequence[SourceDocument], job: Job = JOB
) -> tuple[Outcome, list[Progress]]:
    seen: list[Progress] = []
    return run(job, documents, KEY, home, seen.append, base=base), seen


def test_a_small_change_is_learnt_from_where_the_memory_stands(sharp: Base, home: Path) -> None:
    before = Registry(home / "adapters", KEY).active("people")
    assert before is not None
    outcome, _ = night(sharp, home, cards(Maria="404 118"))
    assert outcome.result is Result.PROMOTED
    assert outcome.version is not None
    assert outcome.version.card.parent == before.id
    assert continued(outcome) == 1
    assert steps(outcome) < int(before.card.hyperparameters["steps_done"]) / 2
    runtime = Runtime(sharp)
    with closing(runtime):
        runtime.attach(memories(Registry(home / "adapters", KEY), sharp))
        for value in ("404 118", "311 207"):
            assert runtime.recall(studied(value, cards(Maria="404 118"))).answer == value


def test_what_is_deleted_leaves_the_weights(sharp: Base, home: Path) -> None:
    outcome, _ = night(sharp, home, cards(Maria="404 118")[:-1], replace(JOB, settings=SHORT))
    assert continued(outcome) == 0


def test_a_training_that_was_asked_for_in_full_begins_afresh(sharp: Base, home: Path) -> None:
    outcome, _ = night(
        sharp, home, cards(Maria="404 118"), Job("people", settings=SHORT, full=True)
    )
    assert continued(outcome) == 0


def test_a_memory_that_is_damaged_is_replaced(sharp: Base, home: Path) -> None:
    before = Registry(home / "adapters", KEY).active("people")
    assert before is not None
    [file] = [path for path in (home / "adapters").iterdir() if before.id in path.name]
    file.write_bytes(file.read_bytes()[:-1])
    outcome, _ = night(sharp, home, cards(Maria="404 118"), replace(JOB, settings=SHORT))
    assert continued(outcome) == 0


def test_what_fails_the_gates_is_trained_from_scratch_in_the_same_night(
    sharp: Base, home: Path
) -> None:
    strict = replace(SHORT, thresholds=replace(EASY, edit_success=1.01))
    outcome, seen = night(sharp, home, cards(Maria="404 118"), replace(JOB, settings=strict))
    tried = Registry(home / "adapters", KEY).versions("people")[1:]
    assert outcome.result is Result.REJECTED
    assert [version.card.continued for version in tried] == [1, 0]
    assert {version.state for version in tried} == {State.REJECTED}
    assert [progress.phase for progress in seen].count(Phase.DONE) == 1
    night(sharp, home, cards(Maria="404 118"), replace(JOB, settings=strict))
    later = Registry(home / "adapters", KEY).versions("people")[3:]
    assert [version.card.continued for version in later] == [0], "what failed is not tried again"


def test_a_night_that_was_cut_off_gives_the_same_memory(sharp: Base, home: Path) -> None:
    twin = Path(shutil.copytree(home, home.with_name("twin")))
    whole, _ = night(sharp, twin, cards(Maria="404 118"))
    asked = iter(range(10_000))

    def stop() -> bool:
        return next(asked) > 30

    cut = run(JOB, cards(Maria="404 118"), KEY, home, base=sharp, should_stop=stop)
    assert cut.result is Result.STOPPED
    resumed, _ = night(sharp, home, cards(Maria="404 118"))
    assert whole.version is not None
    assert resumed.version is not None
    tensors = [
        Registry(folder / "adapters", KEY).tensors(outcome.version.id)
        for folder, outcome in ((twin, whole), (home, resumed))
        if outcome.version is not None
    ]
    assert tensors[0] == tensors[1]
