"""Every recorded answer of `launchctl print` is understood; what is cut off or foreign stays unknown."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from launchd.printing import Presence, Report, parse_print
from personald.commands import Output

RECORDINGS = Path(__file__).parent / "recordings"

EXPECTED = {
    "running": Report(Presence.LOADED, "running", 3246, None, "", 1),
    "exited-0": Report(Presence.LOADED, "not running", None, 0, "", 1),
    "exited-78": Report(Presence.LOADED, "spawn scheduled", None, 78, "", 1),
    "crash-loop": Report(Presence.LOADED, "spawn scheduled", None, 1, "", 17169),
    "killed-9": Report(Presence.LOADED, "not running", None, None, "Killed: 9", 1),
    "waiting": Report(Presence.LOADED, "waiting", None, 0, "", 0),
    "missing": Report(Presence.ABSENT),
    "missing-old": Report(Presence.ABSENT),
    "no-gui": Report(Presence.NO_SESSION),
}


def recorded(name: str) -> Output:
    with (RECORDINGS / "MANIFEST.tsv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}
    row = rows[f"launchctl-print.{name}.txt"]
    content = (RECORDINGS / row["file"]).read_bytes()
    on_stdout = row["stream"] == "stdout"
    return Output(int(row["exit"]), content if on_stdout else b"", b"" if on_stdout else content)


def test_every_recording_has_a_case() -> None:
    names = {path.name.split(".")[1] for path in RECORDINGS.glob("launchctl-print.*")}
    assert names == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recording_is_read_as_it_was_meant(name: str) -> None:
    assert parse_print(recorded(name)) == EXPECTED[name]


@pytest.mark.parametrize("cut", [0, 1, 40, 200, 900, -3])
def test_an_answer_that_is_cut_off_is_unknown(cut: int) -> None:
    whole = recorded("running")
    assert parse_print(Output(0, whole.stdout[:cut], b"")) == Report(Presence.UNKNOWN)


def test_an_answer_longer_than_the_cap_is_not_read_as_a_prefix() -> None:
    whole = recorded("running")
    assert parse_print(Output(0, whole.stdout, b"", truncated=True)).presence is Presence.UNKNOWN


def test_the_order_of_the_lines_does_not_matter() -> None:
    lines = recorded("waiting").stdout.rstrip().split(b"\n")
    inner = lines[1:-1]
    random.Random(7).shuffle(inner)
    shuffled = b"\n".join([lines[0], *inner, lines[-1]])
    assert parse_print(Output(0, shuffled, b"")) == EXPECTED["waiting"]


def test_nested_blocks_cannot_speak_for_the_service() -> None:
    text = b"gui/501/x = {\n\tcoalition = {\n\t\tstate = active\n\t\tpid = 1\n\t}\n\tstate = waiting\n}\n"
    report = parse_print(Output(0, text, b""))
    assert (report.state, report.pid) == ("waiting", None)


def test_words_of_another_language_are_no_service() -> None:
    assert parse_print(Output(0, "Dienst läuft\n".encode(), b"")).presence is Presence.UNKNOWN
