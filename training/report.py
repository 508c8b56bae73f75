"""What a run left to read: a page of Markdown and a picture of learning, from an adapter's card alone."""

from __future__ import annotations

import io
from typing import Any

from training.registry import AdapterVersion

SHARES = (
    ("recall", "edit success"),
    ("paraphrase", "generalisation (held-out wordings)"),
    ("multi_hop", "two-hop"),
    ("abstain", "abstention"),
    ("confabulation", "confabulation"),
    ("locality", "locality, as served"),
    ("locality_unrouted", "locality of the adapter itself"),
    ("retention_unrouted", "retention of the adapter itself"),
)


def markdown(version: AdapterVersion) -> str:
    """The page: what it is, what the gates said, every share with its 95 % interval."""
    card = version.card
    lines = [
        f"# {version.name}",
        "",
        f"{card.facts} facts in {card.rows} rows, {card.hyperparameters.get('steps_done', 0)} steps; "
        f"{version.state.value}. Dataset {card.root[:12]}, base {card.base_fingerprint[:12]}, "
        f"before it {card.parent[:12] or 'nothing'}.",
        "",
        "| metric | share | 95 % | n |",
        "|---|---|---|---|",
    ]
    for name, label in SHARES:
        share = card.metrics.get(name)
        if share:
            span = f"{share['low']:.3f}–{share['high']:.3f}"
            lines.append(f"| {label} | {share['value']:.3f} | {span} | {share['n']} |")
    lines += ["", "| gate | value | bound | passed |", "|---|---|---|---|"]
    for gate in card.verdict.get("gates", ()):
        held = "yes" if gate["passed"] else "no"
        note = f" ({gate['note']})" if gate["note"] else ""
        lines.append(
            f"| {gate['name']} | {gate['value']:.3f} | {gate['bound']:.2f} | {held}{note} |"
        )
    return "\n".join([*lines, ""])


def picture(version: AdapterVersion) -> bytes:
    """A PNG: the training loss and the probes' shares by step."""
    from matplotlib.figure import Figure

    history: list[list[Any]] = version.card.hyperparameters.get("history", [])
    figure = Figure(figsize=(7, 4), layout="constrained")
    shares = figure.add_subplot()
    steps = [entry[0] for entry in history]
    for name in sorted({name for entry in history for name in entry[3]}):
        shares.plot(steps, [entry[3].get(name) for entry in history], marker="o", label=name)
    shares.set(xlabel="step", ylabel="share right", ylim=(0, 1.02), title=version.name)
    loss = shares.twinx()
    loss.plot(steps, [entry[2] for entry in history], color="grey", linestyle="--", label="loss")
    loss.set_ylabel("training loss (nats)")
    figure.legend(loc="outside lower center", ncols=4)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
