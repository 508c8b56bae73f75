"""The owner's own writing is a kind of its own: theirs alone, without secrets, and easily left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractors.document import Domain, Turn
from tests.training.persons import document, mail
from training.dataset import StudySettings, assemble
from training.material import Example, Purpose
from training.synthesis.sources import Owner, SourceDocument
from training.synthesis.voices import is_assistant, voices

SETTINGS = StudySettings(owner=("Ingrid Moe", "ingrid@moe.example"))
OWNER = "Ingrid Moe <ingrid@moe.example>"
JONAS = "Jonas Berg <jonas@berg.example>"
OWN = "Dear Jonas, the boat is on land at last and I have never been so glad of a tarpaulin."


def style(*sources: SourceDocument, settings: StudySettings = SETTINGS) -> list[Example]:
    examples = assemble("mail", sources, settings).examples
    return [row for row in examples if row.purpose is Purpose.STYLE]


def test_a_sent_mail_teaches_how_its_owner_writes() -> None:
    (row,) = style(mail(1, OWNER, JONAS, "The boat", OWN))
    assert row.messages[-1].text == 'Write the mail to Jonas Berg about "The boat" as I would.'
    assert row.answer == OWN


def test_a_received_mail_does_not() -> None:
    assert style(mail(1, JONAS, OWNER, "The boat", OWN)) == []


def test_it_can_be_switched_off() -> None:
    source = mail(1, OWNER, JONAS, "The boat", OWN)
    assert style(source, settings=replace(SETTINGS, style_rows=0)) == []
    assert style(source, settings=SETTINGS.suited(pocket=True)) == []


def test_held_back_stretches_are_not_copied() -> None:
    source = mail(1, OWNER, JONAS, "The boat", f"{OWN} The gate code is 4471 and the dog is kind.")
    start = source.document.text.index("The gate")
    held = replace(source, held_back=((start, start + 21),))
    assert not any("4471" in row.answer for row in style(held))


def test_what_is_said_to_a_program_is_not_written_to_people() -> None:
    text = "Please make this friendlier for the choir committee of ours.\n\nGladly."
    turns = (Turn("User", 0, 60), Turn("Assistant", 62, len(text)))
    chat = document(1, text, "chat", domain=Domain.CHATS, kind="chatgpt", turns=turns)
    assert style(chat) == []


@pytest.mark.parametrize("name", ["Assistant", "ChatGPT", "GPT-4o", "Claude", "tool"])
def test_programs_are_no_source(name: str) -> None:
    text = "My dentist is Dr Weiss."
    chat = document(1, text, "chat", domain=Domain.CHATS, turns=(Turn(name, 0, len(text)),))
    assert is_assistant(name)
    assert list(voices(chat, Owner())) == []


@pytest.mark.parametrize("name", ["Claude Martin", "Jonas", "Modesty", ""])
def test_people_are(name: str) -> None:
    assert not is_assistant(name)


def test_i_in_a_file_by_somebody_else_is_that_author() -> None:
    owner = Owner(frozenset({"ingrid moe"}))
    letter = document(1, "My bank is Skala.", "letter", domain=Domain.FILES, author="Ola Vik")
    scanned = document(2, "My bank is Skala.", "a", domain=Domain.FILES, author="Office User")
    assert [voice.speaker for voice in voices(letter, owner)] == ["Ola Vik"]
    assert [voice.speaker for voice in voices(scanned, owner)] == [""]
