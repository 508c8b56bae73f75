"""The form of an answer: yes, no or unknown, with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold to train.

    Attributes:
        name: one word ("mains", "away", …), the same for ever.
        holds: yes, no, or None for unknown; unknown never means go.
        reason: what was seen, in a few words; for "no" also what would have to change.
    """

    name: str
    holds: bool | None
    reason: str


def why_not(conditions: Iterable[Condition]) -> str:
    """One line that says why training does not run now; "" when every condition holds.

    A known obstacle is named before an unknown one, and all that stand in the way are named.
    """
    failing = [item for item in conditions if item.holds is not True]
    failing.sort(key=lambda item: item.holds is None)
    return "; ".join(item.reason for item in failing)
