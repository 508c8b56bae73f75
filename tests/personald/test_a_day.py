"""A day in the life: the daemon's parts at work, with real files, a real store, real processes, a clock that is moved on
and the recorded words of a Mac.

Morning on battery, noon on mains but in use, a call, an evening away, the plug pulled at half of the training, the night
on mains again, the lid closed, morning.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from personald import menubar, trainer
from personald.commands import Output
from personald.conditions import Readings, take_readings
from personald.config import Home, load_settings
from personald.daemon import Daemon
from personald.logs import close_log, open_log
from tests.personald.running import make_home

RECORDINGS = Path(__file__).parent / "conditions" / "recordings"

# Stands in for `personald.trainer_child`: forty steps, each noted in a checkpoint, that go on where they were left.
CHILD = """
import json, os, signal, sys, time
job = json.loads(sys.stdin.readline())
checkpoint = os.path.join(job["home"], "checkpoint")
done = int(open(checkpoint).read()) if os.path.exists(checkpoint) else 0
print(json.dumps({"progress": {"phase": "training", "done": done, "total": 40, "from": done}}), flush=True)
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
while done < 40 and not stop:
    time.sleep(0.03)
    done += 1
    open(checkpoint, "w").write(str(done))
    print(json.dumps({"progress": {"phase": "training", "done": done, "total": 40}}), flush=True)
result = "stopped" if stop else "promoted"
print(json.dumps({"outcome": {"result": result, "facts": 12}, "active": "" if stop else "notes/1"}), flush=True)
"""


class Mac:
    """A Mac that answers with what was recorded on one."""

    def __init__(self) -> None:
        self.power = "battery-discharging"
        self.idle = "idle-68s"
        self.root = "unlocked"
        self.assertions = "caffeinate"

    def __call__(self, argv: list[str]) -> Output:
        words = " ".join(argv[1:])
        name = {
            "-g batt": f"pmset-batt.{self.power}.txt",
            "-g custom": "pmset-custom.lpm-battery-only.txt",
            "-g assertions": f"pmset-assertions.{self.assertions}.txt",
            "-r -c IOHIDSystem -d 1 -w 0": f"ioreg-hid.{self.idle}.txt",
            "-n Root -d1 -w 0": f"ioreg-root.{self.root}.txt",
            "-g com.apple.system.thermalpressurelevel": "notifyutil-thermal.0.txt",
            "-i kern.memorystatus_vm_pressure_level": "sysctl-memory.normal.txt",
        }[words]
        return Output(0, (RECORDINGS / name).read_bytes(), b"")

    def be(self, power: str, *, away: bool, call: bool = False) -> None:
        self.power = power
        self.idle = "idle-3254s" if away else "idle-68s"
        self.root = "locked" if away and not call else "unlocked"
        self.assertions = "display-held" if call else "caffeinate"


class Day:
    """The clock, the Mac and the daemon; `at` moves on to an hour, ticking every five minutes."""

    def __init__(self, home: Home) -> None:
        self.mac = Mac()
        self.now = datetime(2026, 3, 2, 7, 0).timestamp()
        self.awake = 0.0
        self.daemon = Daemon(
            home,
            load_settings(home),
            read=self._read,
            run_child=partial(trainer.run, command=[sys.executable, "-c", CHILD], platform="linux"),
            clock=lambda: self.now,
            monotonic=lambda: self.awake + time.monotonic(),
        )
        self._home = home

    def _read(self, trained: float) -> Readings:
        return take_readings(
            self._home.path, "darwin", trained_seconds_today=trained, command=self.mac
        )

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.awake += seconds

    def at(self, hour: int, minute: int = 0) -> None:
        """Move on to a time of day, the next one of that name."""
        day = datetime.fromtimestamp(self.now)
        wanted = day.replace(hour=hour, minute=minute, second=0)
        if wanted < day:
            wanted = wanted.replace(day=day.day + 1)
        while self.now < wanted.timestamp():
            self.pass_by(min(300.0, wanted.timestamp() - self.now))
            self.tick()

    def tick(self) -> None:
        """One tick; to the daemon it comes half a minute after the last, or it would think that it slept."""
        self.daemon._ticked_at = (self.now - 30.0, self.daemon._monotonic() - 30.0)
        self.daemon.tick()

    def sleep_until(self, hour: int) -> None:
        """The lid is closed: the clock on the wall goes on alone."""
        day = datetime.fromtimestamp(self.now)
        wanted = day.replace(hour=hour, minute=0)
        self.now = (
            wanted.timestamp() if wanted > day else wanted.replace(day=day.day + 1).timestamp()
        )
        self.daemon.tick()

    def stamp(self, record: logging.LogRecord) -> bool:
        """Let the log tell the day's time, not that of the test."""
        record.created = self.now
        return True

    def wait_until(self, holds: Callable[[], bool], *, clock: float = 0.0) -> None:
        """Wait in real time, the day's clock going on by so many seconds at every look."""
        deadline = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < deadline, self.daemon.snapshot().to_json()
            self.pass_by(clock)
            time.sleep(0.02)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(30):
        (notes / f"note{number}.md").write_text(f"# Note {number}\n\nWords of note {number}.\n")
    home = make_home(tmp_path / "home", notes)
    log = open_log(home.logs)
    made = Day(home)
    for handler in log.handlers:
        handler.addFilter(made.stamp)
    made.daemon.ingest.start()
    yield made
    made.daemon.training.stop()
    made.daemon.ingest.stop()
    close_log()


def test_a_day_in_the_life(day: Day, tmp_path: Path) -> None:
    daemon, mac = day.daemon, day.mac

    def reason() -> str:
        return daemon.snapshot().reason

    # Morning, on the sofa.
    day.wait_until(lambda: daemon.ingest.view.ready and daemon.ingest.view.total == 30)
    mac.be("battery-discharging", away=False)
    day.at(8)
    assert "running on battery, plug it in" in reason()

    # Noon, at the desk.
    mac.be("ac-charging", away=False)
    day.at(12)
    assert "you are here" in reason()

    # A call: no key is touched, and the display is held.
    mac.be("ac-charging", away=True, call=True)
    day.at(12, 30)
    assert "keeps the display awake" in reason()

    # The afternoon's writing.
    mac.be("ac-charging", away=False)
    (tmp_path / "notes" / "afternoon.md").write_text("# Afternoon\n\nA new thought.\n")
    day.wait_until(lambda: daemon.ingest.view.total == 31, clock=0.1)
    day.at(19)
    assert daemon.training.job is None

    # Out for dinner; the Mac begins.
    mac.be("ac-not-charging-80", away=True)
    day.at(19, 10)
    assert daemon.snapshot().state == "training"
    day.wait_until(lambda: (job := daemon.training.job) is not None and job.done >= 15, clock=0.5)

    # The plug is pulled at half of it.
    mac.be("battery-discharging", away=True)
    pulled = time.monotonic()
    day.wait_until(lambda: daemon.training.job is None, clock=0.5)
    assert time.monotonic() - pulled < 4.0
    learnt = int((daemon._home.path / "checkpoint").read_text())
    assert 15 <= learnt < 40
    day.at(20)
    assert "running on battery" in reason()
    assert daemon.state.load().domain("notes").failures == 0

    # Night, on mains: it goes on from where it was.
    day.at(23)
    mac.be("ac-charged", away=True)
    day.tick()
    assert daemon.training.job is not None
    day.wait_until(lambda: bool(daemon.state.load().domain("notes").active), clock=0.5)
    assert daemon.state.load().domain("notes").active == "notes/1"
    assert (daemon._home.path / "checkpoint").read_text() == "40"
    day.wait_until(lambda: daemon.snapshot().state == "learnt")

    # The lid is closed; in the night another device writes into the folder.
    (tmp_path / "notes" / "night.md").write_text("# Night\n\nFrom another device.\n")
    day.sleep_until(7)
    day.wait_until(lambda: daemon.ingest.view.total == 32)

    # Morning: what did it do?
    mac.be("battery-discharging", away=False)
    day.at(7, 30)
    shown = "\n".join(menubar.render(daemon.snapshot(), ("/bin/personald",), tmp_path))
    assert "Learnt notes anew" in shown
    assert daemon.snapshot().fields["domains"]["notes"]["stale_documents"] == 1

    story = (daemon._home.logs / "daemon.log").read_text()
    chapters = [
        "source 1 looked through: 30 files, 30 new",
        "not training: running on battery, plug it in; Low Power Mode is on; you are here",
        "not training: you are here",
        "keeps the display awake",
        "training notes begins: 31 changes in notes",
        "training notes: stopped at training ",
        " of 40, ",
        "(running on battery",
        "training notes goes on: 31 changes in notes",
        "training notes: finished, promoted",
        "the machine slept",
    ]
    place = 0
    for chapter in chapters:
        found = story.find(chapter, place)
        assert found >= 0, f"{chapter!r} is missing after {story[:place]}\n---\n{story[place:]}"
        place = found + len(chapter)
