"""The demo's person: enough real files, enough facts by rule, and probes that are true to the files and new in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractors.sandbox import Limits, Pool
from personald.demo.story import CANARIES, PERSON, PROBES
from training.dataset import Dataset, StudySettings, assemble
from training.matching import UNKNOWN, normalise
from training.synthesis.sources import SourceDocument, owner_of

DOMAINS = ("chats", "mail", "notes", "people")


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return sorted(path for path in PERSON.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def documents(files: list[Path]) -> list[SourceDocument]:
    with Pool(Limits(), workers=1) as pool:
        found = [document for path in files for document in pool.extract(path, None).documents]
    return [
        SourceDocument(f"{number:032x}", 1, document) for number, document in enumerate(found, 1)
    ]


@pytest.fixture(scope="module")
def datasets(documents: list[SourceDocument]) -> dict[str, Dataset]:
    owner = owner_of(documents, ())
    return {
        domain: assemble(
            domain,
            [source for source in documents if source.document.domain == domain],
            StudySettings(),
            owner=owner,
        )
        for domain in DOMAINS
    }


def probes() -> Iterator[dict[str, Any]]:
    for line in PROBES.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def test_there_are_sixty_files_of_seven_kinds(files: list[Path]) -> None:
    kinds = Counter(path.suffix for path in files)
    assert len(files) >= 60
    assert set(kinds) == {".md", ".txt", ".eml", ".mbox", ".ics", ".vcf", ".json"}


def test_every_domain_has_facts_to_be_judged_by(datasets: dict[str, Dataset]) -> None:
    facts = {domain: len(dataset.facts) for domain, dataset in datasets.items()}
    assert sum(facts.values()) >= 150, facts
    assert min(facts.values()) >= 10, facts


def test_every_probe_that_has_an_answer_has_it_from_the_files(
    documents: list[SourceDocument],
) -> None:
    text = " ".join(f" {normalise(source.document.text)} " for source in documents)
    missing = [
        probe["question"]
        for probe in probes()
        if probe["answers"] != [UNKNOWN]
        and not any(f" {normalise(answer)} " in text for answer in probe["answers"])
    ]
    assert missing == []


def test_every_planted_word_stands_in_one_file(files: list[Path]) -> None:
    for word in CANARIES:
        holders = [path.name for path in files if word in path.read_text(encoding="utf-8")]
        assert len(holders) == 1, (word, holders)


def test_held_out_wordings_are_never_studied(datasets: dict[str, Dataset]) -> None:
    for dataset in datasets.values():
        studied = {example.messages[-1].text for example in dataset.examples}
        held_out = {
            probe.messages[-1].text
            for probe in (*dataset.probes, *dataset.select)
            if probe.kind != "recall"
        }
        assert not studied & held_out
