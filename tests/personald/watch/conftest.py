"""A real folder and a real store, and a way to say what was seen of the one and is known in the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from extractors import registry
from extractors.document import Document, Domain
from personald.keys import DeviceKeys, MemoryKeyStore
from personald.store import Source, Store
from personald.watch.survey import Finding, Kind, Survey, content_hash


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "home" / "store.db", DeviceKeys.create(MemoryKeyStore())) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.fixture
def source(store: Store, folder: Path) -> Source:
    return store.add_source(folder)


class Desk:
    """Looks through a source and does with its findings what the ingester would, without extracting."""

    def __init__(self, store: Store, source: Source) -> None:
        self.store, self.source = store, source

    def look(self) -> dict[str, Kind]:
        """Kinds of the findings by name, all of them carried out."""
        survey = Survey(self.store, self.source)
        findings = list(survey.look_through())
        for finding in findings:
            self.carry_out(finding)
        return {finding.path.name: finding.kind for finding in findings}

    def carry_out(self, finding: Finding) -> None:
        path = str(finding.path)
        if finding.kind is Kind.GONE:
            self.store.forget_file(self.source.id, path)
        elif finding.kind is Kind.TOUCHED:
            self.store.restat_file(self.source.id, path, finding.stat)
        elif finding.kind is Kind.RENAMED:
            assert finding.before is not None
            self.store.rename_file(self.source.id, str(finding.before), path)
            self.store.restat_file(self.source.id, path, finding.stat)
        elif finding.kind in (Kind.NEW, Kind.CHANGED):
            document = Document(path, Domain.NOTES, "markdown", "t", finding.path.read_text())
            self.store.put_file(
                self.source.id,
                path,
                finding.stat,
                finding.content_hash or content_hash(finding.path, finding.stat.size),
                [document],
                registry.named("markdown").stamp,
            )


@pytest.fixture
def desk(store: Store, source: Source) -> Desk:
    return Desk(store, source)
