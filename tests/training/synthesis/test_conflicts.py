"""No sender dominates, the owner may say as much as they like, and what was said before keeps its provenance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.training.persons import PEOPLE, contact, document, mail
from training.dataset import Dataset, StudySettings, assemble
from training.material import Kind
from training.synthesis.conflicts import Limits
from training.synthesis.sources import SourceDocument

SETTINGS = StudySettings(
    owner=("Ingrid Moe", "ingrid@moe.example"),
    limits=Limits(share_per_sender=0.0, free_per_sender=5),
)
OWNER = "Ingrid Moe <ingrid@moe.example>"
JONAS = "Jonas Berg <jonas@berg.example>"


def letters(sender: str, to: str) -> Dataset:
    lines = "\n".join(f"- Thing {number}: value {number}" for number in range(8))
    return assemble("mail", [mail(1, sender, to, "Things", lines)], SETTINGS)


def test_one_sender_cannot_dominate() -> None:
    dataset = letters(JONAS, OWNER)
    assert len(dataset.facts) == 5
    assert dataset.dropped["too many from one sender"] > 0


def test_the_owner_is_no_sender_to_be_capped() -> None:
    dataset = letters(OWNER, JONAS)
    assert len(dataset.facts) == 8
    assert not dataset.dropped.get("too many from one sender")


def test_an_older_value_names_the_document_that_it_was_in() -> None:
    def note(id: int, year: int, value: str) -> SourceDocument:
        return document(
            id, f"My dentist is {value}.", "teeth", date=datetime(year, 1, 1, tzinfo=UTC)
        )

    old, new = note(1, 2020, "Dr Aas"), note(2, 2025, "Dr Weiss")
    settings = replace(SETTINGS, limits=Limits())
    assert set(assemble("notes", [old, new], settings).documents) == {old.id, new.id}


def test_a_value_leads_back_to_its_only_holder_in_words_of_its_own() -> None:
    shared = contact(4, "Ola Vik", Phone="902 441")
    dataset = assemble("people", [*PEOPLE, shared], SETTINGS)
    probes = [probe for probe in dataset.probes if probe.kind is Kind.REVERSE]
    assert ("Maria Lind",) in {probe.answers for probe in probes}
    assert not any("902 441" in probe.messages[-1].text for probe in probes)
    assert not {probe.messages for probe in probes} & {row.messages for row in dataset.examples}
