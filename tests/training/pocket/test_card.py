"""The card tells what the files say."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training.pocket import folder, hash_files  # noqa: E402
from training.pocket.card import read_log, write_card  # noqa: E402
from training.pocket.network import NetworkConfig  # noqa: E402


@pytest.fixture
def run(tmp_path: Path) -> Path:
    out = tmp_path / "run"
    out.mkdir()
    rows = [{"step": n, "tokens": n * 1000, "loss": 5.0 / n} for n in (1, 2, 3, 2)]
    (out / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    state = {
        "network": NetworkConfig().to_dict(),
        "optimiser": {"masters": {"embedding": torch.zeros(10, 10)}},
        "progress": {"tokens": 41_000_000, "step": 9000, "seconds": 5400.0},
        "seed": 17,
    }
    torch.save(state, out / "checkpoint.pt")
    return out


def test_a_step_trained_again_after_a_stop_counts_once(run: Path) -> None:
    assert [row["step"] for row in read_log(run / "log.jsonl")] == [1, 2, 3]


def test_the_card_holds_figures_verdicts_budget_and_hashes(run: Path, tmp_path: Path) -> None:
    results, notes, card = (tmp_path / name for name in ("results.json", "notes.md", "CARD.md"))
    notes.write_text("## What it cannot do\n")
    results.write_text(
        json.dumps(
            [
                {"skill": "read", "items": 300, "figure": 0.96, "goal": 0.95},
                {"skill": "ordinary", "items": 400, "figure": 0.5, "goal": 0.75},
            ]
        )
    )
    write_card(run, results, folder(), notes, card)
    text = card.read_text()
    assert "| read | 300 | 0.960 | 0.95 | met |" in text
    assert "| ordinary | 400 | 0.500 | 0.75 | **missed** |" in text
    assert "41.0 million tokens" in text
    assert "seed 17" in text
    assert all(digest in text for digest in hash_files(folder()).values())
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert text.rstrip().endswith("## What it cannot do")
