"""Twelve notes, and a home that watches them."""

from __future__ import annotations

from pathlib import Path

import pytest

from personald.config import Home
from tests.personald.running import make_home


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(12):
        (folder / f"note{number}.md").write_text(
            f"# Note {number}\n\nHarriet keeps {number} bees.\n"
        )
    return folder


@pytest.fixture
def home(tmp_path: Path, notes: Path) -> Home:
    return make_home(tmp_path / "home", notes)
