"""A value belongs to whom the words beside it say: the speaker, somebody else, another thing of the same sort."""

from __future__ import annotations

import pytest

from personald.serve.belonging import is_another_sort, is_somebody_elses, is_speakers_own
from personald.serve.evidence import sentences
from personald.serve.lexicon import variants
from personald.serve.passages import Passage
from personald.serve.question import Question

PACKING = "passports: mine runs out 9/2031, Leif's 3/2028\nseasick pills (Leif)"


def at(text: str, value: str) -> tuple[int, int]:
    start = text.index(value)
    return start, start + len(value)


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        ("When does Leif's passport run out?", "9/2031", True),
        ("When does Leif's passport run out?", "3/2028", False),
        ("When does my passport run out?", "9/2031", False),
    ],
)
def test_mine_is_not_somebody_elses(question: str, value: str, expected: bool) -> None:
    passage = Passage("1", "packing", "/packing.txt", PACKING)
    assert is_speakers_own(Question.understand(question), passage, at(PACKING, value)) is expected


def test_in_a_mail_mine_is_the_writers() -> None:
    text = "Uncle Karl will sing.\nMy new number is +48 600 555 128."
    mail = Passage("1", "news", "/news.eml", text, about="Agnes Nowak <agnes@nowak.example>")
    span = at(text, "+48 600 555 128")
    assert is_speakers_own(Question.understand("What is Uncle Karl's number?"), mail, span)
    assert not is_speakers_own(Question.understand("What is Agnes's new number?"), mail, span)


def test_a_line_about_another_person_is_somebody_elses() -> None:
    text = "The vet of Rufus is nice. Dana Cole wears size 44."
    passage = Passage("1", "note", "/note.md", text)
    span = at(text, "44")
    part = sentences(text)[-1]
    for question, expected in (
        ("Which size does Rufus wear?", True),
        ("Which size does Dana wear?", False),
    ):
        asked = Question.understand(question)
        place = (part.start, part.end)
        assert is_somebody_elses(asked, passage, place, part.places.keys(), span) is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is my hand doctor called?", True),
        ("What is my knee doctor called?", False),
        ("What is my doctor called?", False),
    ],
)
def test_another_of_the_same_sort_is_told_apart(question: str, expected: bool) -> None:
    text = "My knee doctor is called Brian Lacey."
    passage = Passage("1", "chat", "/chat.json", text)
    found = is_another_sort(
        Question.understand(question), variants(question), passage, sentences(text)[0].places
    )
    assert found is expected
