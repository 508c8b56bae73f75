"""What waits for the owner's word is not studied until it is given; a no is for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.document import Document, Domain
from personald.errors import UsageError
from personald.reviewing import (
    STRANGER,
    Decision,
    Review,
    chosen,
    sensitive_matters,
    strangers_matters,
)
from personald.sensitive import detect
from personald.store import StoredDocument
from training.dataset import StudySettings, assemble, read_facts
from training.sealing import SealBroken
from training.synthesis.sources import owner_of
from training.synthesis.strangers import sift

KEY = b"k" * 32
HEALTH = "My blood pressure medicine is Ramipril."
SECRET = "My password is hunter2-Zebra!"
STUDY = StudySettings(fewest_abstentions=10, abstention_probes=5, self_study=False)


def note(text: str) -> StoredDocument:
    document = Document("/notes/a.md", Domain.NOTES, "markdown", "A note", text, author="me")
    return StoredDocument("a" * 32, 1, document, 1, sensitive=detect(text))


def mail(text: str, sender: str = "Mallory <mallory@evil.example>") -> StoredDocument:
    document = Document(
        "/mail/1.eml",
        Domain.MAIL,
        "eml",
        "Your account",
        text,
        author=sender,
        recipients=("Kari Nord <kari@home.example>",),
        date=datetime(2026, 5, 1, tzinfo=UTC),
    )
    return StoredDocument("b" * 32, 1, document, 1, sensitive=detect(text))


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return Review.open(tmp_path / "review", KEY)


def values(review: Review, stored: StoredDocument) -> set[str]:
    """What would be studied of a document."""
    data = assemble(str(stored.document.domain), [review.source_document(stored)], STUDY)
    return {fact.value for fact in data.facts}


def test_a_sensitive_sentence_is_studied_once_it_is_approved(review: Review) -> None:
    stored = note(f"My dentist is Doctor Weiss. {HEALTH}")
    (matter,) = sensitive_matters(review, [stored])
    assert (matter.category, matter.text) == ("health", HEALTH)
    held = review.source_document(stored).held_back
    assert [stored.document.text[start:end] for start, end in held] == [HEALTH]
    review.decide([matter.key], Decision.APPROVED)
    assert review.source_document(stored).held_back == ()
    review.decide([matter.key], Decision.REJECTED)
    assert review.source_document(stored).held_back == held


def test_a_decision_holds_through_other_changes_of_the_document(review: Review) -> None:
    (matter,) = sensitive_matters(review, [note(HEALTH)])
    review.decide([matter.key], Decision.APPROVED)
    edited = note(f"Something new at the top.\n\n{HEALTH}")
    (again,) = sensitive_matters(review, [replace(edited, version=2)])
    assert again.key == matter.key
    assert review.source_document(edited).held_back == ()


def test_another_sentence_waits_anew(review: Review) -> None:
    (matter,) = sensitive_matters(review, [note(HEALTH)])
    review.decide([matter.key], Decision.APPROVED)
    other = note("My blood pressure medicine is Losartan.")
    assert review.source_document(other).held_back != ()


def test_a_category_can_be_allowed_and_forbidden_again(review: Review) -> None:
    review.decide_category("health", Decision.APPROVED)
    assert review.source_document(note(HEALTH)).held_back == ()
    review.decide_category("health", Decision.REJECTED)
    assert review.source_document(note(HEALTH)).held_back != ()


def test_nothing_lets_a_secret_be_studied(review: Review) -> None:
    stored = note(SECRET)
    assert stored.sensitive
    review.decide_category("secret", Decision.APPROVED)
    assert list(sensitive_matters(review, [stored])) == []
    assert review.source_document(stored).held_back != ()


def test_what_a_stranger_states_about_the_owner_holds_only_when_vouched_for(
    review: Review,
) -> None:
    stored = mail("My bank is Shadow Bank.\n\nYour landlord is Mister Smith.\n")
    source = review.undecided(stored)
    person = owner_of([source], ("Kari Nord <kari@home.example>",))
    held = sift(list(read_facts([source], person)), {source.id: source}, person).held
    assert held, "the rules read nothing that a stranger states"
    (matter,) = strangers_matters(review, [stored], held)
    assert matter.category == STRANGER
    assert not review.source_document(stored).vouched
    review.decide([matter.key], Decision.APPROVED)
    assert review.source_document(stored).vouched
    review.decide([matter.key], Decision.REJECTED)
    assert values(review, stored) == set()


def test_numbers_stay_and_decisions_are_kept_sealed(tmp_path: Path) -> None:
    path = tmp_path / "review"
    review = Review.open(path, KEY)
    first = list(sensitive_matters(review, [note(HEALTH)]))
    numbers = dict(review.number(first))
    review.decide([first[0].key], Decision.APPROVED)
    review.save()
    assert b"Ramipril" not in path.read_bytes()
    again = Review.open(path, KEY)
    more = sensitive_matters(again, [note(f"I see my lawyer about the lawsuit. {HEALTH}")])
    again.number(more)
    assert numbers.items() <= again.numbers.items()
    assert again.decision("health", first[0].key) is Decision.APPROVED
    with pytest.raises(SealBroken):
        Review.open(path, b"x" * 32)


def test_a_number_that_is_not_there(review: Review) -> None:
    matters = list(sensitive_matters(review, [note(HEALTH)]))
    numbers = review.number(matters)
    assert chosen(matters, numbers, [1, 1]) == matters
    with pytest.raises(UsageError, match="number 7"):
        chosen(matters, numbers, [7])
