"""Kinds of things: what a question may ask for, and what a text names one of."""

import pytest

from training.pocket.language import categories
from training.pocket.language.draw import Draw


def test_a_question_says_what_kind_of_thing_it_asks_for() -> None:
    asked = {
        categories.typed("What did she buy?", "a long woollen scarf", Draw(n)) for n in range(20)
    }
    assert asked
    assert all(a.startswith("Which ") and a.endswith(" did she buy?") for a in asked)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who came?", "scarf"),
        ("What colour is it?", "scarf"),
        ("What did she say?", "nothing of the sort"),
        ("What", "scarf"),
    ],
)
def test_any_other_question_stays(question: str, answer: str) -> None:
    assert categories.typed(question, answer, Draw(1)) == question


def test_a_thing_is_asked_for_when_the_text_names_one_of_its_kind() -> None:
    one = dict(categories.named_once("She mended it with a hammer and went home."))
    two = dict(categories.named_once("She mended it with a hammer and a screwdriver."))
    tool = next(names for names in one if "tool" in names)
    assert one[tool] == "hammer"
    assert tool not in two


def test_names_are_no_things() -> None:
    assert not dict(categories.named_once("Mr Hammer lives in Apple Road."))


def test_the_values_of_a_closed_kind_belong_to_its_category() -> None:
    animals = next(names for names in categories.table() if "animal" in names)
    assert {"badger", "alpaca"} <= set(categories.table()[animals])


@pytest.mark.parametrize(
    ("one", "many"),
    [("scarf", "scarfs"), ("box", "boxes"), ("cherry", "cherries"), ("key", "keys")],
)
def test_the_regular_plural(one: str, many: str) -> None:
    assert categories.plural(one) == many


def test_every_question_asks_for_a_thing_of_the_text() -> None:
    text = "the terrier ate a pear under the umbrella, then the trumpet began"
    for seed in range(30):
        for question, answer in categories.questions(text, Draw(seed), 2):
            assert answer in text
            assert answer not in question
