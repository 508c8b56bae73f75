"""The command line as a person and a script meet it: real processes, one line for an error, the right code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def personald(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "personald", *words], capture_output=True, text=True, check=False
    )


def test_the_overview_names_every_command_and_imports_none() -> None:
    program = (
        "import sys; from personald.cli import main\n"
        "sys.argv = ['personald', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('mlx', 'keyring', 'bs4')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "source" in done.stdout
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("words", [["nonsense"], ["status", "--nonsense"], ["ask"]])
def test_wrong_usage_is_one_line_and_code_2(words: list[str]) -> None:
    done = personald(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["status"], ["documents", "list"], ["search", "x"], ["train"]])
def test_a_home_that_was_never_made_says_to_make_it(words: list[str], tmp_path: Path) -> None:
    done = personald(*words, "--home", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "personald init" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()
