"""Every way of studying runs on the embedded base, and what it gives is grounded, cached and traceable."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from extractors.document import Domain, Turn
from personald.errors import UsageError
from tests.training.persons import contact, document
from training.base import Base, load_base
from training.cache import GenerationCache
from training.dataset import StudySettings, assemble
from training.matching import UNKNOWN, normalise
from training.material import Purpose
from training.selfstudy import STUDIES, Found, Way, study, ways_of
from training.selfstudy.reader import Reader
from training.selfstudy.stretches import LONGEST_TEXT, Nearness, entities, stretches
from training.selfstudy.ways import Work
from training.synthesis.sources import Owner

OWNER = Owner(frozenset({"ingrid moe"}))
DENTIST = document(
    1, "Our new dentist is Dr Anna Weiss. Jonas Berg knows her. The first visit costs 640 kroner.", "Dentist"
)  # fmt: skip
CHOIR = document(
    2, "Jonas Berg conducts the choir. The concert is on 12 December, and tickets cost 15 euros.", "Choir"
)  # fmt: skip
DOCUMENTS = [DENTIST, CHOIR]


@pytest.fixture(scope="module")
def pocket() -> Base:
    return load_base()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> GenerationCache:
    return GenerationCache(tmp_path_factory.mktemp("cache"), b"k" * 32)


@pytest.fixture(scope="module")
def found(pocket: Base, cache: GenerationCache) -> Found:
    return study(pocket, DOCUMENTS, OWNER, cache, lambda done, total: None)


@pytest.mark.long
def test_every_answer_and_every_support_stands_in_its_document(found: Found) -> None:
    texts = {source.id: source.document.text for source in DOCUMENTS}
    assert found.facts or found.rows
    for fact in found.facts:
        assert texts[fact.document][fact.start : fact.end] == fact.quote
        assert normalise(fact.value) in normalise(texts[fact.document])
    for row in found.rows:
        assert texts[row.document][row.start : row.end] == row.quote
    assert sum(found.dropped.values()) > 0


@pytest.mark.long
def test_an_unchanged_document_costs_nothing_and_a_forgotten_one_is_gone(
    pocket: Base, cache: GenerationCache, found: Found
) -> None:
    misses = cache.misses
    again = study(pocket, DOCUMENTS, OWNER, cache, lambda done, total: None)
    assert (again, cache.misses) == (found, misses)
    changed = document(2, CHOIR.document.text.replace("15", "18"), "Choir")
    study(pocket, [DENTIST, changed], OWNER, cache, lambda done, total: None, [Way.SUMMARY])
    assert cache.misses == misses + 1
    cache.forget(DENTIST.id)
    study(pocket, [DENTIST], OWNER, cache, lambda done, total: None, [Way.SUMMARY])
    assert cache.misses == misses + 2


@pytest.mark.long
def test_what_was_found_is_studied_with_its_provenance(found: Found) -> None:
    settings = StudySettings(owner=("Ingrid Moe",))
    dataset = assemble("notes", DOCUMENTS, settings, found.facts, OWNER, rows=found.rows)
    taught = {identity for row in dataset.examples for identity in row.facts}
    for row in found.rows:
        if row.purpose is Purpose.ABSTENTION:
            assert row.answer == UNKNOWN
        assert row.identity in taught or dataset.dropped["ambiguous question"]
    assert set(dataset.documents) <= {source.id for source in DOCUMENTS}


@pytest.mark.long
@pytest.mark.parametrize("way", list(Way))
def test_a_way_gives_only_what_it_may(pocket: Base, way: Way) -> None:
    (part,) = stretches(DENTIST, OWNER)
    (near,) = stretches(CHOIR, OWNER)
    given = STUDIES[way].make(Reader(pocket), Work(part, (near,)))
    assert isinstance(given.dropped, Counter)
    for item in given.made:
        assert item.fact is (way is Way.QUESTIONS)
        assert (item.purpose is Purpose.ABSTENTION) is (way is Way.CONTRAST)
        assert (item.with_near >= 0) is (way is Way.TWO_HOPS)


def test_only_the_authors_own_allowed_words_are_cut_into_stretches() -> None:
    text = "I keep the boat at the north pier all year.\n\nYour dentist is Dr Fox, I am quite sure."
    turns = (Turn("User", 0, 43), Turn("Assistant", 45, len(text)))
    chat = document(1, text, "chat", domain=Domain.CHATS, turns=turns)
    assert [part.text for part in stretches(chat, OWNER)] == [text[:43]]
    held = replace(DENTIST, held_back=((0, 33),))
    assert not any("Weiss" in part.text for part in stretches(held, OWNER))


def test_long_texts_are_cut_between_sentences_and_every_part_stands_where_it_says() -> None:
    source = document(1, "The herring came late that year. " * 80, "Herring")
    parts = stretches(source, OWNER)
    assert len(parts) > 2
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    for part in parts:
        assert len(part.text) <= LONGEST_TEXT
        assert source.document.text[part.start : part.start + len(part.text)] == part.text
        assert part.text.endswith(".")


def test_near_are_texts_of_other_documents_that_share_rare_words() -> None:
    other = document(3, "The engine oil of the boat was changed in March by somebody.", "Boat")
    parts = [part for source in (*DOCUMENTS, other) for part in stretches(source, OWNER)]
    (near,) = Nearness(parts).neighbours(0, 1)
    assert near.source is CHOIR


def test_names_are_told_from_the_first_words_of_sentences() -> None:
    assert entities(DENTIST.document.text) == ["Dr Anna Weiss", "Jonas Berg"]


def test_cards_are_left_to_the_rules(llama: Base, tmp_path: Path) -> None:
    card = contact(1, "Jonas Berg", Phone="311 207")
    cache = GenerationCache(tmp_path, b"k" * 32)
    assert study(llama, [card], OWNER, cache, lambda done, total: None) == Found()


def test_ways_are_chosen_by_name() -> None:
    assert ways_of(()) == tuple(Way)
    assert ways_of(["summary", "two hops"]) == (Way.SUMMARY, Way.TWO_HOPS)
    with pytest.raises(UsageError, match="poetry"):
        ways_of(["poetry"])
