"""What the store's tests share: keys in memory, a store in the test's folder, and documents to put into it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extractors.document import Document, Domain
from personald.keys import DeviceKeys, MemoryKeyStore
from personald.store import FileStat, Store

MakeDocument = Callable[..., Document]

STAT = FileStat(size=10, mtime_ns=1_700_000_000_000_000_000, inode=7)


@pytest.fixture
def keys() -> DeviceKeys:
    return DeviceKeys.create(MemoryKeyStore())


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "store.db"


@pytest.fixture
def store(store_path: Path, keys: DeviceKeys) -> Iterator[Store]:
    with Store.create(store_path, keys) as made:
        yield made


def note(path: str, text: str, **fields: object) -> Document:
    """A note whose whole file is one document."""
    values: dict[str, object] = {
        "origin": path,
        "domain": Domain.NOTES,
        "kind": "markdown",
        "title": Path(path.split("#")[0]).stem,
        "text": text,
    }
    return Document(**{**values, **fields})  # type: ignore[arg-type]


_stats = itertools.count(1)


def put(store: Store, source: int, path: str, *texts: str, **fields: object) -> None:
    """Store a file of one document, or of several told apart by #1, #2, …"""
    documents = [
        note(path if len(texts) == 1 else f"{path}#{number}", text, **fields)
        for number, text in enumerate(texts, start=1)
    ]
    stat = FileStat(size=sum(map(len, texts)), mtime_ns=next(_stats), inode=1)
    store.put_file(source, path, stat, b"", documents)
