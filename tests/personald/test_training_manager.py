"""Training on request and in the background, with real child processes that stand in for the trainer."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from personald import trainer
from personald.conditions import Readings
from personald.conditions.heat import Heat
from personald.conditions.memory import Pressure
from personald.conditions.power import Power, Supply
from personald.conditions.presence import Presence
from personald.config import Home, Settings
from personald.instance import training_lock
from personald.planner import DomainFacts
from personald.state import StateFile
from personald.training_manager import JobView, TrainingManager

GOOD = Readings(
    Power(Supply.MAINS),
    presence=Presence(locked=True, display_held=""),
    heat=Heat.NOMINAL,
    pressure=Pressure.NORMAL,
    free_disk_bytes=10**11,
)
QUICK = """
import json, sys
job = json.loads(sys.stdin.readline())
print(json.dumps({"progress": {"phase": "training", "done": 1, "total": 1}}), flush=True)
print(json.dumps({"outcome": {"result": "promoted", "full": job["full"]}, "active": job["domain"] + "/1"}), flush=True)
"""
SLOW = """
import json, signal, sys, time
job = json.loads(sys.stdin.readline())
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
print(json.dumps({"progress": {"phase": "training", "done": 1, "total": 9}}), flush=True)
while not stop:
    time.sleep(0.02)
print(json.dumps({"outcome": {"result": "stopped"}, "active": ""}), flush=True)
"""


class Desk:
    def __init__(self, root: Path, child: str) -> None:
        self.home = Home(root / "home")
        self.home.make()
        self.state = StateFile(self.home.state)
        self.readings = GOOD
        self.trained: list[str] = []
        self.manager = TrainingManager(
            self.home,
            Settings(),
            self.state,
            lambda: [DomainFacts("mail", 5, 3, 5), DomainFacts("notes", 5, 4, 5)],
            lambda _: self.readings,
            partial(trainer.run, command=[sys.executable, "-c", child], platform="linux"),
            lambda outcome: self.trained.append(outcome.result),
        )

    def wait_for_job(self) -> None:
        deadline = time.monotonic() + 30
        while self.manager.job is None or self.manager.job.done == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def wait_for_rest(self) -> None:
        deadline = time.monotonic() + 30
        while self.manager.job is not None or self.manager.busy:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def quick(tmp_path: Path) -> Desk:
    return Desk(tmp_path, QUICK)


@pytest.fixture
def slow(tmp_path: Path) -> Desk:
    return Desk(tmp_path, SLOW)


def test_the_background_trains_one_domain_after_the_other_and_then_rests(quick: Desk) -> None:
    for _ in range(4):
        quick.manager.tick()
        quick.wait_for_rest()
    assert quick.trained == ["promoted", "promoted"]
    known = quick.state.load().domain("notes")
    assert (known.revision, known.active) == (4, "notes/1")
    reports = [json.loads(path.read_text()) for path in quick.home.reports.glob("*.json")]
    assert [report["result"] for report in reports] == ["promoted", "promoted"]
    assert quick.manager.decide().stale == ()


def test_a_command_that_needs_the_trainer_gets_it_at_once(slow: Desk) -> None:
    slow.manager.tick()
    slow.wait_for_job()
    began = time.monotonic()
    slow.manager.give_way("a command needs the trainer")
    assert time.monotonic() - began < 3.0
    assert slow.manager.job is None
    with training_lock(slow.home.run):
        (run,) = slow.state.load().runs
    assert (run.ending, run.detail) == ("stopped", "a command needs the trainer")


def test_a_training_by_hand_is_shown_while_its_command_lives(quick: Desk) -> None:
    command = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    item = {"domain": "mail", "phase": "training", "done": 3, "total": 9, "loss": 0.4}
    quick.manager.hear_of(command.pid, item)
    assert quick.manager.job == JobView("mail", "training", 3, 9)
    quick.manager.tick()
    assert not quick.manager.busy
    command.communicate(b"\n", timeout=30)
    assert quick.manager.job is None
    quick.manager.tick()
    quick.wait_for_rest()
    assert quick.trained == ["promoted"]


def test_stopping_ends_the_child_within_two_seconds(slow: Desk) -> None:
    slow.manager.tick()
    slow.wait_for_job()
    began = time.monotonic()
    slow.manager.stop()
    assert time.monotonic() - began < 3.0
    assert slow.manager.job is None
    slow.manager.tick()
    assert slow.manager.job is None


def test_what_another_process_trains_is_left_to_it(quick: Desk) -> None:
    with training_lock(quick.home.run):
        quick.manager.tick()
        quick.wait_for_rest()
    assert quick.trained == []
    quick.manager.tick()
    quick.wait_for_rest()
    assert quick.trained == ["promoted"]


def test_a_condition_that_fails_ends_the_run_and_says_why(slow: Desk) -> None:
    slow.manager.tick()
    slow.wait_for_job()
    slow.readings = Readings(Power(Supply.BATTERY, 80, True))
    began = time.monotonic()
    slow.wait_for_rest()
    assert time.monotonic() - began < 4.0
    (run,) = slow.state.load().runs
    assert run.ending == "stopped"
    assert "plug it in" in run.detail
