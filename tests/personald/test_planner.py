"""What is trained next, when, and what follows from how a run ended."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personald.conditions import Condition
from personald.planner import DomainFacts, after_run, due, plan, stale
from personald.state import DomainState, Run, RunState
from personald.trainer import Ending, Outcome

NOW = 1_800_000_000.0
HOUR = 3600.0
GOOD = (Condition("mains", True, "on mains"),)
BAD = (Condition("mains", False, "running on battery, plug it in"),)
UNKNOWN = (Condition("away", None, "it cannot be told whether you are away"),)

NOTES = DomainFacts("notes", documents=100, revision=7, changes=100)
MAIL = DomainFacts("mail", documents=1000, revision=50, changes=3)


def trained(name: str, revision: int, hours_ago: float, **more: float) -> RunState:
    return RunState().with_domain(
        name, revision=revision, trained_at=NOW - hours_ago * HOUR, active=f"{name}/1", **more
    )


def test_a_domain_that_was_never_trained_is_first() -> None:
    state = trained("mail", 40, 30)
    assert [item.name for item in stale([MAIL, NOTES], state)] == ["notes", "mail"]
    decision = plan([MAIL, NOTES], state, GOOD, NOW)
    assert decision.domain == "notes"
    assert decision.stale == ("notes", "mail")


def test_nothing_is_said_to_be_learnt_before_the_sources_were_looked_through() -> None:
    assert plan(None, RunState(), GOOD, NOW).reason == "the sources are not looked through yet"
    assert plan([], RunState(), GOOD, NOW).reason == "everything that was read has been learnt"


def test_the_revision_it_was_trained_on_is_not_stale() -> None:
    decision = plan([NOTES], trained("notes", 7, 1), GOOD, NOW)
    assert decision.domain is None
    assert decision.stale == ()


def test_a_little_change_waits_for_the_night_a_lot_does_not() -> None:
    state = trained("mail", 40, 5)
    assert plan([MAIL], state, GOOD, NOW).domain is None
    much = dataclasses.replace(MAIL, changes=300)
    assert plan([much], state, GOOD, NOW).domain == "mail"
    assert plan([MAIL], trained("mail", 40, 21), GOOD, NOW).domain == "mail"


def test_documents_that_are_all_gone_make_a_trained_domain_stale() -> None:
    empty = DomainFacts("notes", documents=0, revision=9, changes=4)
    assert stale([empty], trained("notes", 7, 30)) == [empty]
    assert stale([empty], RunState()) == []


@pytest.mark.parametrize("conditions", [BAD, UNKNOWN])
def test_what_does_not_hold_or_is_not_known_is_named(conditions: tuple[Condition, ...]) -> None:
    decision = plan([NOTES], RunState(), conditions, NOW)
    assert decision.domain is None
    assert decision.reason == conditions[0].reason


def test_a_pause_holds_until_it_ends() -> None:
    state = RunState(paused_until=NOW + HOUR)
    assert plan([NOTES], state, GOOD, NOW).reason == "paused"
    assert plan([NOTES], state, GOOD, NOW + 2 * HOUR).domain == "notes"


def test_a_clock_that_was_set_back_does_not_stop_training_for_a_year() -> None:
    state = trained("notes", 3, -365 * 24, not_before=NOW + 365 * 24 * HOUR)
    assert plan([NOTES], state, GOOD, NOW).domain == "notes"


def ended(state: RunState, ending: Ending, at: float = NOW, **outcome: str) -> RunState:
    run = Run("notes", at - HOUR, at, ending.value)
    return after_run(state, run, Outcome(ending, **outcome), revision=7)  # type: ignore[arg-type]


def test_a_finished_run_has_learnt_what_was_there_when_it_began() -> None:
    state = ended(RunState(), Ending.FINISHED, result="promoted", active="notes/2")
    known = state.domain("notes")
    assert (known.revision, known.trained_at, known.active) == (7, NOW, "notes/2")
    assert plan([NOTES], state, GOOD, NOW).domain is None
    later = dataclasses.replace(NOTES, revision=8, changes=50)
    assert plan([later], state, GOOD, NOW + 3 * HOUR).domain == "notes"


def test_a_rejected_candidate_is_not_tried_again_until_something_changes() -> None:
    state = ended(RunState(), Ending.FINISHED, result="rejected", active="")
    assert plan([NOTES], state, GOOD, NOW + 100 * HOUR).domain is None


def test_a_run_that_we_stopped_goes_on_the_next_time() -> None:
    state = ended(RunState(), Ending.STOPPED)
    assert plan([NOTES], state, GOOD, NOW).domain == "notes"


@pytest.mark.parametrize("ending", [Ending.METAL_WATCHDOG, Ending.OUT_OF_MEMORY])
def test_an_overwhelmed_machine_gets_time_and_smaller_steps(ending: Ending) -> None:
    state = ended(RunState(), ending)
    assert plan([NOTES], state, GOOD, NOW + 60).domain is None
    decision = plan([NOTES], state, GOOD, NOW + 91)
    assert decision.domain == "notes"
    assert decision.effort == 0.5
    again = ended(state, ending, NOW + 91)
    assert plan([NOTES], again, GOOD, NOW + 91 + 100).domain is None
    assert plan([NOTES], again, GOOD, NOW + 91 + 181).effort == 0.25


def test_other_deaths_wait_and_keep_their_steps() -> None:
    for ending, wait in ((Ending.DIED, 90), (Ending.ERROR, 3600), (Ending.LOCKED, 900)):
        state = ended(RunState(), ending)
        decision = plan([NOTES], state, GOOD, NOW + wait - 10)
        assert decision.domain is None
        assert "next is in" in decision.reason
        assert plan([NOTES], state, GOOD, NOW + wait + 1).effort == 1.0


def test_one_domain_that_fails_does_not_hold_up_the_others() -> None:
    state = ended(RunState(), Ending.ERROR)
    assert plan([NOTES, MAIL], state, GOOD, NOW).domain == "mail"


def test_success_clears_the_record() -> None:
    state = ended(ended(RunState(), Ending.OUT_OF_MEMORY), Ending.FINISHED, result="promoted")
    assert state.domain("notes") == DomainState(7, NOW, "", "promoted")


@given(
    st.lists(st.sampled_from(list(Ending)), max_size=30),
    st.floats(0, 1e6),
)
def test_whatever_happens_it_is_tried_again_some_time(endings: list[Ending], pause: float) -> None:
    state, now = RunState(), NOW
    for ending in endings:
        now += pause
        state = ended(state, ending, now)
        assert 0 < state.domain("notes").effort <= 1
    changed = dataclasses.replace(NOTES, revision=99)
    assert due(changed, state.domain("notes"), now + 21 * HOUR)
    assert plan([changed], state, GOOD, now + 21 * HOUR).domain == "notes"
