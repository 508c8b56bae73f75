"""Metrics → verdict: may this candidate serve?

Every gate compares one number with one bound; the verdict keeps all of them, passed or not. A gate whose sample is too
small to tell is passed on the upper end of its interval and says so; a dataset too small for any gate is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.statistics import Share

FEWEST = 5
"""Probes; below that a share says nothing, and the gate is left out and named."""

SMALL = 30
"""Probes; below that the bound is held against the upper end of the interval."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The gates' bounds, as shares of probes.

    Attributes:
        edit_success: facts answered right in wordings of the training kinds, at least.
        generalisation: the same in held-out wordings, at least.
        locality: unrelated answers that are unchanged, at least.
        retention: the base's skills after, as a share of before, at least.
        abstention: "I don't know" to what cannot be known, at least.
    """

    edit_success: float = 0.95
    generalisation: float = 0.80
    locality: float = 0.95
    retention: float = 0.95
    abstention: float = 0.90


@dataclass(frozen=True, slots=True)
class Gate:
    """One comparison.

    Attributes:
        name: the metric.
        value: what was measured.
        bound: what is asked for.
        n: on how many probes.
        passed: whether it holds.
        note: why it holds or is left out, where that is not plain.
    """

    name: str
    value: float
    bound: float
    n: int
    passed: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gates' decision on a candidate.

    Attributes:
        passed: whether it may serve.
        gates: every gate with its numbers.
        reasons: why not, one line for each failed gate.
    """

    passed: bool
    gates: tuple[Gate, ...]
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, for the card."""
        return {
            "passed": self.passed,
            "reasons": list(self.reasons),
            "gates": [
                {
                    "name": g.name,
                    "value": g.value,
                    "bound": g.bound,
                    "n": g.n,
                    "passed": g.passed,
                    "note": g.note,
                }
                for g in self.gates
            ],
        }


def judge(metrics: Mapping[str, Share], retention: Share | None, thresholds: Thresholds) -> Verdict:
    """Hold the metrics against the bounds.

    Args:
        metrics: shares by name: recall, paraphrase, locality, abstain.
        retention: right answers to the skills' items after, of those before; None where the base has none to lose.
        thresholds: the bounds.
    """
    gates = [
        _gate("edit_success", metrics.get("recall"), thresholds.edit_success),
        _gate("generalisation", metrics.get("paraphrase"), thresholds.generalisation),
        _gate("locality", metrics.get("locality"), thresholds.locality),
        _gate("abstention", metrics.get("abstain"), thresholds.abstention),
    ]
    if retention is not None:
        gates.append(_gate("retention", retention, thresholds.retention))
    reasons = [
        f"{gate.name} {gate.value:.3f} < {gate.bound:.2f} (n = {gate.n})"
        for gate in gates
        if not gate.passed
    ]
    if gates[0].n < FEWEST:
        reasons.append(f"only {gates[0].n} probes: too little was learnt to be tested")
    return Verdict(not reasons, tuple(gates), tuple(reasons))


def _gate(name: str, share: Share | None, bound: float) -> Gate:
    if share is None or share.of < FEWEST:
        return Gate(
            name,
            share.value if share else 0.0,
            bound,
            share.of if share else 0,
            True,
            "too few probes to tell",
        )
    if share.value >= bound:
        return Gate(name, share.value, bound, share.of, True)
    high = share.interval[1]
    if share.of < SMALL and high >= bound:
        return Gate(
            name, share.value, bound, share.of, True, f"few probes: up to {high:.2f} is possible"
        )
    return Gate(name, share.value, bound, share.of, False)
