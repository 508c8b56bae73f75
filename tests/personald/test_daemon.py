"""The daemon as a process: one for each home, what it does with changes, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from personald import ipc
from personald.config import Home
from personald.instance import holder
from tests.personald.running import Running, make_home, running


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(12):
        (folder / f"note{number}.md").write_text(
            f"# Note {number}\n\nHarriet keeps {number} bees.\n"
        )
    return folder


@pytest.fixture
def home(tmp_path: Path, notes: Path) -> Home:
    return make_home(tmp_path / "home", notes)


def test_it_reads_what_is_there_and_what_changes(home: Home, notes: Path) -> None:
    with running(home) as daemon:
        daemon.wait_until_read(12)
        began = time.monotonic()
        (notes / "new.md").write_text("# New\n\nSomething new.\n")
        daemon.wait_until_read(13)
        assert time.monotonic() - began < 10
        (notes / "new.md").unlink()
        (notes / "note1.md").rename(notes / "renamed.md")
        (notes / "note2.md").write_text("# Changed\n\nAnother text.\n")
        status = daemon.wait_until_read(12)
        assert status["domains"]["notes"]["stale_documents"] >= 12
        assert status["sources"][0]["watched_by"] == "events"
        assert daemon.end() == 0


def test_a_second_daemon_on_the_same_home_is_refused_and_told_who_is_first(home: Home) -> None:
    with running(home) as first:
        first.wait_until(lambda status: True)
        second = Running(home)
        assert second.finish() == 1
        assert holder(home.run) == first.process.pid
        assert first.status()["pid"] == first.process.pid


def test_after_a_kill_the_next_one_starts_and_finds_what_changed_meanwhile(
    home: Home, notes: Path
) -> None:
    with running(home) as daemon:
        daemon.wait_until_read(12)
        daemon.kill()
    assert holder(home.run) is None
    (notes / "note3.md").unlink()
    (notes / "late.md").write_text("# Late\n\nWritten while nobody watched.\n")
    (notes / "late2.md").write_text("# Late too\n\nAlso.\n")
    with running(home) as daemon:
        daemon.wait_until_read(13)


def test_the_socket_is_for_its_owner_alone_and_goes_with_the_daemon(home: Home) -> None:
    with running(home) as daemon:
        daemon.wait_until(lambda status: True)
        socket = home.run / ipc.SOCKET
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(home.run.stat().st_mode) == 0o700
        daemon.end()
        assert not socket.exists()


def test_it_listens_elsewhere_when_its_home_lies_too_deep(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)
    deep.mkdir(parents=True)
    home = make_home(deep / "home")
    with running(home) as daemon:
        status = daemon.wait_until(lambda status: True)
        assert status["pid"] == daemon.process.pid
        place = ipc.find_socket(home.run)
        assert len(os.fsencode(place)) < 104
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        daemon.end()
        assert not place.exists()


def test_signals_and_the_call_end_it_in_order(home: Home) -> None:
    for end in (signal.SIGTERM, signal.SIGINT):
        with running(home) as daemon:
            daemon.wait_until_read(12)
            daemon.process.send_signal(end)
            assert daemon.finish() == 0
    with running(home) as daemon:
        daemon.wait_until_read(12)
        daemon.call("stop")
        assert daemon.finish() == 0


def test_a_hangup_reads_settings_and_sources_anew(home: Home, tmp_path: Path) -> None:
    with running(home) as daemon:
        daemon.wait_until_read(12)
        home.config.write_text("[watch]\nworkers = 'many'\n")
        daemon.process.send_signal(signal.SIGHUP)
        status = daemon.wait_until(lambda status: bool(status["problems"]))
        assert "workers" in status["problems"][0]["what"]
        home.config.write_text("")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_until(lambda status: not status["problems"])


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


def test_a_pause_is_kept_through_a_restart(home: Home) -> None:
    with running(home) as daemon:
        daemon.wait_until_read(12)
        daemon.call("pause", seconds=3600)
        daemon.wait_until(lambda status: status["state"] == "paused")
        daemon.end()
    with running(home) as daemon:
        assert daemon.wait_until_read(12)["paused_until"]
        daemon.wait_until(lambda status: status["state"] == "paused")
        daemon.call("resume")
        assert daemon.status()["paused_until"] is None


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
            [*personald("documents", "list", "--failed"), "--home", str(home.path), "--json"],
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


def test_the_log_tells_the_story_without_a_word_or_path_of_a_document(
    home: Home, notes: Path
) -> None:
    (notes / "Quetzalcoatl.md").write_text("# Axolotl\n\nXochimilco is where she lives.\n")
    with running(home) as daemon:
        daemon.wait_until_read(13)
        (notes / "Quetzalcoatl.md").unlink()
        daemon.wait_until_read(12)
        daemon.end()
    log = (home.logs / "daemon.log").read_text()
    assert "13 new" in log
    assert "1 deleted" in log
    for word in ("Quetzalcoatl", "Axolotl", "Xochimilco", str(notes)):
        assert word not in log
    assert (home.logs / "daemon.log").stat().st_mode & 0o077 == 0


def test_it_imports_nothing_heavy_and_stays_small(home: Home) -> None:
    program = (
        "import sys, threading, time\n"
        "from personald.config import Home, load_settings\n"
        "from personald.daemon import Daemon\n"
        "from pathlib import Path\n"
        f"home = Home(Path({str(home.path)!r}))\n"
        "daemon = Daemon(home, load_settings(home))\n"
        "code = daemon.run()\n"
        "heavy = {'mlx', 'mlx_lm', 'transformers', 'bs4', 'lxml', 'numpy', 'yaml', 'torch', 'selectolax'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    with running(home, program=program) as daemon:
        daemon.wait_until_read(12)
        resident = _resident_kilobytes(daemon.process.pid)
        daemon.process.send_signal(signal.SIGTERM)
        said, _ = daemon.process.communicate(timeout=30)
        assert said.strip() == b"[]"
    if resident is not None:
        assert resident < 80_000


def test_an_unforeseen_error_ends_it_so_that_it_is_started_anew_and_thrice_is_enough(
    home: Home,
) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from personald.config import Home, load_settings\n"
        "from personald.daemon import Daemon\n"
        f"home = Home(Path({str(home.path)!r}))\n"
        "daemon = Daemon(home, load_settings(home))\n"
        "def broken(): raise KeyError('a secret word')\n"
        "daemon.training.tick = broken\n"
        "sys.exit(daemon.run())\n"
    )
    for _ in range(3):
        with running(home, program=program) as daemon:
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
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from personald.config import Home, load_settings\n"
        "from personald.daemon import Daemon\n"
        f"home = Home(Path({str(home.path)!r}))\n"
        "shift = [0.0]\n"
        "daemon = Daemon(home, load_settings(home), clock=lambda: time.time() + shift[0])\n"
        "answer = daemon.handle\n"
        "def handle(name, arguments, emit):\n"
        "    if name == 'set back':\n"
        "        shift[0] = -365 * 86400.0\n"
        "        daemon.tick()\n"
        "        return {}\n"
        "    return answer(name, arguments, emit)\n"
        "daemon.handle = handle\n"
        "sys.exit(daemon.run())\n"
    )
    with running(home, program=program) as daemon:
        daemon.wait_until_read(12)
        daemon.call("set back")
        (notes / "after.md").write_text("# After\n\nThe clock was set back.\n")
        daemon.wait_until_read(13)
        assert daemon.end() == 0
    assert "its clock was set" in (home.logs / "daemon.log").read_text()


def test_another_version_installed_over_it_makes_it_start_anew(home: Home) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from personald.config import Home, load_settings\n"
        "from personald.daemon import Daemon\n"
        f"home = Home(Path({str(home.path)!r}))\n"
        "versions = ['1.0', '1.0', '1.1']\n"
        "hours = [0.0]\n"
        "daemon = Daemon(home, load_settings(home), installed=lambda: versions.pop(0),\n"
        "                monotonic=lambda: hours[0] * 3600 + time.monotonic())\n"
        "answer = daemon.handle\n"
        "def handle(name, arguments, emit):\n"
        "    if name == 'an hour later':\n"
        "        hours[0] += 1\n"
        "        daemon.tick()\n"
        "        return {}\n"
        "    return answer(name, arguments, emit)\n"
        "daemon.handle = handle\n"
        "sys.exit(daemon.run())\n"
    )
    with running(home, program=program) as daemon:
        daemon.wait_until_read(12)
        daemon.call("an hour later")
        assert daemon.status()["pid"] == daemon.process.pid
        daemon.call("an hour later")
        assert daemon.finish() == 75


def test_after_an_upgrade_the_new_version_runs_in_the_same_process(
    home: Home, notes: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    install(site, "1.0")
    with running(home, environment={"PYTHONPATH": str(site)}) as daemon:
        daemon.wait_until_read(12)
        assert daemon.status()["version"] == "1.0"
        install(site, "2.0")
        daemon.call("reload")
        status = daemon.wait_until(lambda status: status["version"] == "2.0")
        assert status["pid"] == daemon.process.pid
        (notes / "later.md").write_text("# Later\n\nWritten after the upgrade.\n")
        daemon.wait_until_read(13)
        assert daemon.end() == 0
    assert "another version was installed" in (home.logs / "daemon.log").read_text()


def install(site: Path, version: str) -> None:
    """Leave what an installer leaves, in place of what lay there: the metadata of a version of personald."""
    for old in site.glob("*.dist-info"):
        shutil.rmtree(old)
    folder = site / f"personald-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: personald\nVersion: {version}\n"
    )


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
            largest = max(largest, _resident_kilobytes(daemon.process.pid) or 0)
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


def personald(*words: str) -> list[str]:
    return [sys.executable, "-m", "personald", *words]


def _resident_kilobytes(pid: int) -> int | None:
    path = Path(f"/proc/{pid}/status")
    if not path.exists():
        return None
    line = next(line for line in path.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])
