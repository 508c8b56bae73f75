"""Distillation: only a teacher that knows teaches; both phases draw the student to it; the model is left as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.persons import PEOPLE
from training.adapter import Shape, Split, attached
from training.arrays import mx
from training.base import Base
from training.batches import collate
from training.cache import GenerationCache
from training.chat import Row
from training.checkpoint import CheckpointFile
from training.dataset import StudySettings, assemble
from training.distill import internalise, train, warm_start
from training.generate import forced, generate
from training.loop_settings import LoopSettings
from training.losses import top_k
from training.material import asked
from training.settings import TrainingSettings
from training.teacher import Lesson, Taught, heard, lessons, tapped, taught, teach
from training.trainer import Trained, Trainer
from training.worker import Job, run

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
        blocks = [gates[number].noted[0][batch.positions] for number in heard(len(gates))]
    moved = tuple(
        block + 0.5 * mx.random.normal(block.shape, key=mx.random.key(seed)) for block in blocks
    )
    return Taught(top_k(logits, 20), moved)


def distance(base: Base, row: Row, teacher: Taught) -> float:
    """The warm start's own measure, for one row."""
    batch = collate([row], [0], base.chat.end)
    loss, _ = warm_start(base, [row], [teacher])(Split(base.model), batch)
    return float(loss.item())


def test_a_lesson_shows_the_words_around_the_support(llama: Base) -> None:
    dataset = assemble("people", PEOPLE, StudySettings())
    found = lessons(llama, dataset, PEOPLE)
    for document, mine in found.items():
        assert document in {source.id for source in PEOPLE}
        for index, lesson in mine.items():
            assert dataset.taught_by(dataset.examples[index])[0].quote in lesson.passage
    unknown = next(i for i, row in enumerate(dataset.examples) if not row.facts)
    assert all(unknown not in mine for mine in found.values())


def question(base: Base, answer: str) -> Lesson:
    messages = asked("Where is Anna?")
    return Lesson(base.chat.row(messages, answer), messages, "Anna is in Bergen.")


def test_a_teacher_that_would_not_say_it_teaches_nothing(llama: Base) -> None:
    assert teach(llama, [question(llama, "Bergen")]) == [None]


def test_a_teacher_that_says_it_is_heard_the_same_alone_and_among_others(llama: Base) -> None:
    prompt = question(llama, "").with_passage(llama)
    (said,) = generate(llama, [prompt.tokens[: prompt.start]], 3)
    row = question(llama, "").row
    known = replace(
        question(llama, ""),
        row=Row((*row.tokens[: row.start], *said.tokens), row.start),
    )
    (alone,) = teach(llama, [known])
    among = teach(llama, [question(llama, "a longer answer than that"), known])
    assert among[0] is None
    assert alone is not None
    assert among[1] is not None
    assert mx.allclose(alone.blocks[-1], among[1].blocks[-1], atol=1e-4).item()
    kept = Taught.from_json(alone.to_json())
    assert mx.allclose(alone.blocks[0], kept.blocks[0], atol=1e-2).item()
    assert mx.array_equal(alone.top.ids, kept.top.ids).item()


def test_lessons_are_kept_sealed_and_go_with_their_document(llama: Base, tmp_path: Path) -> None:
    dataset = assemble("people", PEOPLE, StudySettings())
    cache = GenerationCache(tmp_path, b"k" * 32)
    first = taught(llama, dataset, PEOPLE, cache)
    assert len(first) == len(dataset.examples)
    made = cache.misses
    taught(llama, dataset, PEOPLE, cache)
    assert (cache.hits, cache.misses) == (made, made)
    cache.forget(PEOPLE[0].id)
    taught(llama, dataset, PEOPLE, cache)
    assert cache.misses == made + 1


def test_the_warm_start_draws_the_blocks_to_the_teacher(llama: Base) -> None:
    mine = rows(llama)
    known = [invented(llama, row, number) for number, row in enumerate(mine)]
    before = [distance(llama, row, one) for row, one in zip(mine, known, strict=True)]
    trained = Trainer(llama, mine, SETTINGS, 1, objective=warm_start(llama, mine, known)).run()
    with attached(llama.model, SETTINGS.shape, trained.tensors):
        after = [distance(llama, row, one) for row, one in zip(mine, known, strict=True)]
    assert sum(after) < 0.8 * sum(before)


@pytest.mark.parametrize("with_teacher", [True, False])
def test_the_second_phase_learns_the_answers(llama: Base, with_teacher: bool) -> None:
    mine = rows(llama)
    known = [invented(llama, row, 1) if with_teacher else None for row in mine]
    settings = replace(SETTINGS, learning_rate=2e-2, steps=60, probe_every=60)
    trained = Trainer(llama, mine, settings, 1, objective=internalise(llama, mine, known)).run()
    with attached(llama.model, settings.shape, trained.tensors):
        assert all(result.greedy for result in forced(llama, mine))


def test_both_phases_resumed_are_the_uninterrupted_ones(llama: Base, tmp_path: Path) -> None:
    mine = rows(llama)
    lesson = [invented(llama, row, 1) for row in mine]
    settings = replace(SETTINGS, steps=20, probe_every=20)

    def run(name: str, stop_after: int) -> Trained:
        asked_times = iter(range(1000))
        file = CheckpointFile(tmp_path / name, b"k" * 32, "a run")
        return train(
            llama,
            mine,
            lesson,
            settings,
            1,
            file,
            should_stop=lambda: next(asked_times) >= stop_after,
        )

    whole = run("whole", 1000)
    assert not run("cut", 2).finished
    assert not run("cut", 9).finished
    resumed = run("cut", 1000)
    assert (resumed.finished, resumed.steps) == (True, whole.steps)
    for name in whole.tensors:
        assert mx.array_equal(whole.tensors[name], resumed.tensors[name]).item()
    assert not (tmp_path / "cut.warm").exists()


def test_the_model_is_left_as_it_was(llama: Base) -> None:
    before = [type(block).__name__ for block in llama.model.layers]
    with tapped(llama.model):
        assert [type(block).__name__ for block in llama.model.layers] == ["Gate"] * len(before)
    assert [type(block).__name__ for block in llama.model.layers] == before


def test_a_night_with_a_teacher_and_one_block(llama: Base, tmp_path: Path) -> None:
    settings = TrainingSettings(
        study=StudySettings(self_study=False, fewest_abstentions=5, abstention_probes=5),
        epochs=0.01,
        fewest_steps=12,
        skill_items=1,
        replay_items=10,
        blocks=1,
        distill=True,
    )
    outcome = run(Job("people", settings=settings), PEOPLE, b"k" * 32, tmp_path, base=llama)
    assert outcome.version is not None
    card = outcome.version.card
    assert len(card.shape.blocks) == 1
    assert (card.hyperparameters["distill"], card.hyperparameters["steps_done"]) == (True, 12)
    assert not list(tmp_path.rglob("*.warm"))
