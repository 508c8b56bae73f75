"""Answers are judged as the command line judges them, and every skill stands as the card says."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.pocket import evaluate, folder
from training.pocket.language import mixture

SAMPLE = 12
#: A small sample may fall this far below the card's figure by chance alone.
SLACK = 0.30


@pytest.mark.parametrize(
    ("given_answer", "wanted"),
    [
        ("Thursday 12 June", "thursday 12 june"),
        ("The blue tin.", "blue tin"),
        ("Ｍaría", "María"),
        ("in the blue tin", "the blue tin"),
        ("I don’t know", "I don't know."),
    ],
)
def test_answers_that_count(given_answer: str, wanted: str) -> None:
    assert evaluate.answers_match(given_answer, [wanted])


@pytest.mark.parametrize(
    ("given_answer", "wanted"),
    [
        ("Thursday 13 June", "Thursday 12 June"),
        ("tinsel", "tin"),
        ("", "tin"),
        ("either the tin or the box or the shed or the loft", "tin"),
    ],
)
def test_answers_that_do_not(given_answer: str, wanted: str) -> None:
    assert not evaluate.answers_match(given_answer, [wanted])


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = evaluate.normalise(text)
    assert evaluate.normalise(once) == once


def test_held_out_items_are_repeatable_and_have_known_goals() -> None:
    for skill in mixture.SKILLS:
        first = evaluate.gather_items([skill], 3)
        assert first == evaluate.gather_items([skill], 3)
        assert len(first) == 3
        assert skill in evaluate.GOALS


def test_ordinary_items_are_spread_over_the_whole_file() -> None:
    path = Path(evaluate.__file__).parent / "ordinary.jsonl"
    every = evaluate.ordinary_items(path)
    some = evaluate.ordinary_items(path, 10)
    assert len(every) >= 240
    assert len(some) == 10
    assert some[0] == every[0]
    assert some[-1] in every[-len(every) // 5 :]


def test_a_model_that_is_not_whole_is_one_line_for_the_person(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.pocket.evaluate", "--model", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("The pocket model is incomplete")


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    reader = evaluate.PocketReader(folder())
    items = evaluate.gather_items([*mixture.SKILLS, evaluate.ORDINARY], SAMPLE)
    rows, _ = evaluate.measure(reader, items)
    return {row.skill: row.figure for row in rows}


def _card_rows() -> Sequence[tuple[str, float]]:
    card = (Path(evaluate.__file__).parent / "CARD.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.split("|")] for line in card.splitlines()]
    return [(row[1], float(row[3])) for row in cells if len(row) == 7 and row[1] in evaluate.GOALS]


def test_a_sample_of_every_skill_stands_near_the_card(figures: dict[str, float]) -> None:
    rows = _card_rows()
    assert {skill for skill, _ in rows} == set(figures)
    low = {skill: figures[skill] for skill, figure in rows if figures[skill] < figure - SLACK}
    assert not low
