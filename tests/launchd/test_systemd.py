"""The user unit's life under systemd, and that systemd itself finds no fault in the file."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from launchd import unit
from launchd.choice import manager_for
from launchd.service import Outcome, Service
from launchd.systemd import UserUnit
from tests.launchd.conftest import Fake


@pytest.fixture
def user_unit(tmp_path: Path, service: Service, fake: Fake) -> UserUnit:
    return UserUnit(service, tmp_path / "units", sleep=lambda _: None)


def test_installing_loads_enables_and_starts(user_unit: UserUnit, fake: Fake) -> None:
    assert user_unit.install().outcome is Outcome.DONE
    verbs = [step.split()[1] for step in fake.steps()]
    assert verbs == ["daemon-reload", "reset-failed", "enable", "restart"]
    assert user_unit.install().outcome is Outcome.ALREADY


def test_stop_start_uninstall(user_unit: UserUnit, fake: Fake) -> None:
    user_unit.install()
    assert user_unit.stop().outcome is Outcome.DONE
    assert user_unit.stop().outcome is Outcome.ALREADY
    assert user_unit.start().outcome is Outcome.DONE
    assert user_unit.uninstall().outcome is Outcome.DONE
    assert not user_unit.file.exists()
    assert user_unit.uninstall().outcome is Outcome.ALREADY


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("running", "running as process 3246"),
        ("stopped", "ended by itself, in order"),
        ("killed", "was killed"),
        ("crashing", "again and again"),
        ("nobody", "no user session"),
    ],
)
def test_a_state_is_told_in_words(user_unit: UserUnit, fake: Fake, state: str, words: str) -> None:
    user_unit.install()
    fake.be(state)
    assert words in user_unit.status().meaning


def test_without_a_session_it_says_how_to_get_one(user_unit: UserUnit, fake: Fake) -> None:
    fake.be("nobody")
    step = user_unit.install()
    assert step.outcome is Outcome.NO_SESSION
    assert "enable-linger" in step.detail


def test_a_unit_that_does_not_come_up_is_a_failure(user_unit: UserUnit, fake: Fake) -> None:
    fake.be("absent", after="crashing")
    times = iter(range(0, 1000, 10))
    step = replace(user_unit, monotonic=lambda: float(next(times))).install()
    assert step.outcome is Outcome.FAILED
    assert "gave up" in step.detail


def test_nothing_in_a_path_has_a_meaning_to_systemd() -> None:
    assert unit.quote('/a b/100%/$HOME/"q"\\') == '"/a b/100%%/$HOME/\\"q\\"\\\\"'


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_finds_no_fault_in_the_unit_file(service: Service, tmp_path: Path) -> None:
    odd = tmp_path / "100% $HOME"
    odd.mkdir()
    program = odd / "python"
    program.symlink_to(shutil.which("true") or "/bin/true")
    file = tmp_path / "personald.service"
    file.write_text(unit.render(replace(service, program=program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert str(file.name) not in done.stderr


def test_the_platform_decides_who_is_asked(service: Service, tmp_path: Path) -> None:
    linux = manager_for(service, "linux", tmp_path, {})
    assert isinstance(linux, UserUnit)
    assert linux.folder == tmp_path / ".config/systemd/user"
    moved = manager_for(service, "linux", tmp_path, {"XDG_CONFIG_HOME": "/etc/me"})
    assert isinstance(moved, UserUnit)
    assert moved.folder == Path("/etc/me/systemd/user")
    assert type(manager_for(service, "darwin", tmp_path, {})).__name__ == "LaunchAgent"
