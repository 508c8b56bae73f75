"""Anybody can write to a mailbox: what only strangers say is theirs to say, and waits for the owner's word."""

from __future__ import annotations

from dataclasses import replace

from tests.training.persons import contact, document, mail
from training.dataset import Dataset, SourceDocument, StudySettings, assemble
from training.matching import UNKNOWN
from training.material import Purpose
from training.synthesis.sources import Owner, owner_of
from training.synthesis.strangers import HeldReason

OWNER = "Ingrid Moe <ingrid@moe.example>"
REX = "Rex Fox <rex@fox.example>"
SETTINGS = StudySettings(owner=("Ingrid Moe", "ingrid@moe.example"))
CLAIM = mail(1, REX, OWNER, "Your insurance", "Ingrid Moe is my client.\nYour bank is Fox Credit.")


def studied(*sources: SourceDocument, owner: Owner | None = None) -> Dataset:
    return assemble("mail", sources, SETTINGS, owner=owner)


def believed(dataset: Dataset) -> set[str]:
    return {fact.value for fact in dataset.facts if not fact.relation.startswith("said: ")}


def test_what_a_stranger_states_about_the_owner_is_held_back_and_offered_for_review() -> None:
    dataset = studied(CLAIM)
    assert "Fox Credit" not in believed(dataset)
    (held,) = [held for held in dataset.held if held.fact.value == "Fox Credit"]
    assert held.reason is HeldReason.ABOUT_OWNER
    assert held.sender == "Rex Fox"
    assert held.fact.quote == "Your bank is Fox Credit."
    assert dataset.dropped["held for review"] == len(dataset.held)


def test_it_is_studied_as_what_the_sender_says_and_not_as_true() -> None:
    rows = {row.messages[-1].text: row for row in studied(CLAIM).examples}
    said = [row for text, row in rows.items() if "Rex Fox" in text and "bank" in text]
    assert {row.answer for row in said} == {"Fox Credit"}
    plain = [row for text, row in rows.items() if "bank" in text and "Rex Fox" not in text]
    assert plain
    assert {row.answer for row in plain} == {UNKNOWN}
    assert {row.purpose for row in plain} == {Purpose.ABSTENTION}


def test_a_second_mail_of_strangers_confirms_nothing() -> None:
    again = mail(2, "Max Roe <max@roe.example>", OWNER, "Your bank", "Your bank is Fox Credit.")
    assert "Fox Credit" not in believed(studied(CLAIM, again))


def test_the_owners_own_words_confirm_it() -> None:
    own = mail(2, OWNER, "Jonas Berg <jonas@berg.example>", "Bank", "My bank is Fox Credit.")
    assert "Fox Credit" in believed(studied(CLAIM, own))


def test_whoever_is_in_the_contacts_is_no_stranger() -> None:
    card = contact(3, "Rex Fox", Email="rex@fox.example")
    owner = owner_of([CLAIM, card], SETTINGS.owner)
    assert "Fox Credit" in believed(studied(CLAIM, owner=owner))


def test_whoever_was_written_to_is_no_stranger() -> None:
    own = mail(2, OWNER, REX, "Hello", "How are things?")
    assert "Fox Credit" in believed(studied(CLAIM, own))


def test_a_mail_that_was_vouched_for_is_believed() -> None:
    assert "Fox Credit" in believed(studied(replace(CLAIM, vouched=True)))


def test_a_stranger_does_not_replace_what_is_known_by_writing_later() -> None:
    friend = mail(
        2, OWNER, "Jonas Berg <jonas@berg.example>", "Nora", "Nora's dentist is Dr Weiss.", day=1
    )
    later = mail(3, REX, OWNER, "About Nora", "Nora's dentist is Dr Fox.", day=20)
    dataset = studied(friend, later)
    assert "Dr Weiss" in believed(dataset)
    assert "Dr Fox" not in believed(dataset)
    assert [held.reason for held in dataset.held] == [HeldReason.AGAINST_KNOWN]


def test_a_note_of_the_owners_is_never_a_strangers() -> None:
    note = document(1, "My bank is Sparebank.", "money", author="Rex Fox")
    assert assemble("notes", [note], SETTINGS).held == ()
