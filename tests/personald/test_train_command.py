"""`personald train`: how many children work at a time, what is shown of them, and the exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from personald import ipc
from personald.cli.train import Board, Herald, exit_code
from personald.config import Home
from personald.crew import hands
from personald.trainer import Ending, Outcome


@pytest.mark.parametrize(
    ("reference", "platform", "cores", "expected"),
    [
        ("", "linux", 2, 2),
        ("", "linux", 64, 4),
        ("", "linux", 1, 1),
        ("", "darwin", 10, 1),
        ("Qwen/Qwen3-0.6B", "linux", 16, 1),
    ],
)
def test_children_work_side_by_side_only_where_one_leaves_cores_idle(
    reference: str, platform: str, cores: int, expected: int
) -> None:
    assert hands(reference, platform, cores) == expected


def test_the_board_never_goes_back_and_ends_at_the_whole() -> None:
    shown: list[tuple[int, int, str]] = []
    board = Board(lambda done, total, note="": shown.append((done, total, note)), ["mail", "notes"])
    board.follow("mail", {"phase": "training", "done": 5, "total": 10, "loss": 1.25})
    board.follow("mail", {"phase": "loading"})
    board.follow("notes", {"phase": "done", "done": 1, "total": 1})
    board.follow("mail", {"phase": "done", "done": 1, "total": 1})
    assert [done for done, _, _ in shown] == sorted(done for done, _, _ in shown)
    assert shown[-1][:2] == (200, 200)
    assert "loss 1.25" in shown[0][2]


def test_a_running_daemon_is_told_of_progress_and_not_too_often(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    heard: list[dict[str, Any]] = []
    server = ipc.Server(home.run, lambda name, arguments, _: heard.append({name: arguments}))
    times = iter([10.0, 11.0, 12.5, 20.0])
    herald = Herald(home, lambda: next(times))
    server.start()
    try:
        for done in range(3):
            herald.follow("mail", {"phase": "training", "done": done})
    finally:
        server.stop()
    herald.follow("mail", {"phase": "training", "done": 3})
    items = [entry["progress"] for entry in heard]
    assert [item["item"]["done"] for item in items] == [0, 2]
    assert items[0] == {
        "pid": os.getpid(),
        "item": {"domain": "mail", "phase": "training", "done": 0},
    }


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([Outcome(Ending.FINISHED, "promoted")], 0),
        ([Outcome(Ending.FINISHED, "promoted"), Outcome(Ending.FINISHED, "rejected")], 4),
        ([Outcome(Ending.FINISHED, "rejected"), Outcome(Ending.LOCKED)], 5),
        ([Outcome(Ending.LOCKED), Outcome(Ending.DIED)], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst_end(outcomes: list[Outcome], code: int) -> None:
    assert exit_code(outcomes) == code
