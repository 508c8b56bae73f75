"""The one line, the contract of `status --json`, and the menu bar."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from personald import menubar
from personald.access import Access, how_to_allow
from personald.conditions import Condition
from personald.errors import PersonaldError
from personald.ingest.view import SourceView, View
from personald.planner import Decision, DomainFacts
from personald.state import Run, RunState
from personald.status import Problem, Snapshot, from_daemon
from personald.watch.observer import Means, Watching
from personald.watch.reach import Reach

NOW = 1_800_000_000.0
CONDITIONS = (Condition("mains", True, "on mains"), Condition("away", None, "it cannot be told"))
SOURCE = SourceView(
    1, "/home/ada/notes", "", Reach(True, device=1), Watching(Means.EVENTS), True, 12
)
VIEW = View(
    ready=True,
    sources=(SOURCE,),
    total=12,
    failed=1,
    domains=(DomainFacts("notes", 12, 5, 3),),
)


def snapshot(
    view: View = VIEW,
    state: RunState | None = None,
    decision: Decision | None = None,
    job: dict[str, Any] | None = None,
    problems: tuple[Problem, ...] = (),
    sync: dict[str, Any] | None = None,
) -> Snapshot:
    return from_daemon(
        7,
        "1.2",
        Access.GIVEN,
        view,
        state or RunState(),
        decision or Decision(None, "running on battery, plug it in", ("notes",)),
        CONDITIONS,
        job,
        sync or {},
        problems,
        NOW,
    )


@pytest.mark.parametrize(
    ("taken", "state", "words"),
    [
        (snapshot(), "waiting", "running on battery, plug it in"),
        (snapshot(decision=Decision(None, "all learnt")), "learnt", "all learnt"),
        (snapshot(view=replace(VIEW, reading=1)), "reading", "sources"),
        (snapshot(view=replace(VIEW, ready=False)), "reading", "sources"),
        (snapshot(view=replace(VIEW, pending=3)), "reading", "3 changed files"),
        (snapshot(state=RunState(paused_until=NOW + 60)), "paused", "paused until"),
        (snapshot(state=RunState(paused_until=float("inf"))), "paused", "until resumed"),
        (snapshot(problems=(Problem("It crashed."),)), "degraded", "It crashed."),
        (snapshot(view=replace(VIEW, problem=PersonaldError("No room."))), "degraded", "No room."),
        (
            snapshot(job={"domain": "notes", "phase": "training", "done": 3, "total": 9}),
            "training",
            "training notes: training, 3 of 9",
        ),
    ],
)  # fmt: skip
def test_one_word_and_one_line_say_what_it_does(taken: Snapshot, state: str, words: str) -> None:
    assert taken.state == state
    assert words in taken.reason
    assert "\n" not in taken.reason


def test_the_contract_of_status_json() -> None:
    told = json.loads(json.dumps(snapshot().to_json()))
    promised = "state reason conditions sources documents domains job sync problems"
    assert set(promised.split()) <= set(told)
    assert told["version"] == "1.2"
    assert told["conditions"]["away"] == {"holds": None, "reason": "it cannot be told"}
    assert told["documents"] == {"total": 12, "pending": 0, "failed": 1}
    assert told["domains"]["notes"] == {"active": None, "trained_at": None, "stale_documents": 3}
    assert told["job"] is None


def test_what_is_wrong_is_listed_with_its_remedy() -> None:
    gone = replace(SOURCE, reach=Reach(False, "it is not there; its volume may not be mounted"))
    denied = replace(SOURCE, reach=Reach(False, "the system forbids reading it", denied=True))
    failed = RunState().with_domain("mail", failures=2, result="out of memory")
    taken = snapshot(
        view=replace(VIEW, sources=(gone, denied)),
        state=failed,
        sync={"problem": "The folder is not there."},
    )
    problems = taken.fields["problems"]
    assert len(problems) == 4
    assert "Nothing of it is forgotten" in problems[0]["remedy"]
    assert problems[1]["remedy"] == how_to_allow()
    assert "failed 2 times" in problems[2]["what"]
    assert all(problem["remedy"] for problem in problems)


PROGRAM = ("/opt/it's/python", "-m", "personald")


def lines(taken: Snapshot, reports: Path) -> list[str]:
    return list(menubar.render(taken, PROGRAM, reports))


def test_the_menu_says_it_all_in_the_form_of_swiftbar(tmp_path: Path) -> None:
    (tmp_path / "notes-3.md").write_text("# notes/3\n")
    state = RunState().with_run(Run("notes", NOW - 60, NOW, "finished", "promoted"))
    shown = lines(snapshot(state=state), tmp_path)
    assert shown[1] == "---"
    assert "sfimage=" in shown[0]
    text = "\n".join(shown)
    assert "running on battery, plug it in" in text
    assert "Learnt notes anew" in text
    assert "Pause for 1 hour" in text
    assert "Pause until tomorrow" in text
    assert "Train now" in text
    assert (
        f'Open report | bash="/usr/bin/open" shell="/usr/bin/open" param1="{tmp_path}/notes-3.md"'
        in text
    )
    assert 'bash="/opt/it\'s/python"' in text
    assert "terminal=false" in text


def test_a_paused_daemon_offers_to_go_on_and_a_stopped_one_to_start(tmp_path: Path) -> None:
    paused = snapshot(state=RunState(paused_until=NOW + 60))
    assert any(line.startswith("Resume |") for line in lines(paused, tmp_path))
    stopped = Snapshot("stopped", "the daemon is not running", None, {})
    assert any(line.startswith("Start |") for line in lines(stopped, tmp_path))


def test_nothing_that_is_told_can_break_the_menu(tmp_path: Path) -> None:
    problem = Problem("--- a | b\nc " + "x" * 500, "do | this")
    shown = lines(snapshot(problems=(problem,)), tmp_path)
    for line in shown:
        assert "\n" not in line
        assert line == "---" or line.count("|") == 1
        assert len(line) < 700
    assert sum(line.startswith("---") and line != "---" for line in shown) == 0
