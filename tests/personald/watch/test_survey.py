"""What the file system says, against what the store knows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from personald.store import FileStat
from personald.watch.survey import Kind, Survey
from tests.personald.watch.conftest import Desk


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)


def test_new_then_unchanged(desk: Desk, folder: Path) -> None:
    write(folder, one="1", two="2")
    assert desk.look() == {"one.md": Kind.NEW, "two.md": Kind.NEW}
    assert desk.look() == {}


def test_an_unchanged_file_is_not_opened(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, one="1")
    desk.look()
    opened: list[str] = []
    monkeypatch.setattr(
        "personald.watch.survey.open_regular", lambda path: opened.append(str(path))
    )
    assert desk.look() == {}
    assert opened == []


def test_changed_touched_and_gone(desk: Desk, folder: Path) -> None:
    write(folder, changed="1", touched="2", gone="3")
    desk.look()
    write(folder, changed="one")
    os.utime(folder / "touched.md", (1, 1))
    (folder / "gone.md").unlink()
    assert desk.look() == {
        "changed.md": Kind.CHANGED,
        "touched.md": Kind.TOUCHED,
        "gone.md": Kind.GONE,
    }
    assert desk.look() == {}


def test_a_change_that_keeps_size_and_time_of_day_is_seen_by_the_clock(
    desk: Desk, folder: Path
) -> None:
    write(folder, one="aaa")
    desk.look()
    before = (folder / "one.md").stat()
    write(folder, one="bbb")
    os.utime(folder / "one.md", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert desk.look() == {"one.md": Kind.CHANGED}


def test_a_renamed_file_keeps_its_document(desk: Desk, folder: Path) -> None:
    write(folder, old="content")
    desk.look()
    (folder / "old.md").rename(folder / "new.md")
    assert desk.look() == {"new.md": Kind.RENAMED}
    state = desk.store.file_state(desk.source.id, folder / "new.md")
    assert state is not None
    assert state.documents == 1
    assert desk.store.counts().total == 1


def test_a_folder_that_moves_takes_its_files_with_it(desk: Desk, folder: Path) -> None:
    (folder / "a").mkdir()
    for number in range(20):
        write(folder / "a", **{f"n{number}": f"text {number}"})
    desk.look()
    (folder / "a").rename(folder / "b")
    assert set(desk.look().values()) == {Kind.RENAMED}
    assert desk.store.counts().total == 20


def test_a_file_copied_elsewhere_and_deleted_is_known_by_its_content(
    desk: Desk, folder: Path
) -> None:
    write(folder, old="the very same words")
    desk.look()
    shutil.copyfile(folder / "old.md", folder / "new.md")
    (folder / "old.md").unlink()
    assert desk.look() == {"new.md": Kind.RENAMED}


def test_two_files_of_one_content_do_not_become_one(desk: Desk, folder: Path) -> None:
    write(folder, one="same", two="same")
    desk.look()
    (folder / "one.md").rename(folder / "three.md")
    write(folder, four="same")
    assert desk.look() == {"three.md": Kind.RENAMED, "four.md": Kind.NEW}


def test_links_pipes_and_programs_folders_are_passed_over_and_counted(
    desk: Desk, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    write(outside, secret="outside")
    (folder / "link").symlink_to(outside)
    (folder / "note.md").symlink_to(outside / "secret.md")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    (folder / ".git").mkdir()
    write(folder / ".git", inside="x")
    survey = Survey(desk.store, desk.source)
    assert list(survey.look_through()) == []
    assert survey.tally.skipped["symbolic link"] == 3
    assert survey.tally.skipped["not a regular file"] == 1
    assert survey.tally.skipped["program's own folder"] == 1


def test_a_file_that_becomes_a_link_is_gone(desk: Desk, folder: Path, tmp_path: Path) -> None:
    write(folder, note="words")
    desk.look()
    (folder / "note.md").rename(tmp_path / "elsewhere.md")
    (folder / "note.md").symlink_to(tmp_path / "elsewhere.md")
    assert desk.look() == {"note.md": Kind.GONE}


def test_hints_name_only_what_they_name(desk: Desk, folder: Path) -> None:
    write(folder, one="1", two="2")
    survey = Survey(desk.store, desk.source)
    found = list(survey.look_at([folder / "one.md", folder / "nowhere.md"]))
    assert [(finding.kind, finding.path.name) for finding in found] == [(Kind.NEW, "one.md")]


def test_a_hint_for_a_folder_means_what_is_in_it(desk: Desk, folder: Path) -> None:
    (folder / "sub").mkdir()
    write(folder / "sub", one="1")
    found = list(Survey(desk.store, desk.source).look_at([folder / "sub"]))
    assert [finding.path.name for finding in found] == ["one.md"]


def test_what_is_missing_is_gone_only_when_it_stays_away(desk: Desk, folder: Path) -> None:
    write(folder, note="1")
    desk.look()
    (folder / "note.md").unlink()
    survey = Survey(desk.store, desk.source)
    assert list(survey.look_at([folder / "note.md"])) == []
    write(folder, note="back again")
    assert list(survey.gone()) == []


def test_a_new_version_of_an_extractor_reads_again(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, one="1")
    desk.look()
    monkeypatch.setattr("extractors.registry.is_current", lambda stamp: False)
    assert desk.look() == {"one.md": Kind.CHANGED}


def test_a_file_over_which_a_worker_died_rests_until_it_changes(desk: Desk, folder: Path) -> None:
    write(folder, bomb="1")
    status = (folder / "bomb.md").lstat()
    stat = FileStat(status.st_size, status.st_mtime_ns, status.st_ino)
    desk.store.put_file(desk.source.id, folder / "bomb.md", stat, b"", [], 0)
    assert desk.look() == {}
    write(folder, bomb="12")
    assert desk.look() == {"bomb.md": Kind.CHANGED}


def test_a_source_may_be_one_file(desk: Desk, tmp_path: Path) -> None:
    mailbox = tmp_path / "inbox.md"
    mailbox.write_text("x")
    source = desk.store.add_source(mailbox)
    assert Desk(desk.store, source).look() == {"inbox.md": Kind.NEW}
