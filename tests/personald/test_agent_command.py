"""`personald agent`, `pause`, `resume` and `status` as a person meets them, with a stand-in service manager on the PATH."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from personald.cli.daemon import parse_duration, seconds_until_tomorrow
from personald.config import Home
from personald.errors import UsageError
from tests.launchd.conftest import Fake, fake  # noqa: F401
from tests.personald.running import make_home, running

pytestmark = pytest.mark.usefixtures("fake")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")


def personald(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "personald", *words, "--home", str(home.path)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux'")
def test_a_service_is_installed_shown_and_removed(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fake: Fake,  # noqa: F811
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    done = personald(home, "agent", "install", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "done"
    (unit,) = (tmp_path / "config" / "systemd" / "user").iterdir()
    assert str(home.path) in unit.read_text()
    assert sys.executable in unit.read_text()
    shown = json.loads(personald(home, "agent", "status", "--json").stdout)
    assert shown["pid"] == 3246
    assert shown["installed"]
    fake.be("nobody")
    refused = personald(home, "agent", "start")
    assert refused.returncode == 1
    assert "enable-linger" in refused.stderr
    assert refused.stderr.count("\n") == 1
    fake.be("running")
    assert personald(home, "agent", "uninstall").returncode == 0
    assert not unit.exists()


def test_without_a_daemon_a_pause_is_noted_for_the_next_one(home: Home) -> None:
    done = personald(home, "pause", "--for", "2h", "--json")
    assert json.loads(done.stdout)["paused_until"]
    status = json.loads(personald(home, "status", "--json").stdout)
    assert status["state"] == "stopped"
    assert status["paused_until"]
    assert status["pid"] is None
    with running(home) as daemon:
        daemon.wait_until(lambda status: status["state"] == "paused")
        assert personald(home, "resume").stdout == "Resumed.\n"
        daemon.wait_until(lambda status: status["state"] == "learnt")
        menu = personald(home, "status", "--menubar").stdout.splitlines()
        assert menu[1] == "---"
        said = personald(home, "agent", "logs").stdout
        assert "the daemon has started" in said


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("1h30m", 5400)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2 hours", "-1h", "1h!"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)


def test_tomorrow_begins_at_eight() -> None:
    assert seconds_until_tomorrow(datetime(2026, 3, 2, 22, 0)) == 10 * 3600
