"""The daemon as a process: one for each home, what it does with changes, what it says, and how it ends."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

from personald import ipc
from personald.config import Home
from personald.instance import holder
from tests.personald.running import Running, make_home, program, resident_kilobytes, running


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
    body = (
        "daemon = Daemon(home, load_settings(home))\n"
        "code = daemon.run()\n"
        "heavy = {'mlx', 'mlx_lm', 'transformers', 'bs4', 'lxml', 'numpy', 'yaml', 'torch', 'selectolax'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    with running(home, program=program(home, body)) as daemon:
        daemon.wait_until_read(12)
        resident = resident_kilobytes(daemon.process.pid)
        daemon.process.send_signal(signal.SIGTERM)
        said, _ = daemon.process.communicate(timeout=30)
        assert said.strip() == b"[]"
    if resident is not None:
        assert resident < 60_000
