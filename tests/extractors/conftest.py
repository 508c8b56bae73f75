"""What tests of extractors share: one pool of workers, and helpers that read bytes as if they were a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.document import Document
from extractors.results import Extraction
from extractors.sandbox import Limits, Pool

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

Read = Callable[[str, bytes | str], Extraction]


@pytest.fixture(scope="session")
def pool(cache: Path) -> Iterator[Pool]:
    limits = Limits(seconds=150, cpu_seconds=150)
    with Pool(limits, workers=1, clock=lambda: NOW, cache=cache) as shared:
        yield shared


@pytest.fixture
def read(pool: Pool, tmp_path: Path) -> Read:
    """Read bytes as a file of that name, in a worker."""

    def reader(name: str, content: bytes | str) -> Extraction:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return pool.extract(path)

    return reader


def only(extraction: Extraction) -> Document:
    """The one document of an extraction that went well."""
    assert extraction.failure is None, extraction.failure
    assert extraction.part_failures == ()
    (document,) = extraction.documents
    return document


def told(extraction: Extraction) -> str:
    """Everything readable that an extraction gave."""
    return "\n".join("\n".join((d.title, d.author, d.text)) for d in extraction.documents)
