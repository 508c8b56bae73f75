"""When an answer counts as right: the rule that `eval` promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.matching import UNKNOWN, abstains, matches, normalise


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("The Blue Room.", "blue room"),
        ("ＥＵＲ　39", "EUR 39"),
        ("Thursday 12 June at 14:30", "12 June"),
        ("It is Dr. Weiss", "Dr Weiss"),
        ("I don't know", UNKNOWN),
        ("12-14 May", "12 14 May"),
    ],
)
def test_what_counts(answer: str, accepted: str) -> None:
    assert matches(answer, [accepted])


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("Weissmann", "Weiss"),
        ("the number is 44 and not, as I said at first, 43", "43"),
        ("", "x"),
        ("anything", "the"),
        ("12 June", "Thursday 12 June"),
    ],
)
def test_what_does_not(answer: str, accepted: str) -> None:
    assert not matches(answer, [accepted])


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(min_size=1, max_size=40).filter(normalise))
def test_an_answer_matches_itself(text: str) -> None:
    assert matches(text, [text])


@pytest.mark.parametrize("text", [UNKNOWN, "I don’t know", "", "unknown", "No idea!"])
def test_ways_to_admit_ignorance(text: str) -> None:
    assert abstains(text)


def test_an_answer_is_no_abstention() -> None:
    assert not abstains("Known Unknowns Ltd in Bergen")
