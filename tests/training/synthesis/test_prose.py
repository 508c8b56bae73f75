"""Running text becomes sentences that keep their places, and a value loses the remarks around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.synthesis.prose import sentences_of, unwrapped, without_remarks

WRAPPED = (
    "there is a damp patch in our hall, just under your bath, and no hurry but\n"
    "our plumber is Archie Tait. He is tidy.\n"
)


def test_a_wrapped_line_is_one_sentence_and_quotes_both_lines() -> None:
    first, second = sentences_of(WRAPPED, 0, len(WRAPPED))
    assert first.text.endswith("no hurry but our plumber is Archie Tait.")
    assert "no hurry but\nour plumber" in first.quote
    assert second.text == "He is tidy."


def test_lines_of_a_list_stay_apart() -> None:
    text = "- new front tyres, 176\n- exhaust bracket\nEngine oil 5W30"
    assert [found.text for found in sentences_of(text, 0, len(text))] == [
        "new front tyres, 176",
        "exhaust bracket",
        "Engine oil 5W30",
    ]


@pytest.mark.parametrize(
    "text", ["My vet is Dr. Hollis Brandt.", "The customer is no. 4471.", "Maya G. is moving in."]
)
def test_the_stop_of_an_abbreviation_ends_nothing(text: str) -> None:
    assert [found.text for found in sentences_of(text, 0, len(text))] == [text]


@given(st.text(alphabet="aB.!? \n,-1D", max_size=120))
def test_every_sentence_stands_where_it_says(text: str) -> None:
    assert len(unwrapped(text)) == len(text)
    for found in sentences_of(text, 0, len(text)):
        assert text[found.start : found.start + len(found.quote)] == found.quote


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("14 Leven Terrace, top floor. Landlord is Mr Gilchrist.", "14 Leven Terrace, top floor"),
        ("Chidinma, Thanksgiving 2024, she denies it.", "Chidinma, Thanksgiving 2024"),
        ("862.50 (half, since Maya)", "862.50"),
        ("Dr. Hollis Brandt, because I cry", "Dr. Hollis Brandt"),
        ('Mom\'s, profile "Amara do not touch"', 'Mom\'s, profile "Amara do not touch"'),
        ("(917) 555-0164", "(917) 555-0164"),
    ],
)
def test_remarks_are_no_part_of_an_answer(written: str, answer: str) -> None:
    assert without_remarks(written)[0] == answer
