"""A judged adapter's card, for the tests of what a run leaves to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from training.adapter import Shape
from training.card import Card
from training.gates import Thresholds, judge
from training.statistics import Share


def judged_card(shares: Mapping[str, Share], history: Sequence[Sequence[Any]]) -> Card:
    """The card of a version of `people/` that reached `shares`.

    Args:
        shares: by metric, as the gates get them.
        history: (step, score, loss in nats, values by metric) of each look at the probes, the last step last.
    """
    return Card(
        "people",
        "f" * 64,
        Shape(4),
        "r" * 64,
        datetime(2026, 5, 1, tzinfo=UTC),
        rows=300,
        facts=20,
        metrics={name: share.to_json() for name, share in shares.items()},
        verdict=judge(shares, None, Thresholds()).to_json(),
        hyperparameters={"steps_done": history[-1][0], "history": [list(look) for look in history]},
    )
