"""What a run leaves to open: a page, a picture and figures, the newest of each kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

from personald import reports
from tests.training.cards import judged_card
from training.registry import Registry
from training.statistics import Share

SHARES = {"recall": Share(98, 100), "paraphrase": Share(90, 100), "abstain": Share(60, 60)}


def test_a_judged_version_leaves_a_page_with_its_picture(tmp_path: Path) -> None:
    card = judged_card(SHARES, [[9, 0.4, 2.0, {"recall": 0.98}]])
    version = Registry(tmp_path / "adapters", b"k" * 32).add_candidate(card, b"tensors")
    page = reports.leave(tmp_path, version)
    assert page == reports.page_of(tmp_path, "people/1") == reports.latest(tmp_path)
    assert "![people/1](people-1.png)" in page.read_text()
    assert (tmp_path / "people-1.png").read_bytes().startswith(b"\x89PNG")


def test_the_newest_page_is_the_one_to_open(tmp_path: Path) -> None:
    assert reports.latest(tmp_path) is None
    for age, name in enumerate(["mail-2.md", "notes-1.md", "mail-10.md"]):
        (tmp_path / name).write_text("#")
        os.utime(tmp_path / name, (100 - age, 100 - age))
    assert reports.latest(tmp_path) == tmp_path / "mail-2.md"


def test_figures_of_the_last_runs_are_kept(tmp_path: Path) -> None:
    for number in range(reports.KEPT + 5):
        reports.note(tmp_path, "notes", 1_800_000_000.0 + number, {"run": number})
    kept = sorted(json.loads(path.read_text())["run"] for path in tmp_path.iterdir())
    assert len(kept) == reports.KEPT
    assert kept[-1] == reports.KEPT + 4
