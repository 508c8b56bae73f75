"""Known phrases in a text: whole words, the longest, none over another."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from training.pocket.language.phrases import Phrases

KNOWN = Phrases({"in front": 1, "in front of": 2, "front": 3, "of": 4, "rain-coat": 5})


def found(text: str) -> list[tuple[str, int]]:
    return [(text[start:end], entry) for start, end, entry in KNOWN.find(text)]


def test_the_longest_known_phrase_is_found() -> None:
    assert found("In front of the front door") == [("In front of", 2), ("front", 3)]


def test_a_shorter_phrase_is_found_where_the_longer_one_breaks_off() -> None:
    assert found("in front, of course") == [("in front", 1), ("of", 4)]
    assert found("in in front") == [("in front", 1)]


def test_parts_of_words_are_not_found() -> None:
    assert found("affront confront fronts of-the rain-coats") == []
    assert found("a rain-coat.") == [("rain-coat", 5)]


def test_a_letter_whose_small_form_is_longer_does_not_shift_the_places() -> None:
    assert found("İ in front") in ([], [("in front", 1)])


@given(st.lists(st.sampled_from(["in", "front", "of", "x", ",", "\n"]), max_size=12))
def test_what_is_found_never_overlaps_and_stands_in_order(parts: list[str]) -> None:
    text = " ".join(parts)
    spans = [(start, end) for start, end, _ in KNOWN.find(text)]
    assert spans == sorted(spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
