"""The made-up persons whose files the benchmarks read."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extractors.folders import Entry, walk
from extractors.sandbox import Limits, Pool
from personald.keys import DeviceKeys, MemoryKeyStore
from personald.store import FileStat, Store, Vault

if TYPE_CHECKING:
    from training.synthesis.sources import SourceDocument

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "demo": ROOT / "personald" / "demo" / "person",
    **{
        name: ROOT / "tests" / "end_to_end" / "persons" / name
        for name in ("ingrid", "tomasz", "amara", "minh", "winsome")
    },
}


@contextmanager
def vault_of(folder: Path) -> Iterator[Vault]:
    """The folder's documents in a throw-away store, read as `personald source add` reads them."""
    with tempfile.TemporaryDirectory() as home, Pool(Limits()) as pool:
        keys = DeviceKeys.create(MemoryKeyStore())
        with Store.create(Path(home) / "store.db", keys) as store:
            source = store.add_source(str(folder))
            for entry in walk(folder):
                if not isinstance(entry, Entry):
                    continue
                stat = entry.path.stat()
                store.put_file(
                    source.id,
                    str(entry.path),
                    FileStat(stat.st_size, stat.st_mtime_ns, stat.st_ino),
                    hashlib.sha256(entry.path.read_bytes()).digest(),
                    pool.extract(entry.path, None).documents,
                )
            with store.unlock(keys) as vault:
                yield vault


def documents_of(name: str) -> list[SourceDocument]:
    """A person's documents as they are studied before the person has decided anything (`personald.reviewing`)."""
    from personald.reviewing import Review

    review = Review(Path(), bytes(32))
    with vault_of(FOLDERS[name]) as vault:
        return [review.source_document(stored) for stored in vault.documents()]
