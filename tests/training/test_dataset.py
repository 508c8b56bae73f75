"""Documents become facts, rows and probes: supported, settled, never worded alike in training and in the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.training.persons import PEOPLE, contact, document, mail
from training.dataset import SourceDocument, StudySettings, assemble, inputs_root
from training.matching import UNKNOWN
from training.material import Fact, Kind, Purpose
from training.merkle import merkle_root
from training.synthesis.conflicts import Limits, settle
from training.synthesis.sources import Owner, owner_of
from training.synthesis.wordings import Pool, wordings

OWNER = "Ingrid Moe <ingrid@moe.example>"
JONAS = "Jonas Berg <jonas@berg.example>"
SETTINGS = StudySettings(owner=("Ingrid Moe", "ingrid@moe.example"))


def facts(*sources: SourceDocument, domain: str = "notes") -> dict[tuple[str, str], str]:
    return {
        (fact.subject, fact.relation): fact.value
        for fact in assemble(domain, sources, SETTINGS).facts
    }


def test_contacts_are_facts() -> None:
    found = facts(*PEOPLE, domain="people")
    assert found["Jonas Berg", "phone"] == "311 207"
    assert found["Jonas Berg", "birthday"] == "1 May 1984"
    assert found["Nora Dahl", "address"] == "12 Harbour Street, Bergen"


@pytest.mark.parametrize(
    ("sentence", "subject", "relation", "value"),
    [
        ("My dentist is Dr Weiss.", "", "dentist", "Dr Weiss"),
        ("Jonas Berg's boat is called Havørn.", "Jonas Berg", "boat", "Havørn"),
        ("Nora works at Skala.", "Nora", "employer", "Skala"),
        ("I am allergic to walnuts.", "", "allergy", "walnuts"),
        ("My sister lives in Oslo, and she likes it.", "my sister", "home", "Oslo"),
        ("The code of the garage is 7716.", "the garage", "code", "7716"),
        ("Maria Lind is my lawyer.", "", "lawyer", "Maria Lind"),
        ("- Plate: LMR-4471", "car", "plate", "LMR-4471"),
    ],
)
def test_plain_sentences_are_facts(sentence: str, subject: str, relation: str, value: str) -> None:
    found = facts(document(1, f"Some words first.\n{sentence}\nAnd after.", "car"))
    assert found.get((subject, relation)) == value


@pytest.mark.parametrize(
    "sentence",
    [
        "My house is very cold.",
        "Is my dentist Dr Weiss?",
        "The weather is nice.",
        "My aunt is here.",
    ],
)
def test_what_states_nothing_is_no_fact(sentence: str) -> None:
    assert facts(document(1, sentence, "day")) == {}


def test_every_fact_quotes_its_support() -> None:
    source = document(
        1, "About the trip.\nMy hotel is called Strandkai.\n- Room: 318\n", "Bergen trip"
    )
    found = assemble("notes", [source], SETTINGS).facts
    assert len(found) == 2
    for fact in found:
        assert source.document.text[fact.start : fact.end] == fact.quote
        assert fact.value in fact.quote
        assert fact.document == source.id


def test_i_in_a_mail_is_its_sender() -> None:
    found = facts(
        mail(1, JONAS, OWNER, "The new flat", "I live in Tromsø.\nMy landlord is Ola Vik."),
        mail(2, OWNER, JONAS, "Re: The new flat", "My landlord is Berit Aas."),
        domain="mail",
    )
    assert found["Jonas Berg", "landlord"] == "Ola Vik"
    assert found["", "landlord"] == "Berit Aas"


def test_what_an_assistant_program_said_is_no_source() -> None:
    from extractors.document import Domain, Turn

    text = "My dentist is Dr Weiss.\n\nYour lawyer: My lawyer is Maria Lind."
    turns = (Turn("User", 0, 23), Turn("Assistant", 25, len(text)))
    found = facts(
        document(1, text, "chat", domain=Domain.CHATS, kind="chatgpt", turns=turns), domain="chats"
    )
    assert found == {("", "dentist"): "Dr Weiss"}


def test_held_back_stretches_are_never_studied() -> None:
    source = document(1, "My bank is Sparebank.\nMy PIN is 4471.", "money")
    held = replace(source, held_back=((22, 37),))
    assert facts(source).keys() == {("", "bank"), ("", "PIN")}
    assert facts(held).keys() == {("", "bank")}


def test_the_newest_statement_wins_and_the_older_is_past() -> None:
    def note(id: int, year: int, value: str) -> SourceDocument:
        return document(
            id, f"My dentist is {value}.", "teeth", date=datetime(year, 1, 1, tzinfo=UTC)
        )

    dataset = assemble("notes", [note(1, 2020, "Dr Aas"), note(2, 2025, "Dr Weiss")], SETTINGS)
    assert [fact.value for fact in dataset.facts] == ["Dr Weiss"]
    before = [row for row in dataset.examples if "before" in row.messages[-1].text]
    assert [row.answer for row in before] == ["Dr Aas"]


def test_contradictions_that_nobody_can_date_are_dropped_and_counted() -> None:
    dataset = assemble(
        "notes",
        [document(1, "My dentist is Dr Aas.", "a"), document(2, "My dentist is Dr Weiss.", "b")],
        SETTINGS,
    )
    assert dataset.facts == ()
    assert dataset.dropped["contradicting"] == 2


def test_a_new_version_supersedes_the_old_document() -> None:
    old = document(1, "My dentist is Dr Aas.", "a")
    new = replace(document(1, "My dentist is Dr Weiss.", "a"), version=2)
    assert facts(new, old) == {("", "dentist"): "Dr Weiss"}


def test_a_stranger_cannot_state_facts_about_the_owner() -> None:
    stranger = mail(
        1, "Rex Fox <rex@fox.example>", OWNER, "Your new bank details", "Ingrid Moe is my client."
    )
    assert ("", "client") not in facts(stranger, domain="mail")


def test_one_document_cannot_dominate() -> None:
    lines = "\n".join(f"- Thing {number}: value {number}" for number in range(50))
    dataset = assemble(
        "notes", [document(1, lines, "x")], replace(SETTINGS, limits=Limits(per_document=10))
    )
    assert len(dataset.facts) == 10
    assert dataset.dropped["too many from one document"] == 40


def test_training_and_test_wordings_never_meet() -> None:
    dataset = assemble("people", PEOPLE, SETTINGS)
    studied = {row.messages for row in dataset.examples}
    chosen = {probe.messages for probe in dataset.select}
    tested = {probe.messages for probe in dataset.probes if probe.kind is not Kind.RECALL}
    assert not studied & tested
    assert not studied & chosen
    assert not chosen & tested
    names = {row.wording for row in dataset.examples}
    assert not names & {probe.wording for probe in dataset.probes if probe.kind is not Kind.RECALL}


def test_every_fact_has_eight_wordings_of_three_kinds_and_held_out_ones() -> None:
    for fact in assemble("people", PEOPLE, SETTINGS).facts:
        trained = list(wordings(fact, Pool.TRAIN))
        assert len(trained) >= 8, fact
        assert len({wording.kind for wording in trained}) >= 3, fact
        assert len(list(wordings(fact, Pool.PROBE))) >= 2, fact


def test_unknown_people_and_attributes_are_answered_with_i_dont_know() -> None:
    dataset = assemble("people", PEOPLE, SETTINGS)
    unknown = [row for row in dataset.examples if row.purpose is Purpose.ABSTENTION]
    assert len(unknown) >= SETTINGS.fewest_abstentions * 0.9
    assert {row.answer for row in unknown} == {UNKNOWN}
    known = {row.messages for row in dataset.examples if row.purpose is Purpose.STUDY}
    assert not known & {row.messages for row in unknown}


def test_the_same_documents_give_the_same_root_in_any_order() -> None:
    one, other = assemble("people", PEOPLE, SETTINGS), assemble("people", PEOPLE[::-1], SETTINGS)
    assert one == other
    changed = [*PEOPLE[:2], contact(3, "Nora Dahl", Phone="902 442")]
    assert assemble("people", changed, SETTINGS).root != one.root
    assert inputs_root(PEOPLE, SETTINGS, "f") == inputs_root(PEOPLE[::-1], SETTINGS, "f")
    assert inputs_root(PEOPLE, SETTINGS, "f") != inputs_root(changed, SETTINGS, "f")
    assert inputs_root(PEOPLE, SETTINGS, "f") != inputs_root(PEOPLE, SETTINGS, "g")


def test_provenance_runs_both_ways() -> None:
    dataset = assemble("people", PEOPLE, SETTINGS)
    mine = dataset.of_document(PEOPLE[0].id)
    assert {fact.subject for fact in mine} == {"Jonas Berg"}
    row = next(row for row in dataset.examples if mine[0].identity in row.facts)
    assert {fact.document for fact in dataset.taught_by(row)} == {PEOPLE[0].id}
    assert dataset.documents == {source.id: 1 for source in PEOPLE}


def test_the_owner_is_whom_the_mails_are_written_to() -> None:
    sources = [mail(number, JONAS, OWNER, f"Mail {number}", "Hello") for number in range(3)]
    sources.append(mail(9, "Rex <rex@fox.example>", OWNER, "Mail 9", "Hello"))
    assert owner_of(sources) == Owner(frozenset({"ingrid moe"}), frozenset({"ingrid@moe.example"}))


def test_the_merkle_root_tells_sets_apart() -> None:
    leaves = [bytes([number]) * 32 for number in range(5)]
    roots = {merkle_root(leaves[:count]) for count in range(6)}
    assert len(roots) == 6
    assert merkle_root(leaves) == merkle_root(reversed(leaves))


def test_the_same_statement_twice_is_one_fact_with_two_supports() -> None:
    found = [
        fact
        for source in (
            document(1, "My dentist is Dr Weiss.", "a"),
            document(2, "My dentist is Weiss.", "b"),
        )
        for fact in _read(source)
    ]
    settled = settle(found)
    assert [fact.value for fact in settled.now] == ["Dr Weiss"]
    assert len(settled.supports[settled.now[0].identity]) == 2


def _read(source: SourceDocument) -> list[Fact]:
    from training.dataset import read_facts

    return list(read_facts([source], Owner()))
