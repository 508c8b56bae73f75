"""The runs of `benchmarks.memory` as tables and a figure: means over all persons and seeds that an arm was run on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from benchmarks.memory_arms import ARMS

if TYPE_CHECKING:
    from benchmarks.memory import Run

COLUMNS = {
    "recall": "edit success",
    "paraphrase": "generalisation",
    "multi_hop": "two hops",
    "reverse": "reverse",
    "abstain": "abstention",
    "confabulation": "wrong answers",
    "locality": "locality",
    "retention": "retention",
    "locality_unrouted": "locality, weights alone",
    "retention_unrouted": "retention, weights alone",
}
"""Share → title; portability is two hops and reverse."""

COSTS = {"cpu_seconds": "CPU s", "tokens": "tokens per answer", "megabytes": "MB"}

GOALS = {
    "recall": 0.99,
    "paraphrase": 0.97,
    "multi_hop": 0.50,
    "locality": 0.98,
    "retention": 0.98,
    "abstain": 0.97,
}
"""What is asked of ours, as means over three persons and three seeds."""

DRAWN = ("recall", "paraphrase", "multi_hop", "reverse", "abstain", "locality", "retention")


@dataclass(frozen=True, slots=True)
class Line:
    """One arm over all its runs with persons of one size.

    Attributes:
        title: of the arm.
        runs: at least one.
    """

    title: str
    runs: Sequence[Run]

    def share(self, name: str) -> float | None:
        """The mean of a share; None where it was not measured."""
        values = [run.result.shares[name].value for run in self.runs if name in run.result.shares]
        return fmean(values) if values else None

    def cost(self, name: str) -> float:
        """The mean of a cost."""
        return fmean(getattr(run.result, name) for run in self.runs)


def lines(runs: Sequence[Run], facts: int) -> list[Line]:
    """The arms that were run with persons of so many facts, in the order of the table."""
    found = []
    for arm in ARMS:
        mine = [run for run in runs if run.arm == arm.name and run.facts == facts]
        if mine:
            found.append(Line(arm.title, mine))
    return found


def comparison(runs: Sequence[Run], facts: int) -> Iterator[str]:
    """The table of all arms."""
    titles = ["", *COLUMNS.values(), "steps", *COSTS.values(), "runs"]
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for line in lines(runs, facts):
        shares = [_share(line.share(name)) for name in COLUMNS]
        costs = [_cost(line.cost(name)) for name in COSTS]
        cells = [line.title, *shares, f"{line.cost('steps'):.0f}", *costs, str(len(line.runs))]
        yield f"| {' | '.join(cells)} |"
    yield ""
    for line in lines(runs, facts):
        for note in dict.fromkeys(run.result.note for run in line.runs if run.result.note):
            yield f"* {line.title}: {note}."


def goals(runs: Sequence[Run]) -> Iterator[str]:
    """What ours reached of what was asked, for each size of person."""
    yield "| facts | runs | metric | goal | mean | lowest | reached |"
    yield "|---|---|---|---|---|---|---|"
    ours = sorted((run for run in runs if run.arm == "ours"), key=lambda run: run.facts)
    for facts, group in groupby(ours, key=lambda run: run.facts):
        mine = list(group)
        for name, goal in GOALS.items():
            values = [run.result.shares[name].value for run in mine]
            reached = "yes" if fmean(values) >= goal else "**no**"
            cells = (
                facts,
                len(mine),
                COLUMNS[name],
                f"{goal:.2f}",
                f"{fmean(values):.3f}",
                f"{min(values):.3f}",
                reached,
            )
            yield f"| {' | '.join(map(str, cells))} |"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _cost(value: float) -> str:
    return "–" if not value else f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def write(runs: Sequence[Run], file: Path) -> None:
    """Put tables and figure into a Markdown file, between the marks that it has for them, and a PNG beside it.

    Args:
        runs: what was measured.
        file: holds `<!-- begin NAME -->` and `<!-- end NAME -->` for "goals" and for the size of each person compared.
    """
    text = file.read_text(encoding="utf-8")
    tables = {str(facts): comparison(runs, facts) for facts in {run.facts for run in runs}}
    for name, table in {**tables, "goals": goals(runs)}.items():
        text = between(text, name, "\n".join(table))
    file.write_text(text, encoding="utf-8")
    draw(lines(runs, min(run.facts for run in runs)), file.with_suffix(".png"))


def between(text: str, name: str, filling: str) -> str:
    """A text with this filling between the marks of this name, where it has them."""
    marks = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
    return re.sub(marks, lambda mark: f"{mark[1]}{filling}\n{mark[2]}", text, flags=re.DOTALL)


def draw(drawn: Sequence[Line], file: Path) -> None:
    """The shares of all arms as a field of shaded cells."""
    from matplotlib.figure import Figure

    values = [[line.share(name) for name in DRAWN] for line in drawn]
    figure = Figure(figsize=(9, 0.42 * len(drawn) + 1.2), layout="constrained")
    axes = figure.add_subplot()
    shaded = [[float("nan") if value is None else value for value in row] for row in values]
    axes.imshow(shaded, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(DRAWN)), [COLUMNS[name] for name in DRAWN], fontsize=8)
    axes.set_yticks(range(len(drawn)), [line.title for line in drawn], fontsize=8)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    for row, cells in enumerate(values):
        for column, value in enumerate(cells):
            colour = "white" if value is not None and value > 0.6 else "black"
            axes.text(
                column, row, _share(value), ha="center", va="center", color=colour, fontsize=8
            )
    figure.savefig(file, dpi=120)
