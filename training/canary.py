"""A canary on trial: the new version and the one before it answer the same questions, and a worse one goes back by itself."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from training.adapter import attached
from training.base import Base
from training.evaluate import Reply, answer
from training.matching import matches
from training.material import Probe
from training.registry import Registry, RegistryRefuses
from training.runtime import Memory
from training.serving import memory

FEWEST = 20
"""Questions that a trial takes before it is decided."""

MOST_WORSE = 0.02
"""Share of the questions that a canary may answer wrong and its predecessor right, beyond those the other way round."""


class Decision(enum.StrEnum):
    """How a trial ended."""

    SETTLED = "settled"
    ROLLED_BACK = "rolled back"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial found.

    Attributes:
        decision: what became of the canary.
        asked: how many questions both answered.
        disagreements: how often they said different things.
        worse, better: how often only the predecessor, only the canary was right.
    """

    decision: Decision
    asked: int
    disagreements: int
    worse: int
    better: int


def try_out(registry: Registry, base: Base, domain: str, probes: Sequence[Probe]) -> Trial:
    """Let canary and predecessor answer known probes, and settle the canary or roll it back.

    Args:
        registry: where both are.
        base: the base of both.
        domain: whose canary.
        probes: questions whose right answers are known; fewer than `FEWEST` decide nothing.

    Raises:
        RegistryRefuses: there is no canary in this domain, or nothing that it could be compared with.
    """
    new, old = registry.canary(domain), registry.settled(domain)
    if new is None or old is None:
        raise RegistryRefuses(f"there is no canary beside an active adapter in {domain}")
    after = _answers(base, memory(registry, new, base), probes)
    before = _answers(base, memory(registry, old, base), probes)
    pairs = list(zip(before, after, strict=True))
    worse = sum(was.correct and not now.correct for was, now in pairs)
    better = sum(now.correct and not was.correct for was, now in pairs)
    differ = sum(not matches(now.text, [was.text]) for was, now in pairs)
    decision = Decision.UNDECIDED
    if len(pairs) >= FEWEST:
        bad = worse - better > MOST_WORSE * len(pairs)
        decision = Decision.ROLLED_BACK if bad else Decision.SETTLED
    told = f"on trial: {worse} worse, {better} better, {differ} different of {len(pairs)}"
    if decision is Decision.ROLLED_BACK:
        registry.rollback(domain, told)
    elif decision is Decision.SETTLED:
        registry.promote(new.id, told)
    return Trial(decision, len(pairs), differ, worse, better)


def _answers(base: Base, chosen: Memory, probes: Sequence[Probe]) -> list[Reply]:
    with attached(base.model, chosen.shape, chosen.tensors):
        return answer(base, probes, chosen.admission.admits)
