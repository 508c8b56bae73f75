"""Where no passage makes a value sure, a certain memory is believed about those whom the question names."""

from __future__ import annotations

import pytest

from personald.serve.deciding import CERTAIN, stands_alone
from training.runtime import Recollection


def says(confidence: float) -> Recollection:
    return Recollection("020 7946 0123", "people", "people/1", confidence, False, ("people",))


@pytest.mark.parametrize(
    "question",
    [
        "What is Anna Brook's phone number?",
        "Which number does Anna Brook's dentist have?",
        "What is my dentist's number?",
        "Give me the number of my dentist.",
    ],
)
def test_a_certain_memory_is_believed_about_those_who_are_named(question: str) -> None:
    assert stands_alone(question, says(CERTAIN))
    assert not stands_alone(question, says(CERTAIN - 0.01))


@pytest.mark.parametrize("question", ["What colour is the tent?", "Which number do I call?"])
def test_it_is_not_believed_about_what_is_only_described(question: str) -> None:
    assert not stands_alone(question, says(1.0))
