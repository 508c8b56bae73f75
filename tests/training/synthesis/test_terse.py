"""Notes without verbs state facts too, as long as nothing has to be guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractors.document import Role, Span
from tests.training.persons import document, mail
from training.synthesis import lines, terse
from training.synthesis.sources import Owner, SourceDocument

OWNER = Owner(frozenset({"ingrid moe"}), frozenset({"ingrid@moe.example"}))


def facts(source: SourceDocument) -> dict[tuple[str, str], str]:
    return {(fact.subject, fact.relation): fact.value for fact in terse.read(source, OWNER)}


@pytest.mark.parametrize(
    ("line", "title", "subject", "relation", "value"),
    [
        ("Volvo 2014, blue, plate LMR-4471. 78,200 miles.", "car", "car", "plate", "LMR-4471"),
        ("Rent 1,240 a month, goes out on the 1st.", "Leven Terrace, useful stuff", "Leven Terrace", "rent", "1,240 a month"),
        ("car insurance 118", "money", "money", "car insurance", "118"),
        ("fare 1,386.40  not refundable", "flight", "flight", "fare", "1,386.40"),
        ("engineer came, fault ref NH4471", "wifi", "wifi", "fault reference", "NH4471"),
        ("- weighs 27 lb, keep her there", "Okra", "Okra", "weight", "27 lb"),
        ("**Nora** – allergic to kiwi (lips swell up)", "health", "Nora", "allergy", "kiwi"),
        ("**Me** – blood group O negative. Last jab in 2021.", "health", "", "blood group", "O negative"),
        ("ask Jonas Berg, 07700 900231, he is tidy", "bath", "Jonas Berg", "phone", "07700 900231"),
    ],
)  # fmt: skip
def test_terse_lines_are_facts(
    line: str, title: str, subject: str, relation: str, value: str
) -> None:
    found = facts(document(1, f"Some words first.\n{line}\nAnd after.", title))
    assert found.get((subject, relation)) == value


@pytest.mark.parametrize(
    "line",
    [
        "We met at the gate 5 minutes late",
        "cabin is red, number 11",
        "Bus number is fine",
        "see room service",
        "Jonas Berg, 12 Harbour Street",
        "allergic to kiwi",
    ],
)
def test_what_could_mean_anything_is_no_fact(line: str) -> None:
    assert facts(document(1, line, "day out")) == {}


def test_columns_are_read_from_three_lines_on() -> None:
    rows = "Nora    22 January (will be 9)\nLeif    17 November\nMum     6 October – 70 this year!"
    found = facts(document(1, rows, "birthday list"))
    assert found == {
        ("Nora", "birthday"): "22 January",
        ("Leif", "birthday"): "17 November",
        ("Mum", "birthday"): "6 October",
    }
    assert facts(document(1, "\n".join(rows.split("\n")[:2]), "birthday list")) == {}


def test_the_number_under_a_mail_is_its_senders() -> None:
    source = mail(1, "Maya Dahl <m@d.example>", "Ingrid Moe <ingrid@moe.example>", "Shifts", "Hi")
    text = source.document.text + "\n\n-- \nMaya Dahl, DVM\ndesk (215) 555-0142"
    span = Span(text.index("-- "), len(text), Role.SIGNATURE)
    signed = replace(source, document=replace(source.document, text=text, spans=(span,)))
    assert facts(signed) == {("Maya Dahl", "work phone number"): "(215) 555-0142"}


def test_a_first_name_before_a_dash_is_a_person_and_not_an_attribute() -> None:
    source = document(1, "Jonas – hay fever from birch", "Health")
    (fact,) = [fact for fact in lines.read(source) if fact.value.startswith("hay")]
    assert fact.subject == "Jonas"
    assert 'What does "Health" say about Jonas?' in fact.questions


@pytest.mark.parametrize(
    "line", ["She doesn't eat: coriander", "One favour: could you train her?", "Aug: new tyres"]
)
def test_a_key_that_names_nothing_states_nothing(line: str) -> None:
    assert [fact.quote for fact in lines.read(document(1, line, "Notes"))] == []
