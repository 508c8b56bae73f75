"""`personald train`: how many children work at a time, what is shown of them, and the exit code."""

from __future__ import annotations

import pytest

from personald.cli.train import Board, exit_code
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
