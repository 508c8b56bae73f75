"""The doctor: what is wrong is found, named, and comes with the way to mend it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from personald import ipc
from personald.assembly import Owner
from personald.commands import Output
from personald.config import Home, load_settings
from personald.doctor import Finding, examine, machine, watching
from personald.metal import parse_speed
from personald.state import Run, StateFile
from sync.outbox import Blob
from tests.personald.running import make_home, open_store, running

NOW = 1_800_000_000.0


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "bees.md").write_text("# Bees\n\nHarriet keeps bees.\n")
    return folder


@pytest.fixture
def home(tmp_path: Path, notes: Path) -> Home:
    return make_home(tmp_path / "home", notes)


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {item.name: item for item in findings}


@contextmanager
def daemon_that(home: Home, answer: Callable[[str, Mapping[str, Any]], Any]) -> Iterator[None]:
    """A daemon of which only its voice is there."""
    server = ipc.Server(home.run, lambda name, arguments, _: answer(name, arguments))
    server.start()
    try:
        yield
    finally:
        server.stop()


def test_a_sound_home_without_a_daemon(home: Home) -> None:
    found = by_name(examine(home))
    assert found["home"].works
    assert found["keys"].works
    assert found["store"].works
    assert found["source 1"].works
    assert found["clock"].works
    assert found["daemon"].works is None
    assert "personald run" in found["daemon"].remedy
    assert found["metal"] == Finding("metal", None, "not applicable: this is no Mac")
    assert "not applicable" in found["full disk access"].detail
    assert not [item for item in found.values() if item.works is False]


def test_a_running_daemon_is_asked(home: Home) -> None:
    with running(home) as daemon:
        daemon.wait_until_read(1)
        found = by_name(examine(home))
        assert found["daemon"].works
        assert str(daemon.process.pid) in found["daemon"].detail
        assert found["source 1"].works
        assert daemon.call("measure")["gflops"] > 0.1


def test_a_home_that_was_never_made_is_one_finding(tmp_path: Path) -> None:
    found = by_name(examine(Home(tmp_path / "nowhere")))
    assert found["home"].works is False
    assert "personald init" in found["home"].remedy
    assert "keys" not in found


def test_wrong_settings_and_a_lost_key_are_told_and_the_rest_goes_on(
    home: Home, tmp_path: Path
) -> None:
    (tmp_path / "keys").unlink()
    found = by_name(examine(home))
    for name in ("keys", "store", "sources"):
        assert found[name].works is False
        assert found[name].remedy
    assert found["base model"].works
    home.config.write_text("[watch]\nworkers = 'many'\n")
    assert by_name(examine(home))["settings"].works is False


def test_a_clock_that_stands_before_what_was_noted_is_wrong(home: Home) -> None:
    assert machine.clock(home, time.time()).works
    year = 365 * 86400.0
    back = machine.clock(home, time.time() - year)
    assert back.works is False
    assert back.remedy
    run = Run("notes", time.time() + year, time.time() + year, "finished")
    StateFile(home.state).change(lambda state: state.with_run(run))
    assert machine.clock(home, time.time()).works is False


@pytest.mark.parametrize(
    ("output", "speed"),
    [
        (Output(0, b'{"gflops": 35.1}\n', b""), 35.1),
        (Output(1, b'{"gflops": 35.1}\n', b"[METAL] no device"), None),
        (Output(0, b'{"gflops": 35.1}', b"", truncated=True), None),
        (Output(0, b'{"gflops": 0}', b""), None),
        (Output(0, b'{"gflops": "fast"}', b""), None),
        (Output(0, b"[]", b""), None),
        (Output(0, b"", b""), None),
        (Output(127, b"", b""), None),
    ],
)
def test_only_a_measured_speed_is_one(output: Output, speed: float | None) -> None:
    assert parse_speed(output) == speed


def test_an_agent_that_is_held_back_is_found(home: Home) -> None:
    def fast(argv: list[str], **_: object) -> Output:
        return Output(0, json.dumps({"gflops": 3000.0}).encode(), b"")

    with daemon_that(home, lambda name, _: {"gflops": 380.0}):
        held = machine.metal(home, "darwin", fast)
    assert held.works is False
    assert "3000 GFLOP/s here, 380 for the daemon (13%)" in held.detail
    assert "personald agent install" in held.remedy
    with daemon_that(home, lambda name, _: {"gflops": 2900.0}):
        assert machine.metal(home, "darwin", fast).works
    with daemon_that(home, lambda name, _: {"gflops": None}):
        assert machine.metal(home, "darwin", fast).works is False
    alone = machine.metal(home, "darwin", fast)
    assert alone.works is None
    assert "3000 GFLOP/s" in alone.detail
    assert machine.metal(home, "darwin", lambda *_, **__: Output(1, b"", b"")).works is False


STATUS: dict[str, Any] = {"pid": 7, "state": "waiting", "version": "1.0", "problems": []}


@pytest.mark.parametrize(
    ("changes", "works", "words"),
    [
        ({}, True, "process 7, waiting"),
        ({"version": "0.9"}, None, "version 0.9, 1.0 is installed"),
        ({"state": "degraded", "reason": "The disk is full."}, False, "The disk is full."),
    ],
)
def test_what_the_daemon_says_of_itself(
    changes: dict[str, Any], works: bool | None, words: str
) -> None:
    found = watching.judge_daemon({**STATUS, **changes}, "1.0")
    assert found.works is works
    assert words in found.detail


def test_a_daemon_that_macos_shuts_out_is_told_apart_from_a_terminal(tmp_path: Path) -> None:
    (denied,) = watching.full_disk_access(tmp_path, "darwin", {"full_disk_access": "denied"})
    assert denied.works is None
    assert "the daemon has it not" in denied.detail
    assert "Full Disk Access" in denied.remedy
    (given,) = watching.full_disk_access(tmp_path, "darwin", {"full_disk_access": "given"})
    assert given.works
    (absent,) = watching.full_disk_access(tmp_path, "darwin", None)
    assert absent.works is None
    assert not absent.remedy


def test_every_source_is_looked_at_and_what_lies_in_the_cloud_is_counted(
    home: Home, notes: Path, tmp_path: Path
) -> None:
    gone, shut = tmp_path / "gone", tmp_path / "shut"
    with open_store(home) as store:
        for folder in (gone, shut):
            folder.mkdir()
            store.add_source(folder)
        gone.rmdir()
        store.record_skipped(1, {watching.IN_CLOUD: 12})
    told = [
        {"id": 1, "reachable": True, "reason": None, "why_polling": "volumes of kind smbfs"},
        {"id": 3, "reachable": False, "reason": "the system forbids", "why_polling": None},
    ]
    settings = load_settings(home)
    found = by_name(watching.sources(home, settings, "darwin", {"sources": told}))
    assert "smbfs" in found["source 1"].detail
    assert found["source 2"].works is False
    assert "source remove 2" in found["source 2"].remedy
    assert found["source 3"].works is False
    assert "not to the daemon" in found["source 3"].detail
    assert "Full Disk Access" in found["source 3"].remedy
    assert found["in the cloud"].detail.startswith("12 files")
    alone = by_name(watching.sources(home, settings, "darwin", None))
    assert alone["source 3"].works


def test_a_damaged_file_in_the_shared_folder_is_counted(tmp_path: Path, notes: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    home = make_home(tmp_path / "home", notes, sync={"folder": str(shared)})
    with Owner(home, load_settings(home)) as owner:
        engine = owner.sync_engine()
        engine.found_group()
        engine.publish([Blob("mail", b"weights"), Blob("notes", b"weights")])
    assert by_name(examine(home))["sync folder"].works
    file = next(shared.rglob("*.pdo"))
    file.write_bytes(file.read_bytes()[:-1])
    found = by_name(examine(home))["sync folder"]
    assert found.works is False
    assert "1 of 2 objects" in found.detail
