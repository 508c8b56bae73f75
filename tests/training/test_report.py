"""A run leaves a page and a picture, made from its card alone."""

from __future__ import annotations

from pathlib import Path

from tests.training.cards import judged_card
from training.registry import Registry
from training.report import markdown, picture
from training.statistics import Share

SHARES = {"recall": Share(98, 100), "paraphrase": Share(70, 100), "abstain": Share(60, 60)}


def test_the_page_holds_every_number_and_the_picture_is_one(tmp_path: Path) -> None:
    card = judged_card(SHARES, [[50, 0.4, 2.0, {"recall": 0.3}], [100, 0.9, 0.2, {"recall": 0.98}]])
    version = Registry(tmp_path, b"k" * 32).add_candidate(card, b"tensors")
    page = markdown(version)
    assert "| edit success | 0.980 | 0.930–0.994 | 100 |" in page
    assert "| generalisation | 0.700 | 0.80 | no |" in page
    assert "20 facts in 300 rows, 100 steps; candidate." in page
    assert picture(version).startswith(b"\x89PNG")
