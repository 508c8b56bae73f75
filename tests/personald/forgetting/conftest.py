"""A home with two stored notes, and a memory that learnt from the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.document import Document, Domain
from personald.assembly import Owner
from personald.config import Home, load_settings
from personald.store.records import FileStat
from tests.personald.running import make_home, open_store
from training.adapter import Shape
from training.card import Card
from training.registry import Registry

SECRET = "quokkaberry"
KEPT = "the garden gate is green"


@dataclass(frozen=True)
class Forgetful:
    """The home, and the ids in it."""

    home: Home
    secret: str
    kept: str
    adapter: str

    def owner(self) -> Owner:
        return Owner(self.home, load_settings(self.home))

    def texts(self) -> list[str]:
        with self.owner() as owner:
            return [text for _, _, text in owner.vault().texts()]

    def files_with(self, word: bytes) -> list[Path]:
        """Files under the home that hold some bytes in the clear."""
        files = [path for path in self.home.path.rglob("*") if path.is_file()]
        return [path for path in files if word in path.read_bytes()]


@pytest.fixture
def forgetful(tmp_path: Path) -> Forgetful:
    home = make_home(tmp_path / "home", tmp_path)
    with open_store(home) as store:
        for name, text in (("a", f"about the {SECRET}"), ("b", KEPT)):
            path = tmp_path / f"{name}.txt"
            note = Document(str(path), Domain.NOTES, "text", name, text)
            store.put_file(1, path, FileStat(len(text), 1), b"", [note])
    with Owner(home, load_settings(home)) as owner:
        ids = {item.document.title: item.id for item in owner.vault().documents()}
        adapter = learn(owner.registry(), ids["a"], ids["b"])
    return Forgetful(home, ids["a"], ids["b"], adapter)


def learn(registry: Registry, *documents: str) -> str:
    """Let a memory serve that learnt from these documents."""
    card = Card(
        "notes",
        "f" * 64,
        Shape(4, 2.0),
        "root",
        datetime(2026, 5, 1, tzinfo=UTC),
        documents=tuple((document, 1) for document in documents),
    )
    version = registry.add_candidate(card, b"the weights" * 50)
    registry.promote(version.id, "passed the gates")
    return version.id
