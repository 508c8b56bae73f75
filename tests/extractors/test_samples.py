"""Real files of other projects' test suites: every phrase that must come out does, and none that must not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from extractors.formats import pictures
from extractors.results import Extraction
from extractors.sandbox import Pool
from tests.extractors.conftest import SAMPLES, told

Extract = Callable[[str], Extraction]


@pytest.fixture(scope="module")
def extract(pool: Pool) -> Extract:
    """Read a sample once, however many tests look at it."""
    read: dict[str, Extraction] = {}

    def once(name: str) -> Extraction:
        if name not in read:
            read[name] = pool.extract(SAMPLES / name)
        return read[name]

    return once


def _bare(text: str) -> str:
    """Phrases may run across line ends."""
    return " ".join(text.split())


INDEX: list[dict[str, Any]] = json.loads((SAMPLES / "index.json").read_text())


@pytest.mark.parametrize("sample", INDEX, ids=lambda sample: str(sample["file"]))
def test_sample_gives_its_phrases(sample: dict[str, Any], extract: Extract) -> None:
    extraction = extract(sample["file"])
    text = told(extraction)
    if sample["expect"] == "ocr" and not pictures.can_recognise():
        pytest.skip("no engine for character recognition is installed")
    assert [phrase for phrase in sample["must_contain"] if _bare(phrase) not in _bare(text)] == []
    assert [phrase for phrase in sample["must_not_contain"] if phrase in text] == []
    if sample["expect"] == "ok":
        assert extraction.failure is None
        assert extraction.part_failures == ()


@pytest.mark.parametrize("sample", INDEX, ids=lambda sample: str(sample["file"]))
def test_documents_of_samples_keep_their_promises(sample: dict[str, Any], extract: Extract) -> None:
    for document in extract(sample["file"]).documents:
        assert document.title.strip()
        assert "\r" not in document.text
        assert "\0" not in document.text
        ends = [0, *(span.end for span in document.spans)]
        starts = [*(span.start for span in document.spans), len(document.text)]
        assert all(end <= start for end, start in zip(ends, starts, strict=True))
        for turn in document.turns:
            assert document.text[turn.start : turn.end].strip()
