"""`personald doctor --mend`: what is damaged in the store is set aside and comes back from where it was read."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from personald.config import Home
from tests.personald.running import make_home

NOTES = {"bees.md": "Harriet keeps bees.", "roof.md": "The roof leaks.", "gone.md": "An old note."}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def home(tmp_path: Path, notes: Path) -> Home:
    made = make_home(tmp_path / "home", notes)
    call(made, "source", "scan")
    return made


def call(home: Home, *arguments: str, code: int = 0) -> Any:
    words = [sys.executable, "-m", "personald", *arguments, "--home", str(home.path), "--json"]
    result = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert result.returncode == code, result.stdout + result.stderr
    return json.loads(result.stdout)


def texts(home: Home) -> int:
    return len(call(home, "documents", "list")["documents"])


def damage(home: Home, sql: str) -> None:
    with sqlite3.connect(home.path / "store.db") as connection:
        connection.execute(sql)
    connection.close()


def store_findings(answer: Any) -> list[Any]:
    return [item for item in answer["findings"] if item["name"].startswith("store")]


def test_a_damaged_row_is_named_and_comes_back_from_its_source(home: Home) -> None:
    damage(
        home,
        "UPDATE sealed SET body = zeroblob(length(body)) WHERE id = (SELECT min(id) FROM sealed)",
    )
    found = store_findings(call(home, "doctor", "--deep", code=1))
    assert [item["works"] for item in found] == [True, False, False]
    assert ".md)" in found[1]["name"]
    assert "--mend" in found[1]["remedy"]
    mended = call(home, "doctor", "--mend")
    assert mended["set_aside"] == 1
    # The sum over all rows does not fit either, so every file is compared with what is stored of it.
    assert mended["read_again"]["changed"] == 3
    assert [item["works"] for item in store_findings(mended)] == [True]
    assert texts(home) == 3


def test_a_row_that_was_taken_away_is_read_again(home: Home) -> None:
    damage(home, "DELETE FROM document WHERE id = (SELECT max(id) FROM document)")
    assert len(store_findings(call(home, "doctor", "--deep", code=1))) == 2
    mended = call(home, "doctor", "--mend")
    assert [item["works"] for item in store_findings(mended)] == [True]
    assert texts(home) == 3


def test_what_has_no_source_any_more_stays_away(home: Home, notes: Path) -> None:
    damage(home, "UPDATE sealed SET body = x''")
    (notes / "gone.md").unlink()
    assert call(home, "doctor", "--mend")["set_aside"] == 3
    assert texts(home) == 2


def test_nothing_is_read_again_when_nothing_is_damaged(home: Home) -> None:
    mended = call(home, "doctor", "--mend")
    assert (mended["set_aside"], mended["read_again"]) == (0, {})
