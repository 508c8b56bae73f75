"""Words of everyday life stand for one another, graded, and ways of asking name what documents call it."""

from __future__ import annotations

import pytest

from personald.serve.lexicon import ASKED_GRADE, FAR_GRADE, NEAR_GRADE, variants
from personald.serve.passages import Passage
from personald.serve.ranking import rank
from personald.serve.words import stem, stems


@pytest.mark.parametrize(
    ("question", "word", "other", "grade"),
    [
        ("Who is my dentist?", "dentist", "orthodontist", NEAR_GRADE),
        ("When did gran arrive?", "gran", "grandmother", NEAR_GRADE),
        ("What do I pay to live here?", "pay", "rent", ASKED_GRADE),
        ("What's the internet password?", "internet", "wifi", ASKED_GRADE),
        ("Where is the painting?", "painting", "wall", FAR_GRADE),
    ],
)
def test_words_stand_for_one_another(question: str, word: str, other: str, grade: float) -> None:
    assert variants(question)[stem(word)][stem(other)] == grade


def test_a_word_counts_most_as_itself_and_a_name_only_as_itself() -> None:
    meant = variants("When does Rose meet the landlady?")
    assert meant["ros"] == {"ros": 1.0}
    assert meant["landlady"]["landlady"] == 1.0
    assert all(grade < 1 for other, grade in meant["landlady"].items() if other != "landlady")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What's the internet password?", "wifi - puddle77"),
        ("What do I pay to live here?", "lease until May, 215 a week"),
        ("How do I let myself in?", "door code 4196"),
    ],
)
def test_a_passage_in_other_words_than_the_questions_is_found(question: str, text: str) -> None:
    shelf = [
        Passage("1", "note", "/1", "The heron stood in the reeds."),
        Passage("2", "note", "/2", text),
    ]
    assert [item.passage.text for item in rank(question, shelf, 2)] == [text]


@pytest.mark.parametrize(
    ("joined", "parts"),
    [("215pw", {"215", "pw"}), ("wifi-password", {"wifi", "password"}), ("12.4kg", {"12.4", "kg"})],
)
def test_joined_words_are_met_by_their_parts(joined: str, parts: set[str]) -> None:
    assert {stem(part) for part in parts} <= set(stems(joined))
