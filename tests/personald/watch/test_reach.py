"""A source that is not there is not empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from personald.watch.reach import reach


def test_a_folder_is_there(tmp_path: Path) -> None:
    found = reach(tmp_path, None)
    assert found.there
    assert found.device == tmp_path.stat().st_dev


def test_a_missing_folder_is_not_reachable(tmp_path: Path) -> None:
    found = reach(tmp_path / "volume", None)
    assert not found.there
    assert "mounted" in found.reason
    assert not found.denied


def test_an_empty_folder_on_another_volume_is_a_volume_that_is_not_mounted(tmp_path: Path) -> None:
    assert not reach(tmp_path, tmp_path.stat().st_dev + 1).there
    (tmp_path / "note.md").write_text("x")
    assert reach(tmp_path, tmp_path.stat().st_dev + 1).there


def test_a_folder_that_was_emptied_on_its_own_volume_is_there(tmp_path: Path) -> None:
    assert reach(tmp_path, tmp_path.stat().st_dev).there


def test_denied_is_told_apart_from_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.scandir", refuse)
    found = reach(tmp_path, None)
    assert (found.there, found.denied) == (False, True)
