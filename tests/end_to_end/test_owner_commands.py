"""`remember`, `review`, `why` and `forget` as a person uses them, through the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from personald.instance import training_lock

from .household import Household

HEALTH = "My blood pressure medicine is Ramipril."


@pytest.fixture
def household(tmp_path: Path) -> Household:
    household = Household(tmp_path)
    household.init()
    return household


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Household:
    """A household for calls that change nothing."""
    household = Household(tmp_path_factory.mktemp("unchanged"))
    household.init()
    return household


def test_what_is_remembered_is_found_waits_where_it_must_and_can_be_forgotten(
    household: Household,
) -> None:
    told = household.json("remember", f"My dentist is Doctor Weiss. {HEALTH}")
    assert (told["domain"], told["waits_for_review"]) == ("notes", ["health"])
    household.read()
    (document,) = household.json("documents", "list")["documents"]
    assert document["kind"] == "remembered"
    (matter,) = household.json("review", "list")["matters"]
    assert (matter["number"], matter["text"], matter["decision"]) == (1, HEALTH, "waiting")
    household.json("review", "approve", "1")
    assert household.json("review", "list")["matters"] == []
    assert household.json("review", "show", "1")["decision"] == "approved"
    (dentist,) = [
        fact
        for fact in household.json("why", "Who is my dentist?")["facts"]
        if "Weiss" in fact["value"]
    ]
    assert (dentist["document"], dentist["studied"]) == (document["id"], True)
    assert "Doctor Weiss" in dentist["quote"]
    receipt = household.json("forget", document["id"], "--yes")
    assert receipt["proof"]["left_in_store"] == 0
    assert household.json("forget", "--receipts")["receipts"][0]["receipt"] == receipt["receipt"]
    assert household.json("documents", "list")["documents"] == []


def test_while_somebody_trains_nothing_is_forgotten_and_it_says_so(household: Household) -> None:
    household.json("remember", "The key is under the blue pot.")
    with training_lock(household.home / "run"):
        line = household.error("forget", "--matching", "blue pot", "--yes", code=3)
    assert "training" in line
    assert len(household.json("documents", "list")["documents"]) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["remember", "  …  "],
        ["review", "approve"],
        ["review", "approve", "7"],
        ["review", "show", "7"],
        ["why", "  "],
        ["why", "mail/9"],
        ["forget", "ffffffff", "--yes"],
        ["forget", "--matching", "a", "--yes"],
        ["forget", "--receipts", "ffff"],
    ],
)
def test_wrong_calls_are_one_clear_line(unchanged: Household, words: list[str]) -> None:
    done = unchanged.run(*words)
    assert done.returncode in (1, 2), done
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
