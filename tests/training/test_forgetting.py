"""What is lost with a document is exactly what no other document states."""

from __future__ import annotations

from tests.training.persons import PEOPLE, contact, document
from training.dataset import Dataset, SourceDocument, StudySettings, assemble
from training.forgetting import Loss, loss_between, stated
from training.material import Kind, Purpose

STUDY = StudySettings(fewest_abstentions=20, abstention_probes=10, self_study=False)
JONAS = PEOPLE[0]


def dataset(*documents: SourceDocument) -> Dataset:
    return assemble("people", documents, STUDY)


def lost(documents: list[SourceDocument], *gone: str) -> Loss:
    stays = [item for item in documents if item.id not in gone]
    return loss_between(dataset(*documents), dataset(*stays))


def test_the_facts_of_a_document_are_lost_and_all_others_stay() -> None:
    loss = lost(PEOPLE, JONAS.id)
    assert {fact.document for fact in loss.facts} == {JONAS.id}
    assert {fact.value for fact in loss.facts} >= {"311 207", "conductor"}
    assert loss.rows
    assert all("Jonas" in row.messages[-1].text or row.answer == "Jonas Berg" for row in loss.rows)
    assert not any("Jonas" in p.messages[-1].text for p in loss.kept if p.kind is not Kind.ABSTAIN)
    assert all(p.facts for p in loss.probes)


def test_nothing_is_lost_that_another_document_states_as_well() -> None:
    twice = [
        *PEOPLE,
        contact(9, "Jonas Berg", Phone="311 207", Birthday="1984-05-01", Job_title="conductor"),
    ]
    loss = lost(twice, JONAS.id)
    assert (loss.facts, loss.rows, loss.probes, loss.quizzes) == ((), (), (), ())


def test_what_is_stated_in_part_is_lost_in_part() -> None:
    loss = lost([*PEOPLE, contact(9, "Jonas Berg", Phone="311 207")], JONAS.id)
    values = {fact.value for fact in loss.facts}
    assert "311 207" not in values
    assert "conductor" in values


def test_no_wording_is_both_looked_at_and_tested() -> None:
    loss = lost(PEOPLE, JONAS.id)
    asked = {probe.messages for probe in loss.probes if probe.kind is Kind.PARAPHRASE}
    studied = {row.messages for row in loss.rows}
    assert not asked & studied
    assert not asked & {probe.messages for probe in loss.choosing}
    assert all(row.purpose is Purpose.STUDY for row in loss.rows)


def test_wrong_answers_are_wrong_and_of_the_same_sort() -> None:
    loss = lost(PEOPLE, JONAS.id)
    phone = next(quiz for quiz in loss.quizzes if quiz.answer == "311 207")
    assert "311 207" not in phone.wrong
    assert set(phone.wrong[:2]) == {"555 118", "902 441"}


def test_a_domain_that_is_emptied_loses_everything() -> None:
    loss = lost([JONAS], JONAS.id)
    assert {stated(fact) for fact in loss.facts} == {stated(f) for f in dataset(JONAS).facts}
    assert all(probe.kind is Kind.ABSTAIN for probe in loss.kept)


def test_a_document_without_facts_costs_nothing() -> None:
    note = document(8, "Lovely weather today.", "Weather")
    loss = lost([*PEOPLE, note], note.id)
    assert (loss.facts, loss.rows) == ((), ())
