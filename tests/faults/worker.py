"""Processes that work on a store until they are killed; each acknowledged change is a line on standard output.

A line is written only after the change was committed, so whatever a reader of the pipe has seen must be there.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from extractors.document import Document, Domain
from personald.errors import PersonaldError
from personald.keys import open_keys, open_watcher_keys
from personald.store import FileStat, Store


def say(line: str) -> None:
    """Acknowledge a change: one write, so that a line is whole or absent."""
    os.write(1, line.encode() + b"\n")


def text_of(name: str, size: int) -> str:
    """A text that can be known again from its name."""
    return f"{name} " + random.Random(name).randbytes(size // 2).hex()


def store_one(store: Store, source: int, name: str, size: int = 3000) -> None:
    """Store one file of one document."""
    path = f"/a/{name}.md"
    document = Document(path, Domain.NOTES, "markdown", name, text_of(name, size))
    store.put_file(source, path, FileStat(size, 1), b"", [document])


def ingest(home: Path, prefix: str, size: int = 3000, files: int = 10**9) -> None:
    """Store new files; delete some again."""
    with Store.open(home / "store.db", open_watcher_keys(home)) as store:
        source = store.add_source(Path("/a")).id
        for number in range(files):
            name = f"{prefix}-{number}"
            store_one(store, source, name, size)
            say(f"put {name}")
            if number % 7 == 6:
                gone = f"{prefix}-{number - 3}"
                say(f"deleting {gone}")
                store.forget_file(source, f"/a/{gone}.md")
                say(f"deleted {gone}")
        store.flush()


def rotate(home: Path, prefix: str) -> None:
    """Store a few files and forget some again, for ever: every round rotates the keys."""
    keys = open_keys(home)
    generator = random.Random(prefix)
    with Store.open(home / "store.db", keys) as store:
        source = store.add_source(Path("/a")).id
        number = 0
        while True:
            for _ in range(4):
                store_one(store, source, f"{prefix}-{number}", 500)
                say(f"put {prefix}-{number}")
                number += 1
            with store.unlock(keys) as vault:
                vault.maintain()
                documents = list(vault.documents())
                for document in generator.sample(documents, min(2, len(documents))):
                    say(f"deleting {document.document.title}")
                    vault.forget([document.id])
                    say(f"deleted {document.document.title}")


def fill(home: Path, prefix: str) -> None:
    """Store until it fails, and say how: one line of the project's own, never a traceback."""
    try:
        ingest(home, prefix, 20_000, 300)
        say("finished")
    except PersonaldError as error:
        say(f"failed {type(error).__name__}: {error}")


if __name__ == "__main__":
    _, role, folder, prefix = sys.argv
    {"ingest": ingest, "rotate": rotate, "fill": fill}[role](Path(folder), prefix)
