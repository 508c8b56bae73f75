"""Documents are cut without loss and ranked for a question; a document says so only when it names whom it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personald.serve.passages import PASSAGE_WORDS, Passage, cut
from personald.serve.ranking import rank
from personald.serve.support import contains, names
from personald.serve.words import stems


def passage(text: str, title: str = "note", document: str = "d") -> Passage:
    return Passage(document, title, f"/notes/{title}", text)


@given(st.text(alphabet="ab .\n!", max_size=2000), st.integers(1, 40))
def test_cutting_keeps_every_word_in_order(text: str, words: int) -> None:
    assert " ".join(cut(text, words)).split() == text.split()


@given(st.lists(st.text("abc", min_size=1, max_size=8), max_size=400))
def test_no_passage_is_longer_than_asked_for(words: list[str]) -> None:
    assert all(len(part.split()) <= PASSAGE_WORDS for part in cut(" ".join(words)))


def test_paragraphs_stay_whole_where_they_fit() -> None:
    text = "First paragraph, short.\n\n" + "word " * 63 + "\n\nLast one."
    assert cut(text, 65)[0] == "First paragraph, short."


@pytest.mark.parametrize(
    ("one", "other"),
    [("tickets", "ticket"), ("painted", "paint"), ("Ivo's", "Ivo"), ("batteries", "battery")],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    assert stems(one) == stems(other)


def test_the_passage_that_shares_the_rare_words_comes_first() -> None:
    passages = [
        passage("The new shed costs 400 euros."),
        passage("The boiler costs 310 euros and Fintan brings it."),
        passage("Nothing to see here.", document="e"),
    ]
    ranked = rank("What does the boiler cost?", passages, 3)
    assert ranked[0].passage is passages[1]
    assert all(item.passage is not passages[2] for item in ranked)


def test_a_title_counts_as_part_of_the_text() -> None:
    car = passage("Licence plate: 231-G-8047", "Car")
    ranked = rank("What is the number of my car?", [passage("Number 12"), car], 2)
    assert {item.passage.title for item in ranked} == {"Car", "note"}


def test_a_question_without_content_finds_nothing() -> None:
    assert rank("What is it?", [passage("It is what it is.")], 3) == []
    assert rank("", [], 3) == []


def test_names_are_capitals_inside_and_numbers() -> None:
    assert names("What is Kofi Mensah's number?") == {"kofi", "mensah"}
    assert names("When does EI 3304 leave?") == {"ei", "3304"}
    assert names("What is the code?") == frozenset()


def test_an_answer_stands_as_whole_words() -> None:
    assert contains("It costs 1,690 euros.", "1,690 euros")
    assert not contains("It costs 11690 euros.", "1690")
    assert not contains("anything", "")
