"""The unpacked model says what the library says, and damage to it is noticed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from extractors import language_model

TEXTS = (
    "The ferry leaves at nine from the northern quay",
    "Die Fähre legt um neun vom nördlichen Kai ab",
    "Fergen går klokka ni fra den nordre kaia",
    "Le bac part à neuf heures du quai nord",
    "Паром отходит в девять от северного причала",
    "El transbordador sale a las nueve del muelle norte",
    "x",
    "",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    assert language_model.prepare(folder)
    return folder


def test_it_says_what_the_library_says(cache: Path) -> None:
    library = LanguageIdentifier.from_model_file(MODEL_FILE)
    ours = language_model.load(cache)
    for text in TEXTS:
        mine, theirs = ours.classify(text), library.classify(text)
        assert mine[0] == theirs[0]
        assert mine[1] == pytest.approx(theirs[1], rel=1e-5)


def test_it_is_unpacked_once(cache: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in cache.rglob("*")}
    began = time.process_time()
    assert language_model.prepare(cache)
    assert time.process_time() - began < 0.2
    assert {file: file.stat().st_mtime_ns for file in cache.rglob("*")} == before


def test_a_file_that_lost_its_end_is_made_anew(cache: Path) -> None:
    (place,) = cache.glob("languages-*")
    os.truncate(place / "moves.npy", 1000)
    assert language_model.prepare(cache)
    assert language_model.load(cache).classify(TEXTS[1])[0] == "de"
    assert list(cache.glob("languages-*")) == [place]


def test_what_a_killed_writer_or_another_version_left_is_cleared_away(cache: Path) -> None:
    (place,) = cache.glob("languages-*")
    (place / "sizes.json").unlink()
    (cache / "languages-0.0.1").mkdir()
    assert language_model.prepare(cache)
    assert list(cache.glob("languages-*")) == [place]


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert not language_model.prepare(tmp_path / "file" / "cache")
