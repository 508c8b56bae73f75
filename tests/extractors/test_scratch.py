"""Scratch folders are gone when their process is, however it ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from extractors.scratch import Scratch, remove_abandoned

HOLDING = """
import sys
from extractors.scratch import Scratch
scratch = Scratch()
(scratch.path / "part-1").mkdir()
(scratch.path / "part-1" / "letter.txt").write_text("Dear Harriet")
print(scratch.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither other tests' folders nor those of daemons at work are among those looked at."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


def holding() -> tuple[subprocess.Popen[str], Path]:
    """A process that has written something into a scratch folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_removed_by_the_next() -> None:
    process, left = holding()
    process.kill()
    process.communicate()
    assert (left / "part-1" / "letter.txt").exists()
    scratch = Scratch()
    assert not left.exists()
    assert scratch.path.exists()
    scratch.remove()


def test_what_is_in_use_is_left_alone(tmp_path: Path) -> None:
    process, used = holding()
    mine = Scratch()
    remove_abandoned(tmp_path)
    assert (used / "part-1" / "letter.txt").read_text() == "Dear Harriet"
    assert mine.path.exists()
    mine.remove()
    process.communicate("")


def test_a_link_with_such_a_name_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("Dear Ada")
    (tmp_path / "personald-scratch-link").symlink_to(tmp_path / "letters")
    remove_abandoned(tmp_path)
    assert (tmp_path / "letters" / "letter.txt").exists()


def test_only_its_owner_may_look_into_it() -> None:
    scratch = Scratch()
    assert scratch.path.stat().st_mode & 0o777 == 0o700
    scratch.remove()
    assert not scratch.path.exists()
