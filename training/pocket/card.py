"""Write the model card: ``python -m training.pocket.card --run DIR --results FILE``.

Every figure in it comes from a file that a program wrote: the evaluation's JSON, the run's log and
checkpoint, the hashes. The prose that cannot be computed lies beside it, in ``card_notes.md``.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch

from training.pocket import WEIGHTS, folder, hash_files
from training.pocket.errors import PretrainingOptions, told

_CURVE = "loss.png"
_SMOOTHING = 6


def read_log(path: Path) -> list[dict[str, Any]]:
    """The rows of a run's ``log.jsonl``, in the order of their tokens.

    A row that a resumed run has written again replaces the earlier one.
    """
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    by_step = {row["step"]: row for row in rows}
    return [by_step[step] for step in sorted(by_step)]


def draw_curve(rows: Sequence[Mapping[str, Any]], picture: Path) -> None:
    """The answer loss over tokens, raw and smoothed, as a PNG."""
    tokens = [row["tokens"] / 1e6 for row in rows]
    losses = [row["loss"] for row in rows]
    smooth = [
        sum(losses[max(0, end - _SMOOTHING) : end]) / len(losses[max(0, end - _SMOOTHING) : end])
        for end in range(1, len(losses) + 1)
    ]
    figure, axes = plt.subplots(figsize=(7, 4), dpi=110)
    axes.plot(tokens, losses, linewidth=0.5, alpha=0.4)
    axes.plot(tokens, smooth, linewidth=1.5)
    axes.set_xlabel("million tokens")
    axes.set_ylabel("answer loss (nats per token)")
    axes.set_yscale("log")
    axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(picture)
    plt.close(figure)


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| skill | items | figure | goal | |", "|---|---|---|---|---|"]
    for row in rows:
        verdict = "met" if row["figure"] >= row["goal"] else "**missed**"
        lines.append(
            f"| {row['skill']} | {row['items']} | {row['figure']:.3f} | {row['goal']:.2f} "
            f"| {verdict} |"
        )
    return lines


def write_card(run: Path, results: Path, model: Path, notes: Path, card: Path) -> None:
    """Write the card and the picture beside it.

    Args:
        run: the pretraining run's folder (its checkpoint and log).
        results: JSON rows as ``evaluate --json`` prints them.
        model: the exported folder.
        notes: prose for the end of the card.
        card: the Markdown file to write.

    Raises:
        PretrainingOptions: a file of the run or of the results is missing.
    """
    for path in (run / "log.jsonl", run / "checkpoint.pt", results):
        if not path.is_file():
            raise PretrainingOptions(f"there is no {path}.")
    log = read_log(run / "log.jsonl")
    draw_curve(log, card.parent / _CURVE)
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    progress, network = state["progress"], state["network"]
    parameters = sum(value.numel() for value in state["optimiser"]["masters"].values())
    size = (model / WEIGHTS).stat().st_size
    rows = json.loads(results.read_text(encoding="utf-8"))
    lines = [
        "# The pocket model",
        "",
        f"LFM2 layout, layers `{network['layers']}` (c: gated short convolution, a: attention), "
        f"width {network['width']}, feed-forward {network['feed_forward']}, "
        f"{network['heads']} heads, {network['vocabulary']} tokens, tied head: "
        f"{parameters / 1e6:.2f} M parameters, {size / 1e6:.1f} MB.",
        "",
        "## What it can do",
        "",
        "Printed by `python -m training.pocket.evaluate` from the shipped files, on MLX. Names, "
        "values and some wordings of the items never occur in pretraining; `ordinary` are "
        "questions on texts written by hand.",
        "",
        *_table(rows),
        "",
        "## How it was made",
        "",
        f"- data: this project's own grammar (`language/`), seed {state['seed']}",
        f"- budget: {progress['tokens'] / 1e6:.1f} million tokens, padding included, "
        f"in {progress['step']} steps",
        f"- time: {progress['seconds'] / 60:.0f} minutes on 2 shared CPU cores",
        f"- last answer loss: {log[-1]['loss']:.3f} nats per token",
        "",
        f"![answer loss over tokens]({_CURVE})",
        "",
        "## Hashes (SHA-256)",
        "",
        *(f"- `{name}`: `{digest}`" for name, digest in hash_files(model).items()),
        "",
        notes.read_text(encoding="utf-8").strip(),
        "",
    ]
    card.write_text("\n".join(lines), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(prog="python -m training.pocket.card", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the pretraining run")
    parser.add_argument("--results", type=Path, required=True, help="output of evaluate --json")
    parser.add_argument("--model", type=Path, default=folder())
    arguments = parser.parse_args(argv)
    write_card(
        arguments.run,
        arguments.results,
        arguments.model,
        here / "card_notes.md",
        here / "CARD.md",
    )
    return 0


if __name__ == "__main__":
    sys.exit(told(main))
