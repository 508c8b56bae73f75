"""Very many changes, and very many files, at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from personald import ipc
from personald.config import Home
from tests.personald.running import resident_kilobytes, running


@pytest.mark.parametrize(
    "changes", [300, pytest.param(10_000, marks=pytest.mark.long, id="ten thousand in a minute")]
)
def test_a_storm_of_changes_ends_with_the_last_of_them(
    home: Home, notes: Path, changes: int
) -> None:
    if changes > 1000 and not os.environ.get("PERSONALD_FULL"):
        pytest.skip("runs in full with PERSONALD_FULL=1")
    with running(home) as daemon:
        daemon.wait_until_read(12)
        began = time.monotonic()
        for number in range(changes):
            (notes / f"storm{number % 50}.md").write_text(f"# Storm\n\nGust {number}.\n")
            if changes > 1000:
                time.sleep(max(0.0, began + 60 * number / changes - time.monotonic()))
        daemon.wait_until_read(62, seconds=240)
        slowest = 0.0
        for _ in range(5):
            asked = time.monotonic()
            daemon.status()
            slowest = max(slowest, time.monotonic() - asked)
        counts = daemon.call("scan", source=None)
        assert counts["changed"] == counts["new"] == 0
        assert slowest < 5.0


@pytest.mark.parametrize("files", [1500, pytest.param(100_000, marks=pytest.mark.long)])
def test_many_files_at_once_are_read_in_little_memory_while_it_answers(
    home: Home, notes: Path, tmp_path: Path, files: int
) -> None:
    if files > 1500 and not os.environ.get("PERSONALD_FULL"):
        pytest.skip("runs in full with PERSONALD_FULL=1")
    heap = tmp_path / "heap"
    for number in range(files):
        folder = heap / f"{number // 200}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.md").write_text(f"# File {number}\n\nOne of {files}.\n")
    with running(home) as daemon:
        daemon.wait_until_read(12)
        heap.rename(notes / "heap")
        slowest, largest = 0.0, 0
        totals, states = {12}, set()
        began = time.monotonic()
        while max(totals) < 12 + files:
            assert time.monotonic() < began + 60 + files / 20
            time.sleep(0.2)
            asked = time.monotonic()
            status = daemon.status()
            slowest = max(slowest, time.monotonic() - asked)
            largest = max(largest, resident_kilobytes(daemon.process.pid) or 0)
            totals.add(status["documents"]["total"])
            if 12 < status["documents"]["total"] < 12 + files:
                states.add(status["state"])
        seconds = time.monotonic() - began
        daemon.wait_until_read(12 + files)
        counts = ipc.call(home.run, "scan", {"source": None}, timeout=600.0)
        assert counts["unchanged"] == 12 + files
    print(
        f"{files} files at once: {seconds:.0f} s, {largest / 1024:.0f} MB,"
        f" slowest answer {slowest:.2f} s"
    )
    if files > 5000:
        # A quick one may be over before it is asked; figures are published once a second.
        assert "reading" in states
    assert slowest < 5.0
    assert largest < 250_000
