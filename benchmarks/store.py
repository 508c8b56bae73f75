"""The store beside plain SQLite and SQLCipher, on the same documents, in one run: `python -m benchmarks.store`.

Plain SQLite does the same work without secrecy: the same rows, the same JSON, a SHA-256 to know what changed, the same
pragmas and the same 500 files a transaction. SQLCipher is plain SQLite's code over another library (`pip install
sqlcipher3`, needed for nothing else). Rounds alternate between the engines and the best of each counts, for a machine
is never quiet; processor time stands beside wall time for the same reason.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import platform
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from extractors.document import Document, Domain
from personald.keys import DeviceKeys, MemoryKeyStore
from personald.store import FileStat, State, Store, StoredDocument, Vault
from personald.store.records import FILE_PATH, decode_head, encode_head

BATCH = 500
VOCABULARY = 60_000
MEAN_LOG_WORDS, SPREAD = 6.45, 0.6

Best = dict[str, float]
Pairs = dict[str, tuple[float, float]]
"""Wall and processor time."""


def words(generator: random.Random) -> list[str]:
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = [1 / (rank + 2) for rank in range(len(letters))]
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        made["".join(generator.choices(letters, weights, k=generator.randint(2, 10)))] = None
    return list(made)


def make_documents(number: int, mean_log_words: float, seed: int) -> list[Document]:
    """Notes of log-normal length in words that follow Zipf's and Mandelbrot's law (exponent 1.07, offset 2.7)."""
    generator = random.Random(seed)
    vocabulary = words(generator)
    weights = [1 / (rank + 2.7) ** 1.07 for rank in range(VOCABULARY)]
    pool = generator.choices(vocabulary, weights, k=1_000_000)
    documents = []
    for index in range(number):
        length = max(5, int(generator.lognormvariate(mean_log_words, SPREAD)))
        start = generator.randrange(len(pool) - length)
        path = f"/home/ada/notes/{index % 97}/note {index}.md"
        text = " ".join(pool[start : start + length])
        documents.append(Document(path, Domain.NOTES, "markdown", f"note {index}", text))
    return documents


@dataclass
class Clock:
    """Wall and processor time of the best round for each measurement."""

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    def time(self, name: str, action: Callable[[], Any]) -> Any:
        """Run an action and keep its time if it is the best so far."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = action()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.wall[name] = min(wall, self.wall.get(name, wall))
        self.cpu[name] = min(cpu, self.cpu.get(name, cpu))
        return result

    def both(self, name: str) -> tuple[float, float]:
        """Return wall and processor time."""
        return self.wall[name], self.cpu[name]


class Plain:
    """The same work in plain tables."""

    def __init__(self, library: ModuleType, path: Path, key: str = "") -> None:
        self.path = path
        self.connection = library.connect(str(path), isolation_level=None)
        if key:
            self.connection.execute(f"PRAGMA key = \"x'{key}'\"")
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON"):
            self.connection.execute(f"PRAGMA {pragma}")
        for statement in (
            "CREATE TABLE file (id INTEGER PRIMARY KEY, source INTEGER, path TEXT, size INTEGER,"
            " mtime INTEGER, inode INTEGER, hash BLOB, UNIQUE (source, path))",
            "CREATE TABLE document (id INTEGER PRIMARY KEY, uid BLOB, version INTEGER, file INTEGER,"
            " domain TEXT, origin TEXT, hash BLOB, head TEXT, body TEXT)",
            "CREATE UNIQUE INDEX by_uid ON document (uid, version)",
            "CREATE INDEX by_file ON document (file)",
        ):
            self.connection.execute(statement)

    def insert(self, documents: Sequence[Document]) -> None:
        """Store all documents."""
        number = 0
        for start in range(0, len(documents), BATCH):
            self.connection.execute("BEGIN IMMEDIATE")
            files, rows = [], []
            for document in documents[start : start + BATCH]:
                self.connection.execute(
                    "SELECT id FROM file WHERE source = 1 AND path = ?", (document.origin,)
                ).fetchone()
                number += 1
                text = document.text.encode()
                digest = hashlib.sha256(text).digest()
                files.append((number, 1, document.origin, len(text), number, 7, digest))
                head = encode_head(document, FILE_PATH, document.origin, ()).decode()
                uid = os.urandom(16)
                rows.append(
                    (number, uid, 1, number, "notes", document.origin, digest, head, document.text)
                )
            self.connection.executemany("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", files)
            self.connection.executemany(
                "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
            self.connection.execute("COMMIT")
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def texts(self) -> Iterator[Any]:
        """Go through all texts."""
        return iter(self.connection.execute("SELECT uid, version, body FROM document ORDER BY id"))

    def ids(self) -> list[bytes]:
        """Return all ids."""
        return [row[0] for row in self.connection.execute("SELECT uid FROM document")]

    def text(self, uid: bytes) -> Any:
        """Read one text."""
        return self.connection.execute(
            "SELECT body FROM document WHERE uid = ? AND version = 1", (uid,)
        ).fetchone()

    def document(self, uid: bytes) -> Any:
        """Read one document."""
        version, source, path, head, body = self.connection.execute(
            "SELECT version, source, path, head, body FROM document"
            " JOIN file ON file.id = document.file WHERE uid = ? AND version = 1",
            (uid,),
        ).fetchone()
        document, sensitive = decode_head(head.encode(), path, body)
        return StoredDocument(uid.hex(), version, document, source, State.LIVE, sensitive)

    def close(self) -> None:
        """Let the file go."""
        self.connection.close()


class Ours:
    """The store."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = DeviceKeys.create(MemoryKeyStore())
        self.store = Store.create(path, self.keys)
        self.vault: Vault | None = None

    def insert(self, documents: Sequence[Document]) -> None:
        """Store all documents."""
        source = self.store.add_source(Path("/home/ada/notes")).id
        for start in range(0, len(documents), BATCH):
            with self.store.batch():
                for number, document in enumerate(documents[start : start + BATCH], start):
                    stat = FileStat(len(document.text), number, 7)
                    self.store.put_file(source, document.origin, stat, bytes(32), [document])
        self.store.flush()

    def open(self) -> Vault:
        """Unlock, with everything under the vault's own key."""
        if self.vault is None:
            self.vault = self.store.unlock(self.keys)
            self.vault.shred()
        return self.vault

    def texts(self) -> Iterator[Any]:
        """Go through all texts."""
        return self.open().texts()

    def ids(self) -> list[str]:
        """Return all ids."""
        return [document for document, _, _ in self.open().texts()]

    def text(self, document: str) -> str:
        """Read one text."""
        return self.open().text(document)

    def document(self, document: str) -> Any:
        """Read one document."""
        return self.open().get(document)

    def close(self) -> None:
        """Let the file go."""
        if self.vault is not None:
            self.vault.close()
        self.store.close()


def measure(engine: Any, documents: Sequence[Document], clock: Clock) -> int:
    """Run one round on one engine; returns the file's size in bytes."""
    clock.time("insert", lambda: engine.insert(documents))
    ids = engine.ids()
    random.Random(1).shuffle(ids)
    clock.time("scan", lambda: sum(1 for _ in engine.texts()))
    clock.time("text", lambda: [engine.text(name) for name in ids[:10_000]])
    clock.time("document", lambda: [engine.document(name) for name in ids[:10_000]])
    engine.close()
    return int(engine.path.stat().st_size)


def compare(documents: Sequence[Document], rounds: int, folder: Path) -> dict[str, Best]:
    """Measure all engines in turn."""
    makers: dict[str, Callable[[Path], Any]] = {
        "plain SQLite": lambda path: Plain(sqlite3, path),
        "personald": Ours,
    }
    try:
        # Installed by hand, for the comparison only.
        import sqlcipher3

        makers["SQLCipher"] = lambda path: Plain(sqlcipher3, path, "ab" * 32)
    except ImportError:
        print("sqlcipher3 is not installed; SQLCipher is left out")
    clocks = {name: Clock() for name in makers}
    sizes: dict[str, int] = {}
    for number in range(rounds):
        for name, make in makers.items():
            path = folder / f"{name.replace(' ', '-')}-{number}.db"
            sizes[name] = measure(make(path), documents, clocks[name])
            path.unlink()
    characters = sum(len(document.text) for document in documents)
    table = {}
    for name, clock in clocks.items():
        table[name] = {
            "insert, documents/s": len(documents) / clock.wall["insert"],
            "insert, documents/s of processor": len(documents) / clock.cpu["insert"],
            "scan, MB/s": characters / clock.wall["scan"] / 1e6,
            "scan, MB/s of processor": characters / clock.cpu["scan"] / 1e6,
            "random text, /s": min(10_000, len(documents)) / clock.wall["text"],
            "random text, /s of processor": min(10_000, len(documents)) / clock.cpu["text"],
            "random document, /s of processor": min(10_000, len(documents)) / clock.cpu["document"],
            "file, MB": sizes[name] / 1e6,
        }
    return table


def searching(documents: Sequence[Document], folder: Path) -> Pairs:
    """Index, open cold, search warm."""
    ours = Ours(folder / "store.db")
    ours.insert(documents)
    clock = Clock()
    vault = ours.store.unlock(ours.keys)
    clock.time("index and seal, s", vault.maintain)
    vault.close()
    ours.store.close()
    result: Pairs = {"index and seal, s": clock.both("index and seal, s")}
    store = clock.time("open", lambda: Store.open(ours.path, ours.keys))
    result["open the store, s"] = clock.both("open")

    def cold() -> Vault:
        opened: Vault = store.unlock(ours.keys)
        opened.search("anything")
        return opened

    vault = clock.time("cold", cold)
    result["unlock and first search, s"] = clock.both("cold")
    generator = random.Random(3)
    texts = [generator.choice(documents).text.split() for _ in range(200)]
    kinds: dict[str, Callable[[list[str]], str]] = {
        "one word": lambda t: generator.choice(t),
        "two words": lambda t: " ".join(generator.sample(t, 2)),
        "phrase of three": lambda t: '"' + " ".join(t[1:4]) + '"',
        "beginning": lambda t: generator.choice([w for w in t if len(w) > 4] or t)[:4] + "*",
        "question of six words": lambda t: " ".join(generator.sample(t, min(6, len(t)))),
    }
    for kind, make in kinds.items():
        taken = []
        for text in texts:
            query = make(text)
            wall, cpu = time.perf_counter(), time.process_time()
            vault.search(query)
            taken.append((time.process_time() - cpu, time.perf_counter() - wall))
        taken.sort()
        middle, high = taken[len(taken) // 2], taken[len(taken) * 9 // 10]
        result[f"search, {kind}: median, ms"] = (middle[1] * 1e3, middle[0] * 1e3)
        result[f"search, {kind}: 90 %, ms"] = (high[1] * 1e3, high[0] * 1e3)
    vault.close()
    store.close()
    return result


def rotating(number: int, folder: Path) -> Pairs:
    """Forget 1,000 of many, and rotate."""
    ours = Ours(folder / "many.db")
    ours.insert(make_documents(number, 5.0, 5))
    vault = ours.open()
    ids = ours.ids()
    random.Random(4).shuffle(ids)
    clock = Clock()
    clock.time("forget", lambda: vault.forget(ids[:1000]))
    source = ours.store.sources()[0].id
    paths = list(ours.store.file_states(source))
    for path in paths[:3]:
        ours.store.forget_file(source, path)
        clock.time("rotate", vault.shred)
    ours.close()
    wall, cpu = clock.both("rotate")
    return {
        f"forget 1,000 of {number:,}, s": clock.both("forget"),
        f"rotation of {number:,}, documents/s": (number / wall, number / cpu),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="personald-benchmark-"))
    try:
        documents = make_documents(options.documents, MEAN_LOG_WORDS, 1)
        megabytes = sum(len(document.text) for document in documents) / 1e6
        # They would be looked at in every collection of garbage, by turns on one engine's account and another's.
        gc.collect()
        gc.freeze()
        table = compare(documents, options.rounds, folder)
        more = searching(documents, folder) | rotating(options.many, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps({"table": table, "more": more}))
        return
    print(
        f"{len(documents):,} documents, {megabytes:.0f} MB; Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, {platform.machine()}, {os.cpu_count()} processors,"
        f" load {os.getloadavg()[0]:.1f}"
    )
    base = table["plain SQLite"]
    print(f"{'':34}" + "".join(f"{name:>22}" for name in table))
    for row in base:
        cells = (f"{values[row]:,.0f} ({values[row] / base[row]:.0%})" for values in table.values())
        print(f"{row:34}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"{'':48}{'wall':>12}{'processor':>12}")
    for name, (wall, cpu) in more.items():
        print(f"{name:48}{wall:>12,.3f}{cpu:>12,.3f}")


if __name__ == "__main__":
    main()
