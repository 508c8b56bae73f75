"""What a new user does by hand, and what a careless one does: each through the real command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .household import Household

CANARY = "quokkaberry"


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


def test_init_shows_the_recovery_code_once_and_refuses_a_second_time(tmp_path: Path) -> None:
    household = Household(tmp_path)
    made = household.init()
    assert len(made["recovery_code"].replace("-", "")) == 28
    assert "already" in household.error("init", "--yes", code=2)
    assert made["recovery_code"] not in household.run("doctor").stdout


def test_without_a_keychain_nothing_falls_back_silently(tmp_path: Path) -> None:
    household = Household(tmp_path)
    line = household.error("init", "--yes", code=5)
    assert "--key-file" in line
    assert not household.home.exists()


@pytest.mark.parametrize("base", ["/nowhere/model", "not a name", "../x"])
def test_a_base_that_is_none_is_refused_before_anything_is_made(tmp_path: Path, base: str) -> None:
    household = Household(tmp_path)
    keys = str(tmp_path / "keys")
    household.error("init", "--yes", "--key-file", keys, "--base", base, code=2)
    assert not household.home.exists()


def test_files_become_documents_that_are_listed_shown_and_found(household: Household) -> None:
    (household.files / "boat.md").write_text(
        "---\ntitle: The boat\n---\n\n# The boat\n\nIt is called Havmåke and lies in Bodø.\n"
    )
    (household.files / "list.txt").write_text("milk\nbread\n")
    counts = household.read()
    assert (counts["seen"], counts["new"], counts["failed"]) == (2, 2, 0)
    listed = household.json("documents", "list")["documents"]
    boat = next(item for item in listed if item["title"] == "The boat")
    assert boat["domain"] == "notes"
    assert boat["origin"] == str(household.files / "boat.md")
    shown = household.json("documents", "show", boat["id"])
    assert "Havmåke" in shown["text"]
    (found,) = household.json("search", "havmåke")["results"]
    assert found["document"] == boat["id"]
    assert household.json("search", "nothing-like-it")["results"] == []


def test_only_what_changed_is_read_again(household: Household) -> None:
    for name in ("a", "b", "c"):
        (household.files / f"{name}.txt").write_text(f"the {name} text\n")
    household.read()
    ids = {row["origin"]: row["id"] for row in household.json("documents", "list")["documents"]}
    (household.files / "a.txt").write_text("another text of it\n")
    (household.files / "b.txt").rename(household.files / "moved.txt")
    (household.files / "c.txt").unlink()
    counts = household.json("source", "scan")
    assert (counts["changed"], counts["deleted"]) == (1, 1)
    after = {row["origin"]: row["id"] for row in household.json("documents", "list")["documents"]}
    assert after == {
        str(household.files / "a.txt"): ids[str(household.files / "a.txt")],
        str(household.files / "moved.txt"): ids[str(household.files / "b.txt")],
    }


def test_bad_files_are_recorded_and_the_rest_goes_on(household: Household) -> None:
    files = household.files
    (files / "good.md").write_text("# Good\n\nThis one is fine.\n")
    (files / "empty.md").write_bytes(b"")
    (files / "binary.md").write_bytes(os.urandom(4096))
    (files / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (files / "latin.txt").write_bytes("Grüße aus Köln, überall schön\n".encode("latin-1"))
    mailbox = (
        "From a@b.example Mon Jan  5 10:00:00 2026\nFrom: a@b.example\nSubject: one\n\nHello\n\n"
    )
    (files / "cut.mbox").write_text(mailbox + "From c@d.example Mon Jan  5 11:00:00 2026\nSubj")
    counts = household.read()
    assert counts["failed"] >= 2
    titles = [row["title"] for row in household.json("documents", "list")["documents"]]
    assert "Good" in titles
    assert any(
        "Grüße" in household.json("documents", "show", row["id"])["text"]
        for row in household.json("documents", "list")["documents"]
        if row["id"]
    )
    failed = household.json("documents", "list", "--failed")["documents"]
    reasons = {Path(row["origin"]).name: row["reason"] for row in failed}
    assert {"binary.md", "broken.pdf"} <= set(reasons)
    assert all(reason and "\n" not in reason for reason in reasons.values())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_counted_and_said(household: Household) -> None:
    closed = household.files / "closed"
    closed.mkdir()
    (household.files / "open.txt").write_text("open\n")
    closed.chmod(0)
    try:
        counts = household.read()
    finally:
        closed.chmod(0o700)
    assert counts["new"] == 1
    assert sum(counts["skipped"].values()) >= 1


def test_a_source_that_vanishes_forgets_nothing(household: Household) -> None:
    (household.files / "note.txt").write_text("still here\n")
    household.read()
    away = household.root / "unplugged"
    household.files.rename(away)
    household.json("source", "scan")
    assert len(household.json("documents", "list")["documents"]) == 1
    findings = household.json("doctor", code=1)["findings"]
    assert any(item["works"] is False and "source" in item["name"] for item in findings)


@pytest.mark.parametrize(
    "words",
    [
        ["source", "add", "/nowhere/at/all"],
        ["source", "scan", "99"],
        ["source", "add", ".", "--kind", "hologram"],
        ["ask", "   "],
        ["eval", "--probes", "/nowhere.jsonl"],
    ],
)
def test_wrong_calls_are_one_clear_line(unchanged: Household, words: list[str]) -> None:
    unchanged.error(*words, code=2)


def test_without_a_daemon_a_new_source_says_how_it_gets_read(household: Household) -> None:
    told = household.run("source", "add", str(household.files), "--yes").stdout
    assert "personald source scan 1" in told
    assert "watched from now on" not in told


def test_the_home_itself_is_no_source(household: Household) -> None:
    household.error("source", "add", str(household.home), code=2)
    household.error("source", "add", str(household.root), code=2)


def test_removing_a_source_removes_what_was_read_from_it(household: Household) -> None:
    (household.files / "note.txt").write_text("short-lived\n")
    household.read()
    (source,) = household.json("source", "list")["sources"]
    assert household.json("source", "remove", str(source["id"]), "--yes")["deleted"] == 1
    assert household.json("documents", "list")["documents"] == []


def test_no_word_path_or_title_stands_in_any_file_of_the_home(household: Household) -> None:
    folder = household.files / f"{CANARY}-folder"
    folder.mkdir()
    (folder / f"{CANARY}.md").write_text(f"# {CANARY} title\n\nThe {CANARY} text.\n")
    household.read()
    household.json("search", CANARY)
    for path in household.home.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


def test_missing_keys_are_exit_code_5_and_lose_nothing(household: Household) -> None:
    (household.files / "note.txt").write_text("kept\n")
    household.read()
    keys = household.root / "keys"
    hidden = household.root / "hidden"
    keys.rename(hidden)
    household.error("documents", "list", code=5)
    hidden.rename(keys)
    assert len(household.json("documents", "list")["documents"]) == 1


def test_a_backup_opens_with_the_recovery_code_alone(tmp_path: Path) -> None:
    household = Household(tmp_path)
    code = household.init()["recovery_code"]
    (household.files / "note.txt").write_text(f"the {CANARY} recipe\n")
    household.read()
    file = tmp_path / "all.backup"
    household.json("backup", str(file))
    assert CANARY.encode() not in file.read_bytes()
    other = Household(tmp_path / "other machine")
    other.root.mkdir()
    keys = str(other.root / "keys")
    wrong = "0000-0000-0000-0000-0000-0000-0000"
    other.error("restore", str(file), "--key-file", keys, "--code", wrong, code=5)
    assert not other.home.exists()
    other.json("restore", str(file), "--key-file", keys, "--code", code)
    assert len(other.json("search", CANARY)["results"]) == 1


def test_what_is_forgotten_does_not_come_back_with_the_next_scan(household: Household) -> None:
    (household.files / "secret.txt").write_text(f"about the {CANARY}\n")
    (household.files / "other.txt").write_text("about something else\n")
    household.read()
    receipt = household.json("forget", "--matching", CANARY, "--yes")
    assert (receipt["documents"], receipt["proof"]["left_in_store"]) == (1, 0)
    household.json("source", "scan")
    assert household.json("search", CANARY)["results"] == []
    assert len(household.json("documents", "list")["documents"]) == 1
    household.error("forget", "--matching", CANARY, "--yes", code=2)
    household.error("forget", code=2)
