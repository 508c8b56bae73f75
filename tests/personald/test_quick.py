"""The plain `personald status`: the same answer as the long way round, and much less imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from personald.cli.quick import Question, parse
from tests.personald.running import make_home, running


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("status", Question()),
        ("status --json", Question(as_json=True)),
        ("--home /h status --menubar", Question("/h", menubar=True)),
        ("status --home /h --json", Question("/h", as_json=True)),
        ("", None),
        ("status --help", None),
        ("status --jsn", None),
        ("status --home", None),
        ("status 3", None),
        ("sync status", None),
        ("--version", None),
    ],
)
def test_only_a_plain_call_is_answered_here(line: str, question: Question | None) -> None:
    assert parse(line.split()) == question


@pytest.mark.parametrize("form", [[], ["--json"], ["--menubar"]])
def test_the_answer_is_the_one_of_the_long_way(tmp_path: Path, form: list[str]) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "bees.md").write_text("# Bees\n\nHarriet keeps bees.\n")
    home = make_home(tmp_path / "home", notes)
    with running(home) as daemon:
        daemon.wait_until_read(1)
        daemon.wait_until(lambda status: status["state"] != "reading" and status["conditions"])
        quick, long = (_ask(home.path, [*form, *more]) for more in ([], ["--yes"]))
    assert quick == long
    assert quick.strip()
    if form == ["--json"]:
        assert json.loads(quick)["documents"]["total"] == 1


def test_neither_click_nor_the_store_is_imported(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    program = (
        "import sys; from personald.cli import main\n"
        f"sys.argv = ['personald', 'status', '--home', {str(home.path)!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'click', 'rich', 'keyring', 'cryptography', 'sqlite3'} & set(sys.modules)))"
    )
    with running(home) as daemon:
        daemon.wait_until(lambda status: True)
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
    assert done.stdout.endswith("\n[]\n")


def _ask(home: Path, words: list[str]) -> str:
    command = [sys.executable, "-m", "personald", "status", "--home", str(home), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
