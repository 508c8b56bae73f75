"""Adapters travel when there is reason to: after a promotion, and when the shared folder holds something new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from personald.commands import Output
from personald.config import Home, Settings, SyncSettings
from personald.exchanger import Exchanger
from personald.state import StateFile


class Desk:
    """An exchanger with a clock that is moved on, and a command that only notes that it was called."""

    def __init__(self, root: Path) -> None:
        self.shared = root / "shared"
        self.shared.mkdir()
        self.home = Home(root / "home")
        self.home.make()
        self.now = 0.0
        self.calls: list[list[str]] = []
        self.answer = Output(0, json.dumps({"problems": []}).encode(), b"")
        settings = Settings(sync=SyncSettings(folder=str(self.shared), poll_minutes=5.0))
        self.state = StateFile(self.home.state)
        self.exchanger = Exchanger(
            self.home,
            settings,
            self.state,
            self._command,
            clock=lambda: 1_800_000_000.0 + self.now,
            monotonic=lambda: self.now,
        )

    def _command(self, argv: list[str], **_: Any) -> Output:
        self.calls.append(argv)
        return self.answer

    def tick(self, seconds: float = 30.0) -> int:
        """Move on and tick; returns how often the command has been called."""
        self.now += seconds
        self.exchanger.tick()
        self.exchanger.join(5.0)
        return len(self.calls)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def put(desk: Desk, letter: str) -> None:
    place = desk.shared / "personald-1" / "o"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{letter * 64}.pdo").write_bytes(b"x")


def test_what_is_new_in_the_folder_is_taken_in_once(desk: Desk) -> None:
    put(desk, "a")
    assert desk.tick() == 1
    assert desk.calls[0][1:5] == ["-m", "personald", "sync", "now"]
    assert str(desk.home.path) in desk.calls[0]
    assert desk.tick(400) == 1
    put(desk, "b")
    assert desk.tick(30) == 1
    assert desk.tick(400) == 2


def test_a_promotion_is_offered_at_the_next_tick(desk: Desk) -> None:
    put(desk, "a")
    desk.tick()
    desk.exchanger.want()
    assert desk.tick(1) == 2
    assert desk.tick(1) == 2


def test_without_a_folder_nothing_is_done(desk: Desk) -> None:
    desk.exchanger.settings = Settings()
    desk.exchanger.want()
    assert desk.tick(1000) == 0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Output(1, b"", b"The shared folder is not there.\n"), "not there"),
        (Output(5, b"", b""), "status 5"),
        (Output(0, b"no json", b""), "cannot be read"),
        (Output(0, b'{"problems": ["Device ab is not listened to"]}', b""), "not listened to"),
    ],
)
def test_what_goes_wrong_is_noted_in_a_line_and_cleared_by_the_next_success(
    desk: Desk, answer: Output, words: str
) -> None:
    good, desk.answer = desk.answer, answer
    desk.exchanger.want()
    desk.tick()
    assert words in desk.state.load().exchange
    desk.answer = good
    desk.exchanger.want()
    desk.tick()
    assert desk.state.load().exchange == ""
    assert desk.state.load().exchanged_at is not None
