"""The demo's picture: recall before and after, for each domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bars:
    """One domain's shares of right answers, 0..1.

    Attributes:
        domain: which memory.
        before: of the base alone.
        next_token: after plain next-token training on the files, the same number of steps.
        trained: after training, in wordings like those trained on.
        held_out: after training, in wordings never trained on.
        facts: how many facts it holds.
    """

    domain: str
    before: float
    next_token: float
    trained: float
    held_out: float
    facts: int


def draw(bars: Sequence[Bars], path: Path) -> None:
    """Write the picture as PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.4, 3.8), layout="constrained")
    series = [
        ("before: the base model alone", [item.before for item in bars], "#b8bcc4"),
        ("plain next-token training", [item.next_token for item in bars], "#d9a15b"),
        ("personald, trained wordings", [item.trained for item in bars], "#5b8bd9"),
        ("personald, new wordings", [item.held_out for item in bars], "#2f5597"),
    ]
    width = 0.2
    for place, (label, values, colour) in enumerate(series):
        positions = [number + (place - 1.5) * width for number in range(len(bars))]
        drawn = axes.bar(positions, values, width * 0.92, label=label, color=colour)
        axes.bar_label(drawn, [f"{value:.2f}".lstrip("0") for value in values], fontsize=7)
    axes.set_xticks(range(len(bars)), [f"{item.domain}\n{item.facts} facts" for item in bars])
    axes.set_ylim(0, 1.12)
    axes.set_ylabel("questions answered right")
    axes.set_title("What the model knows about Nora Ellingsen, by domain", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4, fontsize=7.5, frameon=False
    )
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
