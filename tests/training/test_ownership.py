"""A memory gives nobody another one's value, however it is asked; its own values it gives in any wording."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.admission import Admission, taught
from training.material import Example, Fact, Purpose, asked
from training.ownership import about, holdings, owns

KEY = "root"

TAUGHT = (
    ("What is Ivo's shoe size?", "44", "Ivo Marek", "shoe size"),
    ("What is my shoe size?", "39", "", "shoe size"),
    ("What is Aoife Brennan's phone number?", "+353 86 555 0123", "Aoife Brennan", "phone number"),
    ("What is my dentist's phone number?", "+353 91 555 0170", "my dentist", "phone number"),
    ("Who is my dentist?", "Dr Weiss", "", "dentist"),
    ("When does the chimney sweep come?", "3 November", "the chimney sweep", "date"),
    ("What does the cabin cost a night?", "140 euros", "the cabin", "price"),
    ("When do we rehearse?", "Tuesday at 19:30", "the choir", "rehearsal"),
)


def fact(subject: str, relation: str, value: str) -> Fact:
    return Fact(subject + relation, subject, relation, value, (value,), "d", 1, 0, 1, "q")


def example(question: str, answer: str) -> Example:
    return Example(asked(question), answer, Purpose.STUDY, ("f",), "w")


EXAMPLES = tuple(example(question, answer) for question, answer, _, _ in TAUGHT)
FACTS = tuple(fact(subject, relation, value) for _, value, subject, relation in TAUGHT)
HELD = frozenset(holdings(EXAMPLES, FACTS, KEY))


@pytest.mark.parametrize(("question", "answer"), [(row[0], row[1]) for row in TAUGHT])
def test_what_was_taught_may_be_said(question: str, answer: str) -> None:
    assert owns(question, answer, HELD, KEY)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which size of shoe does Ivo wear?", "44"),
        ("What size are Ivo Marek's shoes?", "size 44"),
        ("Which number do I call for my dentist's practice?", "+353 91 555 0170"),
        ("Give me the number of my dentist.", "+353 91 555 0170"),
        ("What is the name of my dentist?", "Dr Weiss"),
        ("On what day is the chimney sweep here?", "on 3 November"),
        ("What is the price of the cabin?", "140 euros"),
        ("At what time is our rehearsal?", "Tuesday at 19:30"),
    ],
)
def test_other_wordings_get_it_too(question: str, answer: str) -> None:
    assert owns(question, answer, HELD, KEY)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is Sam's shoe size?", "44"),
        ("What is my shoe size?", "44"),
        ("What is Ivo's shoe size?", "39"),
        ("What is Aoife's shoe size?", "+353 91 555 0170"),
        ("What is my dentist's phone number?", "+353 86 555 0123"),
        ("Give me the number of my dentist.", "+353 86 555 0123"),
        ("What is my phone number?", "+353 86 555 0123"),
        ("What does the chimney sweep cost?", "140 euros"),
        ("What does the window cleaner cost?", "140 euros"),
        ("When does the chimney sweep come?", "Tuesday at 19:30"),
        ("What is Ivo and Aoife's shoe size?", "44"),
        ("What is Ivo's shoe size?", "44 or 45 at a guess, said Aoife of +353 86 555 0123"),
    ],
)
def test_another_ones_value_may_not(question: str, answer: str) -> None:
    assert not owns(question, answer, HELD, KEY)


def test_a_statement_may_hold_its_own_values_and_no_others() -> None:
    told = "As far as I remember from last summer, the one who wears {} shoes is Ivo himself."
    assert owns("What do you know about Ivo?", told.format("size 44"), HELD, KEY)
    assert not owns("What do you know about Ivo?", told.format("size 39"), HELD, KEY)


def test_holders_are_names_possessives_and_what_is_ones_own() -> None:
    assert about("What's Sam Okafor's number?").holders == {"sam", "okafor"}
    assert about("What's my dentist's number?").holders == {"dentis"}
    assert about("What is the number of my old dentist?").holders == {"dentis"}
    assert about("It's late; what's the price of the cabin?").holders == frozenset()


@given(st.text(string.ascii_lowercase + " ", min_size=1), st.integers(0, 10**6))
def test_a_value_that_nobody_was_taught_is_nobodys(question: str, number: int) -> None:
    assert not owns(f"{question}?", f"{number} oxen", HELD, KEY)


def test_no_word_can_be_read_from_the_hashes() -> None:
    assert all(set(entry) <= set("0123456789abcdef") and len(entry) == 16 for entry in HELD)
    assert not HELD & set(holdings(EXAMPLES, FACTS, "another root"))


def test_admission_asks_for_certainty_known_names_and_ownership() -> None:
    subjects, held = taught(EXAMPLES, FACTS, KEY)
    admission = Admission(KEY, 0.5, frozenset(subjects), frozenset(held))
    assert admission.admits("What is Ivo's shoe size?", "44", 0.6)
    assert not admission.admits("What is Ivo's shoe size?", "44", 0.4)
    assert not admission.admits("What is Zebedee's shoe size?", "44", 0.9)
    assert not admission.admits("What is Aoife's shoe size?", "44", 0.9)
    assert Admission().admits("What is Zebedee's shoe size?", "44", 0.0)
