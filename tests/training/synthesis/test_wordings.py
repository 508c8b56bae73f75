"""A fact is studied in words as different as can be, and tested in words that nothing was ever studied in."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from training.material import Fact
from training.synthesis.relations import table
from training.synthesis.wordings import Pool, reverse, spelled_out, studied, wordings

FACT = Fact("f", "Jonas Berg", "phone", "311 207", (), "d", 1, 0, 7, "311 207")
RELATIONS = sorted(table()[0])


@pytest.mark.parametrize(
    ("template", "forms"),
    [
        ("Where?", ["Where?"]),
        ("[Can|Will] you?", ["Can you?", "Will you?"]),
        ("Find it[| now].", ["Find it.", "Find it now."]),
        ("[a|b] [c|d]", ["a c", "a d", "b c", "b d"]),
    ],
)
def test_a_template_stands_for_all_its_forms(template: str, forms: list[str]) -> None:
    assert spelled_out(template) == forms


@pytest.mark.parametrize("relation", [*RELATIONS, "serial number"])
@pytest.mark.parametrize("subject", ["Jonas Berg", "", "Boat in Ghent"])
def test_no_question_is_both_studied_and_asked_in_a_test(relation: str, subject: str) -> None:
    fact = replace(FACT, relation=relation, subject=subject)
    pools = [{w.text for w in [*wordings(fact, p), *reverse(fact, p)]} for p in Pool]
    for one in range(3):
        for other in range(one):
            assert not pools[one] & pools[other]


def test_every_other_wording_that_is_studied_is_the_relations_own() -> None:
    kinds = [wording.kind for wording in studied(FACT, 12, random.Random(1))]
    assert kinds[::2] == ["own"] * 6
    assert set(kinds[1::2]) == {"question", "request", "indirect", "keyword", "completion"}


def test_facts_are_studied_in_different_words() -> None:
    first, second = ({w.name for w in studied(FACT, 12, random.Random(n))} for n in (1, 2))
    assert len(first) == len(second) == 12
    assert len(first & second) < 9


def test_a_plain_noun_is_asked_for_in_the_frames_alone() -> None:
    found = studied(replace(FACT, relation="serial number"), 12, random.Random(1))
    assert len(found) == 12
    assert "own" not in {wording.kind for wording in found}
