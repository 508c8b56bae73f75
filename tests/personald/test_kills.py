"""SIGKILL at random moments, while files come, change, move and go: nothing is lost, doubled or damaged.

Python needs longer to import the daemon than a round should last. So one process imports it and does nothing but fork:
each daemon is a process of its own, with its own extractors, and is killed as a whole.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from personald.assembly import Owner
from personald.config import Home, load_settings
from personald.instance import holder
from tests.personald.running import make_home, running

FORKING = """
import os, signal, sys
from pathlib import Path
from personald.config import Home, load_settings
from personald.daemon import Daemon
home = Home(Path(sys.argv[1]))
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        sys.exit(Daemon(home, load_settings(home)).run())
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("ended", flush=True)
"""
# Every other daemon is killed so soon that it may not even hold its lock; the others while they store.
SOON_SECONDS = 0.5
STORING_SECONDS = 0.3
PATIENCE_SECONDS = 10.0


class Stable:
    """Starts daemons, one after the other."""

    def __init__(self, home: Home) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", FORKING, str(home.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._heard())

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        assert self._heard() == "ended\n"

    def close(self) -> None:
        self._process.communicate(timeout=10)

    def _heard(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def stable(home: Home) -> Iterator[Stable]:
    made = Stable(home)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("rounds", [15, pytest.param(1000, marks=pytest.mark.long)])
def test_kills_at_any_moment_lose_double_and_damage_nothing(tmp_path: Path, rounds: int) -> None:
    if rounds > 100 and not os.environ.get("PERSONALD_FULL"):
        pytest.skip("runs in full with PERSONALD_FULL=1")
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(12):
        (notes / f"note{number}.md").write_text(f"# Note {number}\n\nHarriet keeps bees.\n")
    home = make_home(tmp_path / "home", notes)
    chance = random.Random(7)
    stored = 0
    with stable(home) as daemons:
        for number in range(rounds):
            before = written(home)
            pid = daemons.start()
            change_something(notes, number, chance)
            if number % 2:
                stored += wait_until_it_stores(home, before)
                time.sleep(chance.random() * STORING_SECONDS)
            else:
                time.sleep(chance.random() * SOON_SECONDS)
            daemons.kill(pid)
            assert holder(home.run) is None
    assert stored > rounds / 3
    files = len(list(notes.iterdir()))
    with running(home) as daemon:
        daemon.wait_until_read(files)
        counts = daemon.call("scan", source=None)
        assert counts["unchanged"] == counts["seen"] == files
        assert counts["new"] == counts["changed"] == counts["deleted"] == counts["failed"] == 0
    with Owner(home, load_settings(home)) as owner:
        texts = {stored.document.text.strip() for stored in owner.vault().documents()}
        assert list(owner.vault().verify(deep=True)) == []
    assert len(texts) == files
    for file in notes.iterdir():
        assert any(file.read_text().splitlines()[-1] in text for text in texts), file


def change_something(notes: Path, number: int, chance: random.Random) -> None:
    """One new file, one that changes, and now and then one that moves and one that goes."""
    present = sorted(notes.iterdir())
    chance.choice(present).write_text(f"# Changed\n\nIn round {number}.\n")
    (notes / f"round{number}.md").write_text(f"# Round {number}\n\nStill here in {number}.\n")
    if number % 3 == 0:
        moving = chance.choice(present)
        moving.rename(moving.with_name(f"moved{number}.md"))
    if number % 2 == 0:
        present = sorted(notes.iterdir())
        chance.choice(present[:-1]).unlink()


def written(home: Home) -> tuple[int, int]:
    """What changes when something is stored: the size of the write-ahead log, and when the database was changed."""
    log = home.store.with_name(f"{home.store.name}-wal")
    return log.stat().st_size if log.exists() else 0, home.store.stat().st_mtime_ns


def wait_until_it_stores(home: Home, before: tuple[int, int]) -> bool:
    """True as soon as something is written into the store."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        size, changed = written(home)
        if size not in (0, before[0]) or changed != before[1]:
            return True
        time.sleep(0.002)
    return False
