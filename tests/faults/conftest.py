"""Counts of the fault tests, and a store that child processes can open."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from personald.keys import create_keys
from personald.store import Store

FULL = os.environ.get("PERSONALD_FULL") == "1"

Start = Callable[..., subprocess.Popen[bytes]]


def count(short: int, full: int) -> int:
    """How often to do it: the full count is that of the reliability table in docs/store.md."""
    return full if FULL else short


def parts(full: int, size: int) -> range:
    """The parts of a long test: each has a home and dice of its own, so that a full run can be stopped and resumed.

    Args:
        full: the full count, of all parts together.
        size: how many of them make one part.
    """
    return range(full // size if FULL else 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a store and keys in a file."""
    folder = tmp_path / "home"
    folder.mkdir()
    keys, _ = create_keys(folder, key_file=tmp_path / "keys.json")
    Store.create(folder / "store.db", keys).close()
    return folder


@pytest.fixture
def start() -> Start:
    """Start a worker of `tests.faults.worker` as a process of its own."""

    def starter(
        role: str, *arguments: object, before: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*before, sys.executable, "-m", "tests.faults.worker", role, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )

    return starter
