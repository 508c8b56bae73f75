"""state.json: whole or not at all, forgiving when read, and shared by several processes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personald.state import KEPT_RUNS, DomainState, Run, RunState, StateFile


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "state.json")


def test_what_is_written_is_read_back(file: StateFile) -> None:
    state = RunState(
        paused_until=float("inf"),
        devices={"1": 42},
        crashes=(1.0, 2.0),
        exchange="it is not there",
    )
    state = state.with_domain("notes", revision=4, active="notes/2", effort=0.5)
    state = state.with_run(Run("notes", 1.0, 2.0, "finished", "promoted"))
    file.change(lambda _: state)
    assert file.load() == state
    assert file.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"domains": 3}', b'{"runs": [1]}', b"\xff"]
)
def test_a_damaged_file_is_as_on_the_first_day(file: StateFile, content: bytes) -> None:
    file.path.write_bytes(content)
    assert file.load() == RunState()


def test_what_a_newer_version_wrote_is_passed_over(file: StateFile) -> None:
    file.path.write_text(
        json.dumps({"domains": {"notes": {"revision": 3, "mood": "good"}}, "moon": 1})
    )
    assert file.load().domain("notes") == DomainState(revision=3)


def test_runs_are_kept_within_bounds(file: StateFile) -> None:
    state = RunState()
    for number in range(KEPT_RUNS + 10):
        state = state.with_run(Run("notes", number, number + 1, "finished"))
    assert len(state.runs) == KEPT_RUNS
    assert state.runs[-1].began == KEPT_RUNS + 9


def test_changes_of_two_processes_are_both_kept(file: StateFile) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dataclasses import replace\n"
        "from personald.state import StateFile\n"
        "file = StateFile(Path(sys.argv[1]))\n"
        "for number in range(40):\n"
        "    file.change(lambda s: replace(s, devices={**s.devices, f'{sys.argv[2]}{number}': number}))\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", program, str(file.path), name]) for name in "ab"
    ]
    assert [child.wait() for child in children] == [0, 0]
    assert len(file.load().devices) == 80


def test_a_pause_ends_by_itself() -> None:
    state = RunState(paused_until=100.0)
    assert state.paused(99.0)
    assert not state.paused(100.0)
    assert not RunState().paused(0.0)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e5)), max_size=20))
def test_trained_time_is_that_of_the_last_day_alone(runs: list[tuple[float, float]]) -> None:
    now = 1e6
    state = RunState()
    for began, length in runs:
        state = state.with_run(Run("notes", began, min(began + length, now), "finished"))
    seconds = state.trained_seconds(now)
    assert 0 <= seconds <= 86400.0 * max(len(runs), 1)
    later = replace(state).trained_seconds(now + 10 * 86400.0)
    assert later == 0
