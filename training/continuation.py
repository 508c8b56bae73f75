"""A night after a small change: go on from the memory that serves, study what it does not know, rehearse the rest.

Last night's adapter that is simply trained on with new rows loses the old ones (SEAL, arXiv 2506.10943, figure 6). So a
continued run has all rows of its domain: what the memory knows is asked of it first, in one pass over the answers,
and known rows take part as well, twice as many in an epoch as there are new ones.

A memory may be gone on from only where no document that it learnt from is missing now: what is deleted must not live on
in its weights, and leaves them by training from scratch alone. What a changed document no longer says is not given as an
answer from the first such night on (`training.ownership`), and leaves the weights when everything is studied afresh,
which is after `MOST_IN_A_ROW` nights at the latest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from training.adapter import Tensors, attached
from training.base import Base
from training.card import Card
from training.chat import Row
from training.generate import Forced, forced
from training.loop_settings import LoopSettings
from training.trainer import LEARNT

EXPOSURES = 60
"""Times that a new fact is seen at most, in all its wordings together; most often fewer are enough."""

RATE = 0.25
"""Of the peak rate. At the whole rate recall of what was known fell from .95 to .66 within a hundred steps, and with it
went abstention; at a quarter it never fell, and rose to .99 (150 facts, one of 39 documents changed; docs/memory.md)."""

REHEARSED = 2
"""Known rows in an epoch for each new one."""

MOST_NEW = 0.2
"""Share of the rows that may be new: with more of them, training from scratch costs little more and forgets nothing."""

MOST_IN_A_ROW = 7
"""Nights that go on from one another, before one that begins afresh: a week."""

READ_AT_ONCE = 128
"""Rows between two looks at whether the run is to stop; half a second of reading on a slow machine."""

PROBE_EVERY = 25
"""Steps between two looks: a continued run is over after some hundred."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """How to go on.

    Attributes:
        start: the adapter that serves.
        known: the rows that it knows.
        settings: of the loop, for so few steps.
    """

    start: Tensors
    known: frozenset[int]
    settings: LoopSettings


def may_continue(
    card: Card, fingerprint: str, documents: Mapping[str, int], settings: LoopSettings
) -> bool:
    """Whether a memory may be gone on from.

    Args:
        card: of the memory.
        fingerprint: of the base in use.
        documents: identity → version of every document that is studied now.
        settings: of the loop.
    """
    gone = any(identity not in documents for identity, _ in card.documents)
    fits = card.base_fingerprint == fingerprint and card.shape == settings.shape
    return fits and not gone and not card.suppressed and card.continued < MOST_IN_A_ROW


def plan(
    base: Base,
    rows: Sequence[Row],
    start: Tensors,
    settings: LoopSettings,
    wordings: int,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> Continuation | None:
    """How to go on from an adapter; None where too much is new.

    Args:
        base: without any adapter.
        rows: everything that is studied now.
        start: the adapter.
        settings: as for training from scratch.
        wordings: in how many of the rows a fact is asked for.
        step: told how many of how many rows are read; may raise to end it.
    """
    read: list[Forced] = []
    with attached(base.model, settings.shape, start):
        for first in range(0, len(rows), READ_AT_ONCE):
            step(first, len(rows))
            read += forced(base, rows[first : first + READ_AT_ONCE])
    known = frozenset(i for i, found in enumerate(read) if found.confidence >= math.exp(-LEARNT))
    new = len(rows) - len(known)
    if new > MOST_NEW * len(rows):
        return None
    rest = max(settings.rest, len(known) // max(1, REHEARSED * new))
    an_epoch = math.ceil((new + len(known) / rest) / settings.rows_per_step)
    steps = min(settings.steps, max(PROBE_EVERY, math.ceil(EXPOSURES / wordings) * an_epoch))
    rate = RATE * settings.learning_rate
    continued = replace(
        settings, steps=steps, rest=rest, learning_rate=rate, probe_every=PROBE_EVERY
    )
    return Continuation(start, known, continued)
