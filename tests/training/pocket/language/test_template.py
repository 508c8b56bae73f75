"""Templates: choices, slots and their forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.pocket.language import values
from training.pocket.language.draw import Draw
from training.pocket.language.template import (
    Binding,
    TemplateError,
    Value,
    compiled,
    with_article_an,
)


def binding(seed: int = 0) -> Binding:
    return Binding(Draw(seed), values.make)


def test_a_choice_is_one_of_its_options_and_options_nest() -> None:
    template = compiled("a [b|[c|d] e|]")
    written = {template.render(binding(seed)) for seed in range(60)}
    assert written == {"a b", "a c e", "a d e", "a "}


def test_a_slot_keeps_its_value_through_text_question_and_answer() -> None:
    shared = binding()
    text = compiled("{p:person} met {q:person}.").render(shared)
    assert text == f"{compiled('{p}').render(shared)} met {compiled('{q}').render(shared)}."


def test_a_listed_slot_is_one_of_its_words() -> None:
    words = {compiled("{x:=red/green/blue}").render(binding(seed)) for seed in range(40)}
    assert words == {"red", "green", "blue"}


def test_a_bare_type_declares_a_slot_of_its_own_name() -> None:
    shared = binding()
    assert (
        compiled("{city} and {city}").render(shared).split(" and ")[0] in shared.values["city"].text
    )


def test_forms_of_a_person_agree_in_gender() -> None:
    shared = binding()
    written = compiled("{p:woman.They} lost {p.their} keys; call {p.them}.").render(shared)
    assert written == "She lost her keys; call her."


def test_the_genitive_of_a_name_in_s_takes_an_apostrophe_alone() -> None:
    assert Value("last", "Moss").form("s") == "Moss'"
    assert Value("last", "Kos a").form("s") == "Kos a's"


@pytest.mark.parametrize("source", ["[a|b", "a]", "{p:person", "{:person}", "{p person}"])
def test_a_broken_template_is_refused_with_its_text(source: str) -> None:
    with pytest.raises(TemplateError) as refused:
        compiled(source)
    assert source in str(refused.value)


def test_an_unknown_slot_type_is_refused_by_name() -> None:
    with pytest.raises(TemplateError, match="tyrannosaur"):
        compiled("{x:tyrannosaur}").render(binding())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a apple", "an apple"),
        ("It is. A egg", "It is. An egg"),
        ("Vitamin A is", "Vitamin A is"),
        ("a unique one", "a unique one"),
        ("a umbrella", "an umbrella"),
        ("a pear", "a pear"),
    ],
)
def test_a_becomes_an_before_a_vowel_sound(before: str, after: str) -> None:
    assert with_article_an(before) == after


@given(st.text(alphabet="ab |[]{}:.=/", max_size=20))
def test_any_text_is_either_compiled_or_refused(source: str) -> None:
    try:
        compiled(source)
    except TemplateError:
        return
    assert source.count("[") == source.count("]")
