"""What the base writes counts only where the text holds it up."""

from __future__ import annotations

from collections import Counter

import pytest

from training.selfstudy.grounding import (
    Pair,
    Reason,
    answerable,
    distinct,
    fits,
    grounded_passage,
    supported,
)
from training.selfstudy.strategies import proposals

TEXT = "Our new dentist is Dr Anna Weiss. Her practice is at 12 Harbour Street, open from 9:30."


@pytest.mark.parametrize(
    "sentence",
    ["The dentist is Dr Anna Weiss.", "Anna Weiss has her practice at 12 Harbour Street."],
)
def test_a_paraphrase_is_supported(sentence: str) -> None:
    assert supported(TEXT, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The dentist is Dr Paul Weiss.",
        "Her practice is at 14 Harbour Street.",
        "Elephants dance wildly under purple umbrellas.",
        "",
    ],
)
def test_a_new_name_a_new_number_or_other_words_are_not(sentence: str) -> None:
    assert not supported(TEXT, sentence)


@pytest.mark.parametrize(
    ("question", "answer", "good"),
    [
        ("When does it open?", "9:30", True),
        ("When does it open?", "12 Harbour Street", False),
        ("Who is the dentist?", "Dr Anna Weiss", True),
        ("Who is the dentist?", "new", False),
        ("Where is the practice?", "12 Harbour Street", True),
        ("Where is the concert?", "12 December", False),
        ("How much is it?", "patients", False),
    ],
)
def test_an_answer_is_of_the_sort_that_was_asked_for(
    question: str, answer: str, good: bool
) -> None:
    assert fits(Pair(question, answer)) is good


def test_an_answer_stands_in_the_text_word_for_word() -> None:
    assert answerable(TEXT, Pair("Who is the dentist?", "Dr Anna Weiss"))
    assert not answerable(TEXT, Pair("Who is the dentist?", "Dr Paul Weiss"))
    assert not answerable(TEXT, Pair("Who is the dentist?", "I don't know."))
    assert not answerable(TEXT, Pair("Is she the dentist?", "yes"))
    assert not answerable(TEXT, Pair("Tell me.", "Dr Anna Weiss"))


def test_repetitions_and_contradictions_are_dropped_and_counted() -> None:
    dropped: Counter[str] = Counter()
    kept = distinct(
        [Pair("A?", "one"), Pair("a?", "One"), Pair("B?", "one"), Pair("B?", "two")], dropped
    )
    assert kept == [Pair("A?", "one")]
    assert dropped == {Reason.DUPLICATE: 1, Reason.CONTRADICTING: 2}


def test_a_passage_keeps_the_sentences_that_hold() -> None:
    dropped: Counter[str] = Counter()
    written = (
        "The dentist is Dr Anna Weiss. She plays the harp in Rome.\nThe dentist is Dr Anna Weiss."
    )
    assert grounded_passage(TEXT, written, dropped) == "The dentist is Dr Anna Weiss."
    assert dropped == {Reason.UNSUPPORTED: 1, Reason.DUPLICATE: 1}


def test_strategies_are_instructions() -> None:
    written = "1. Make a list of the dates.\n- Quiz yourself on names\nNoted.\n" + "long " * 60
    assert proposals(written) == ["Make a list of the dates.", "Quiz yourself on names."]


def test_words_of_the_text_put_together_otherwise_are_not_enough() -> None:
    bins = "Bins go out on Wednesday night. The people below brought shortbread."
    assert supported(bins, "The bins go out on Wednesday night.")
    assert not supported(bins, "The writer had to be put out on Wednesday night.")
    assert not supported(bins, "The writer brought shortbread.")
