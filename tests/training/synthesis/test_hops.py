"""Facts that lead on to one another are studied as pairs, also where the second stands on a contact card."""

from __future__ import annotations

from tests.training.persons import contact, document
from training.dataset import StudySettings, assemble
from training.material import Kind
from training.synthesis.sources import SourceDocument

SETTINGS = StudySettings(owner=("Ingrid Moe",))
NOTE = document(1, "My dentist is Dr Weiss.\nNora's landlord is Ola Vik.", "people")
WEISS = contact(2, "Anna Weiss", Phone="555 118")
VIK = contact(3, "Ola Vik", Phone="902 441")


def asked(*contacts: SourceDocument) -> dict[str, str]:
    dataset = assemble("notes", [NOTE], SETTINGS, contacts=contacts)
    return {row.messages[-1].text: row.answer for row in dataset.examples if "/hop/" in row.wording}


def test_a_value_leads_to_the_card_of_that_name() -> None:
    found = asked(WEISS, VIK)
    assert found["What is the phone number of my dentist?"] == "555 118"
    assert found["What is the phone number of Nora's landlord?"] == "902 441"


def test_a_surname_that_two_people_share_leads_nowhere() -> None:
    found = asked(WEISS, contact(4, "Paul Weiss", Phone="555 119"))
    assert not any("dentist" in text for text in found)


def test_probes_of_two_hops_are_worded_unlike_any_row() -> None:
    dataset = assemble("notes", [NOTE], SETTINGS, contacts=[WEISS, VIK])
    probes = [probe for probe in dataset.probes if probe.kind is Kind.MULTI_HOP]
    assert {probe.answers[0] for probe in probes} == {"555 118", "902 441"}
    assert not {probe.messages for probe in probes} & {row.messages for row in dataset.examples}


def test_both_documents_stand_behind_the_answer() -> None:
    dataset = assemble("notes", [NOTE], SETTINGS, contacts=[WEISS])
    assert dataset.documents == {NOTE.id: 1, WEISS.id: 1}
    assert {fact.document for fact in dataset.facts} == {NOTE.id}
