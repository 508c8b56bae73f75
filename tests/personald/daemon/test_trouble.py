"""What goes wrong around the daemon is a state that it reports and gets out of by itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from personald.config import Home
from tests.personald.running import make_home, obeying, program, running


def test_a_source_that_vanishes_is_not_reachable_and_nothing_of_it_is_forgotten(
    home: Home, notes: Path, tmp_path: Path
) -> None:
    with running(home) as daemon:
        daemon.wait_until_read(12)
        notes.rename(tmp_path / "unmounted")
        daemon.call("reload")
        status = daemon.wait_until(lambda status: not status["sources"][0]["reachable"])
        assert any("not reachable" in problem["what"] for problem in status["problems"])
        time.sleep(3.0)
        assert daemon.status()["documents"]["total"] == 12
        (tmp_path / "unmounted").rename(notes)
        (notes / "note0.md").unlink()
        daemon.call("reload")
        daemon.wait_until_read(11)


def test_what_cannot_be_read_is_recorded_and_everything_else_goes_on(
    home: Home, notes: Path
) -> None:
    (notes / "binary.md").write_bytes(bytes(range(256)) * 40)
    (notes / "empty.md").write_bytes(b"")
    (notes / "broken.eml").write_bytes(b"\xff\xfe\x00broken")
    (notes / "picture.xyz").write_bytes(bytes(range(256)))
    with (notes / "long.txt").open("wb") as file:
        for _ in range(200):
            file.write(b"word " * 200_000)
    with running(home) as daemon:
        daemon.wait_until(lambda status: True)
        counts = daemon.call("scan", source=None)
        status = daemon.wait_until(lambda status: status["documents"]["total"] >= 12)
        assert status["documents"]["failed"] >= 2
        assert counts["seen"] == 17
        failed = subprocess.run(
            [
                sys.executable,
                "-m",
                "personald",
                "documents",
                "list",
                "--failed",
                "--home",
                str(home.path),
                "--json",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "binary.md" in failed
        assert "200 MB long" in failed


def test_without_its_keys_it_says_so_and_goes_on_when_they_are_back(
    home: Home, tmp_path: Path
) -> None:
    shutil.move(tmp_path / "keys", tmp_path / "elsewhere")
    with running(home) as daemon:
        status = daemon.wait_until(lambda status: status["state"] == "degraded")
        assert status["problems"][0]["remedy"]
        shutil.move(tmp_path / "elsewhere", tmp_path / "keys")
        daemon.call("reload")
        daemon.wait_until_read(12)


def test_a_broken_store_is_a_state_and_no_crash_loop(home: Home) -> None:
    content = home.store.read_bytes()
    home.store.write_bytes(b"no database at all" * 100)
    with running(home) as daemon:
        status = daemon.wait_until(lambda status: status["state"] == "degraded")
        assert "store" in status["reason"].lower()
        home.store.write_bytes(content)
        for name in ("-wal", "-shm"):
            home.store.with_name(home.store.name + name).unlink(missing_ok=True)
        daemon.call("reload")
        daemon.wait_until_read(12)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB, where the system lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_said_loses_nothing_and_passes(small_disk: Path, notes: Path) -> None:
    home = make_home(small_disk / "home", notes)
    with running(home) as daemon:
        daemon.wait_until_read(12)
        with (small_disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while ballast.write(b"x" * 4096):
                pass
        for number in range(8):
            (notes / f"more{number}.md").write_text(f"# More {number}\n\n" + "Words. " * 5000)
        status = daemon.wait_until(lambda status: status["state"] == "degraded")
        assert "disk is full" in status["reason"]
        assert status["problems"][0]["remedy"]
        assert status["documents"]["total"] == 12
        (small_disk / "ballast").unlink()
        daemon.call("reload")
        daemon.wait_until_read(20)
        assert daemon.end() == 0


def test_an_unforeseen_error_ends_it_so_that_it_is_started_anew_and_thrice_is_enough(
    home: Home,
) -> None:
    body = (
        "daemon = Daemon(home, load_settings(home))\n"
        "def broken(): raise KeyError('a secret word')\n"
        "daemon.training.tick = broken\n"
        "sys.exit(daemon.run())\n"
    )
    for _ in range(3):
        with running(home, program=program(home, body)) as daemon:
            assert daemon.finish() == 70
    with running(home) as daemon:
        status = daemon.wait_until(lambda status: status["state"] == "degraded")
        assert "crashed 3 times" in status["reason"]
        daemon.call("resume")
        daemon.wait_until_read(12)
    log = (home.logs / "daemon.log").read_text()
    assert "KeyError" in log
    assert "secret word" not in log


def test_a_clock_set_back_by_a_year_changes_nothing(home: Home, notes: Path) -> None:
    body = (
        "shift = [0.0]\n"
        "daemon = Daemon(home, load_settings(home), clock=lambda: time.time() + shift[0])\n"
    ) + obeying("set back", "shift[0] = -365 * 86400.0")
    with running(home, program=program(home, body)) as daemon:
        daemon.wait_until_read(12)
        daemon.call("set back")
        (notes / "after.md").write_text("# After\n\nThe clock was set back.\n")
        daemon.wait_until_read(13)
        assert daemon.end() == 0
    assert "its clock was set" in (home.logs / "daemon.log").read_text()
