"""Real events of this system, and what happens where there are none."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from personald.watch.hints import Hints
from personald.watch.observer import Means, Observatory


@pytest.fixture
def hints() -> Hints:
    return Hints(0.05, time.monotonic)


@pytest.fixture
def observatory(hints: Hints) -> Iterator[Observatory]:
    made = Observatory(hints)
    yield made
    made.close()


def heard(hints: Hints, seconds: float = 3.0) -> set[str]:
    """Names that were said until nothing more comes."""
    names: set[str] = set()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        settled = hints.take(0.3)
        names |= {path.name for paths in settled.paths.values() for path in paths}
        names |= {f"source {source}" for source in settled.sources}
        if not settled and names:
            break
    return names


def test_saves_of_editors_are_heard(observatory: Observatory, hints: Hints, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("1")
    assert observatory.watch(1, tmp_path).means is Means.EVENTS
    # As vim saves: the old one moved away, a new one written, the old one deleted.
    (tmp_path / "note.md").rename(tmp_path / "note.md~")
    (tmp_path / "note.md").write_text("2")
    (tmp_path / "note.md~").unlink()
    # As others do: a draft is written, then moved over.
    (tmp_path / ".draft").write_text("x")
    (tmp_path / ".draft").rename(tmp_path / "other.md")
    assert {"note.md", "other.md"} <= heard(hints)


def test_a_new_folder_and_what_is_in_it(
    observatory: Observatory, hints: Hints, tmp_path: Path
) -> None:
    observatory.watch(1, tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "deep.md").write_text("x")
    assert heard(hints) & {"sub", "deep.md"}


def test_programs_folders_and_temporary_files_say_nothing(
    observatory: Observatory, hints: Hints, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").mkdir()
    observatory.watch(1, tmp_path)
    (tmp_path / "node_modules" / "readme.md").write_text("x")
    (tmp_path / ".note.md.swp").write_text("x")
    (tmp_path / "real.md").write_text("x")
    assert heard(hints) == {"real.md"}


def test_reading_a_file_is_no_event(observatory: Observatory, hints: Hints, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("x")
    observatory.watch(1, tmp_path)
    (tmp_path / "note.md").read_text()
    assert heard(hints, 0.5) == set()


def test_a_single_file_hears_only_of_itself(
    observatory: Observatory, hints: Hints, tmp_path: Path
) -> None:
    (tmp_path / "inbox.mbox").write_text("x")
    observatory.watch(1, tmp_path / "inbox.mbox")
    (tmp_path / "other.md").write_text("x")
    (tmp_path / "inbox.mbox").write_text("y")
    assert heard(hints) == {"inbox.mbox"}


def test_a_folder_that_moves_makes_its_source_be_looked_through(
    observatory: Observatory, hints: Hints, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    observatory.watch(4, tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert "source 4" in heard(hints)


def test_lost_events_make_every_source_be_looked_through(
    observatory: Observatory, hints: Hints, tmp_path: Path
) -> None:
    observatory.watch(5, tmp_path)
    logging.getLogger("watchdog.observers.inotify_c").warning(
        "Inotify queue overflowed; filesystem events were lost"
    )
    assert heard(hints) == {"source 5"}


def test_network_volumes_are_polled_and_it_is_said_so(hints: Hints, tmp_path: Path) -> None:
    observatory = Observatory(hints, mounts=lambda: f"server:/x {tmp_path} nfs4 rw 0 0\n")
    watching = observatory.watch(1, tmp_path)
    assert watching.means is Means.POLLING
    assert "nfs4" in watching.reason


def test_without_events_of_the_system_it_is_polled_and_said_so(
    observatory: Observatory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("watchdog.observers.inotify_c.InotifyFD.add_callback", refuse, raising=True)
    watching = observatory.watch(1, tmp_path)
    assert watching.means is Means.POLLING
    assert "limit" in watching.reason


def test_a_source_that_is_left_says_nothing_more(
    observatory: Observatory, hints: Hints, tmp_path: Path
) -> None:
    observatory.watch(1, tmp_path)
    observatory.leave(1)
    (tmp_path / "note.md").write_text("x")
    assert heard(hints, 0.5) == set()


CROWDED = """
import pathlib, sys, time
pathlib.Path("/proc/sys/user/max_inotify_watches").write_text("20")
from personald.watch.hints import Hints
from personald.watch.observer import Observatory
folder = pathlib.Path(sys.argv[1])
observatory = Observatory(Hints(0.05, time.monotonic))
before = observatory.watch(1, folder)
print(before.means.value, before.reason)
pathlib.Path("/proc/sys/user/max_inotify_watches").write_text("2000")
after = observatory.again(1, folder, before)
print(after.means.value, after.reason)
pathlib.Path("/proc/sys/user/max_inotify_watches").write_text("20")
print(observatory.again(1, folder, after).means.value)
observatory.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limit")
def test_folders_that_the_system_refuses_to_watch_are_polled_until_the_limit_is_raised(
    tmp_path: Path,
) -> None:
    for number in range(60):
        (tmp_path / str(number)).mkdir()
    confined = ["unshare", "--user", "--map-root-user", sys.executable, "-c", CROWDED]
    done = subprocess.run([*confined, str(tmp_path)], capture_output=True, text=True)
    if "Operation not permitted" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("this system gives no user namespace, in which the limit could be set")
    assert done.stdout.splitlines() == [
        "polling as many folders are watched as are allowed (fs.inotify.max_user_watches)",
        "events ",
        "polling",
    ], done.stderr
