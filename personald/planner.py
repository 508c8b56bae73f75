"""Which domain to train next, and when. Pure: facts, state and time in, a decision out.

A domain is stale when the store's revision of it is not the one that was last trained on. A stale domain is due once
enough has changed or enough time has passed, so that one edited line does not cost an hour of training. A run that died
is tried again later and with less (see `after_run`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from personald.conditions import Condition, why_not
from personald.state import DomainState, Run, RunState
from personald.trainer import Ending, Outcome

# A domain is due when so many hours have passed since it was last trained …
REST_HOURS = 20.0
# … or, after a shorter rest, when so much has changed.
SHORT_REST_HOURS = 2.0
MANY_CHANGES = 25
MUCH_CHANGED = 0.1

# Waiting after a death: 1.5 minutes (what the Metal watchdog needs to calm down) doubling up to 6 hours.
FIRST_WAIT_SECONDS = 90.0
LONGEST_WAIT_SECONDS = 6 * 3600.0
# After an error that the trainer itself reports, trying at once would end the same way.
ERROR_WAIT_SECONDS = 3600.0
LOCKED_WAIT_SECONDS = 900.0
LEAST_EFFORT = 1 / 8


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What the store says of a domain.

    Attributes:
        name: which.
        documents: live documents.
        revision: grows with every change.
        changes: documents added, changed or deleted since it was last trained.
    """

    name: str
    documents: int
    revision: int
    changes: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now.

    Attributes:
        domain: train this one; None for nothing.
        reason: one line, why this, or why nothing.
        stale: all domains that wait for training, in order.
        effort: share of the usual step size for the run.
    """

    domain: str | None
    reason: str
    stale: tuple[str, ...] = ()
    effort: float = 1.0


def stale(facts: Iterable[DomainFacts], state: RunState) -> list[DomainFacts]:
    """Domains whose documents are not those last trained on, in the order they should be trained.

    Never trained ones first, then by share changed; ties by name, so that the order is always the same.
    """
    waiting = [
        item
        for item in facts
        if item.revision != state.domain(item.name).revision
        and (item.documents or state.domain(item.name).active)
    ]

    def order(item: DomainFacts) -> tuple[bool, float, str]:
        trained = state.domain(item.name).trained_at is not None
        return trained, -item.changes / max(item.documents, 1), item.name

    return sorted(waiting, key=order)


def due(item: DomainFacts, known: DomainState, now: float) -> bool:
    """True when a stale domain should be trained as soon as the conditions hold.

    A time of training that lies in the future (the clock was set back) counts as long past.
    """
    if known.trained_at is None or known.trained_at > now:
        return True
    hours = (now - known.trained_at) / 3600
    much = item.changes >= MANY_CHANGES or item.changes >= MUCH_CHANGED * max(item.documents, 1)
    return hours >= REST_HOURS or (much and hours >= SHORT_REST_HOURS)


def plan(
    facts: Sequence[DomainFacts] | None,
    state: RunState,
    conditions: Sequence[Condition],
    now: float,
) -> Decision:
    """Decide what to train now.

    Args:
        facts: every domain with documents, now or at its last training; None while that is not known.
        state: what was done before.
        conditions: as judged for starting.
        now: seconds since 1970.
    """
    waiting = stale(facts or (), state)
    names = tuple(item.name for item in waiting)
    if state.paused(now):
        return Decision(None, "paused", names)
    if facts is None:
        return Decision(None, "the sources are not looked through yet")
    if not waiting:
        return Decision(None, "everything that was read has been learnt", names)
    ready = [item for item in waiting if due(item, state.domain(item.name), now)]
    if not ready:
        return Decision(None, "little has changed since the last training; it waits a while", names)
    able = [item for item in ready if not _held_off(state.domain(item.name), now)]
    if not able:
        soonest = min(state.domain(item.name).not_before for item in ready)
        minutes = max(1, round((soonest - now) / 60))
        return Decision(None, f"the last try failed; the next is in {minutes} minutes", names)
    obstacle = why_not(conditions)
    if obstacle:
        return Decision(None, obstacle, names)
    chosen = able[0]
    return Decision(
        chosen.name,
        f"{chosen.changes} changes in {chosen.name}",
        names,
        state.domain(chosen.name).effort,
    )


def after_run(state: RunState, run: Run, outcome: Outcome, revision: int) -> RunState:
    """Note how a run ended, and what follows for the next.

    Args:
        state: before.
        run: when it ran.
        outcome: how it ended.
        revision: of the domain when the run began.

    A run that was stopped by us is simply continued the next time; one that the machine ended waits, twice as long each
    time, and takes smaller steps; one that finished has learnt what was there when it began.
    """
    state = state.with_run(run)
    known = state.domain(run.domain)
    if outcome.ending is Ending.FINISHED:
        active = outcome.active if outcome.active is not None else known.active
        return state.with_domain(
            run.domain,
            revision=revision,
            trained_at=run.ended,
            active=active,
            result=outcome.result,
            failures=0,
            not_before=0.0,
            effort=1.0,
        )
    if outcome.ending is Ending.STOPPED:
        return state.with_domain(run.domain, not_before=0.0)
    failures = known.failures + 1
    if outcome.ending is Ending.LOCKED:
        wait = LOCKED_WAIT_SECONDS
    elif outcome.ending is Ending.ERROR:
        wait = min(ERROR_WAIT_SECONDS * 2 ** (failures - 1), LONGEST_WAIT_SECONDS)
    else:
        wait = min(FIRST_WAIT_SECONDS * 2 ** (failures - 1), LONGEST_WAIT_SECONDS)
    overwhelmed = outcome.ending in (Ending.OUT_OF_MEMORY, Ending.METAL_WATCHDOG)
    return state.with_domain(
        run.domain,
        result=outcome.ending.value,
        failures=failures,
        not_before=run.ended + wait,
        effort=max(known.effort / 2, LEAST_EFFORT) if overwhelmed else known.effort,
    )


def _held_off(known: DomainState, now: float) -> bool:
    """A wait that is longer than any can be comes from a clock that was set back; it is over."""
    return 0 < known.not_before - now <= LONGEST_WAIT_SECONDS
