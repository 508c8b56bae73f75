"""What several documents say in the same words is studied once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from extractors.document import Role, Span
from personald.copies import copies_of, without_copies
from tests.training.persons import contact, document, mail
from training.synthesis.sources import SourceDocument

LETTER = (
    "Dear Ingrid, the boat is on land and the mast lies in the shed behind the house of Ola Vik. "
    "The insurance asks for 1,240 kroner until 14 May. Yours, Jonas"
)
OWNER = "Ingrid Moe <ingrid@moe.example>"


def kept(*sources: SourceDocument) -> set[str]:
    return {source.id for source in without_copies(sources)}


def test_the_newest_of_copies_stands_for_them() -> None:
    old = document(1, LETTER, "letter", date=datetime(2025, 1, 1, tzinfo=UTC))
    new = document(2, f"{LETTER}\n\nSent again.", "copy", date=datetime(2026, 1, 1, tzinfo=UTC))
    undated = document(3, LETTER, "copy of copy")
    assert kept(old, new, undated) == {new.id}
    assert copies_of([old, new, undated]) == {old.id: new.id, undated.id: new.id}


def test_the_same_mail_in_two_mailboxes_is_one() -> None:
    first = mail(1, "Jonas <j@b.example>", OWNER, "The boat", LETTER)
    second = mail(2, "Jonas <j@b.example>", "Nora <n@d.example>", "Fwd: The boat", LETTER)
    assert len(kept(first, second)) == 1


def test_letters_of_one_template_with_other_numbers_are_different() -> None:
    changed = LETTER.replace("1,240", "1,360")
    assert len(kept(document(1, LETTER, "may"), document(2, changed, "june"))) == 2


def test_what_is_quoted_makes_no_copy() -> None:
    reply = document(2, f"No, sell it.\n{LETTER}", "Re: letter")
    quoted = (Span(13, len(reply.document.text), Role.QUOTED),)
    answer = replace(reply, document=replace(reply.document, spans=quoted))
    assert len(kept(document(1, LETTER, "letter"), answer)) == 2


def test_cards_and_short_notes_are_left_alone() -> None:
    cards = [contact(1, "Jonas Berg", Phone="311 207"), contact(2, "Jonas Berg", Phone="311 207")]
    notes = [document(3, "Buy milk.", "a"), document(4, "Buy milk.", "b")]
    assert len(kept(*cards, *notes)) == 4
