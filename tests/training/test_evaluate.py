"""Probes become metrics, metrics a verdict: every number with its interval, small samples told from large ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.base import Base
from training.evaluate import (
    Reply,
    answer,
    by_kind,
    confabulated,
    judged,
    threshold,
    unchanged,
)
from training.gates import Thresholds, judge
from training.generate import forced, generate
from training.matching import UNKNOWN
from training.material import Kind, Probe, asked
from training.statistics import Share


def reply(
    text: str, wanted: str = "Bergen", confidence: float = 0.9, kind: Kind = Kind.RECALL
) -> Reply:
    return judged(Probe(kind, asked("Where?"), (wanted,)), text, confidence)


def test_what_is_read_as_greedy_is_what_is_generated(llama: Base) -> None:
    prompts = [
        llama.chat.prompt(asked(question)) for question in ("Who?", "Where is it?", "What is that?")
    ]
    for prompt, written in zip(prompts, generate(llama, prompts, 6), strict=True):
        text = llama.chat.text(written.tokens)
        row = llama.chat.row(asked("x"), text)
        again = type(row)((*prompt, *written.tokens, llama.chat.end), len(prompt))
        (read,) = forced(llama, [again])
        if written.ended:
            assert read.greedy
            assert read.confidence == pytest.approx(written.confidence, abs=1e-3)
        else:
            assert read.confidence <= written.confidence + 1e-3


def test_answers_are_counted_by_kind(llama: Base) -> None:
    probes = [
        Probe(Kind.RECALL, asked("Who?"), ("nobody",)),
        Probe(Kind.ABSTAIN, asked("Who?"), (UNKNOWN,)),
    ]
    shares = by_kind(answer(llama, probes, longest=4))
    assert {name: share.of for name, share in shares.items()} == {"recall": 1, "abstain": 1}


def test_an_answer_that_is_not_admitted_is_an_abstention() -> None:
    probe = Probe(Kind.ABSTAIN, asked("Where?"), (UNKNOWN,))
    assert not judged(probe, "Bergen", 0.4).correct
    assert judged(probe, "Bergen", 0.4, lambda _question, _answer, sure: sure > 0.5).correct


def test_confabulation_is_stating_something_wrong() -> None:
    assert confabulated([reply("Bergen"), reply("Oslo"), reply(UNKNOWN)]) == Share(1, 3)


def test_locality_compares_what_is_said_not_whether_it_is_right() -> None:
    before = [reply("Oslo"), reply("Bergen"), reply(UNKNOWN)]
    after = [reply("In Oslo."), reply(UNKNOWN), reply("No idea")]
    assert unchanged(before, after) == Share(2, 3)


def test_the_threshold_refuses_wrong_answers_and_loses_few_right_ones() -> None:
    known = [reply("Bergen", confidence=0.6 + number / 1000) for number in range(200)]
    unknown = [reply("Oslo", UNKNOWN, confidence, Kind.ABSTAIN) for confidence in (0.2, 0.4, 0.9)]
    bound = threshold(known, unknown)
    assert 0.4 < bound <= 0.603
    assert threshold(known, []) == 0.0
    assert threshold(known, []) < threshold(known, unknown[:1], least=0.5) == 0.5


@given(st.integers(0, 300), st.integers(1, 300))
def test_the_interval_holds_the_share(right: int, of: int) -> None:
    share = Share(min(right, of), of)
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-9
    assert share.value - 1e-9 <= high <= 1


def test_the_interval_is_wilsons() -> None:
    low, high = Share(9, 10).interval
    assert (round(low, 4), round(high, 4)) == (
        0.5958,
        0.9821,
    )  # Brown, Cai & DasGupta 2001, section 3.1.1
    assert Share(0, 0).interval == (0.0, 1.0)


def good(of: int = 100) -> dict[str, Share]:
    return {name: Share(of, of) for name in ("recall", "paraphrase", "locality", "abstain")}


def test_a_good_candidate_passes_and_every_number_is_kept() -> None:
    verdict = judge(good(), Share(99, 100), Thresholds())
    assert verdict.passed
    assert [gate["name"] for gate in verdict.to_json()["gates"]] == [
        "edit_success",
        "generalisation",
        "locality",
        "abstention",
        "retention",
    ]


@pytest.mark.parametrize("name", ["recall", "paraphrase", "locality", "abstain"])
def test_one_missed_gate_is_enough(name: str) -> None:
    verdict = judge({**good(), name: Share(50, 100)}, Share(99, 100), Thresholds())
    assert not verdict.passed
    assert len(verdict.reasons) == 1


def test_lost_skills_are_a_missed_gate() -> None:
    assert not judge(good(), Share(90, 100), Thresholds()).passed
    assert judge(good(), None, Thresholds()).passed


def test_few_probes_are_given_the_benefit_of_the_doubt_and_none_is_too_few() -> None:
    assert judge({**good(), "paraphrase": Share(15, 20)}, None, Thresholds()).passed
    assert not judge({**good(), "recall": Share(2, 2)}, None, Thresholds()).passed
