"""What a memory must lose when documents are forgotten: the facts that no remaining document states.

Everything follows from two snapshots of one domain, with the documents and without them. A fact that another document
states as well is not lost, and neither is one that is only worded differently now.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.dataset import Dataset
from training.matching import normalise
from training.material import Example, Fact, Kind, Probe, Purpose
from training.truth_ratio import Quiz

WRONG_ANSWERS = 5
"""How many wrong answers a truth ratio is taken over, at most (TOFU uses five)."""

Stated = tuple[str, str, str]
"""What a fact says, wherever: subject, relation and value, folded."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost, and what stays.

    Attributes:
        facts: what held before and is stated nowhere now.
        rows: the examples that taught them, with the answers that they taught.
        probes: held-out questions about them; the lost value counts as an answer.
        kept: held-out questions about what stays, and about what was never known.
        choosing, kept_choosing: the same in wordings of their own, which may be looked at while training.
        quizzes: one for each lost fact that has one, for its truth ratio.
    """

    facts: tuple[Fact, ...]
    rows: tuple[Example, ...]
    probes: tuple[Probe, ...]
    kept: tuple[Probe, ...]
    choosing: tuple[Probe, ...]
    kept_choosing: tuple[Probe, ...]
    quizzes: tuple[Quiz, ...]


def loss_between(before: Dataset, after: Dataset) -> Loss:
    """What a memory of `before` knows and one of `after` must not.

    Args:
        before: the domain with the documents that are to be forgotten.
        after: the same domain and settings without them.
    """
    still = {stated(fact) for fact in after.facts}
    lost = tuple(fact for fact in before.facts if stated(fact) not in still)
    known = {
        identity: fact
        for fact in before.facts
        for identity in before.supports.get(fact.identity, (fact.identity,))
    }
    same = {(row.messages, normalise(row.answer)) for row in after.examples}
    rows = tuple(
        row
        for row in before.examples
        if row.purpose is Purpose.STUDY
        and (row.messages, normalise(row.answer)) not in same
        and not _stays(row.facts, known, still)
    )
    probes, kept = _parted(before.probes, known, still)
    choosing, kept_choosing = _parted(before.select, known, still)
    quizzes = _quizzes(lost, probes, before.facts)
    return Loss(lost, rows, probes, kept, choosing, kept_choosing, quizzes)


def stated(fact: Fact) -> Stated:
    """What a fact says, wherever it says it."""
    return normalise(fact.subject), fact.relation, normalise(fact.value)


def _parted(
    probes: Sequence[Probe], known: Mapping[str, Fact], still: set[Stated]
) -> tuple[tuple[Probe, ...], tuple[Probe, ...]]:
    """The probes about what is lost, and all others."""
    kept = [_stays(probe.facts, known, still) for probe in probes]
    return (
        tuple(probe for probe, stays in zip(probes, kept, strict=True) if not stays),
        tuple(probe for probe, stays in zip(probes, kept, strict=True) if stays),
    )


def _stays(facts: Sequence[str], known: Mapping[str, Fact], still: set[Stated]) -> bool:
    """Whether all facts behind a row are stated elsewhere too; what only was (past facts) is not known by name."""
    found = [known.get(identity) for identity in facts]
    return all(fact is not None and stated(fact) in still for fact in found)


def _quizzes(
    lost: Sequence[Fact], probes: Sequence[Probe], facts: Sequence[Fact]
) -> tuple[Quiz, ...]:
    """A held-out question about each lost fact, with wrong answers of the same sort."""
    found = []
    for fact in lost:
        asking = [p for p in probes if p.kind is Kind.PARAPHRASE and fact.identity in p.facts]
        wrong = wrong_answers(fact, facts)
        if asking and wrong:
            found.append(Quiz(asking[0].messages[-1].text, fact.value, wrong))
    return tuple(found)


def wrong_answers(fact: Fact, facts: Sequence[Fact]) -> tuple[str, ...]:
    """Values that the fact might have and has not: of the same relation, else of the same sort (with digits or without)."""
    own = {normalise(form) for form in (fact.value, *fact.accepted)}
    others = sorted({other.value for other in facts if normalise(other.value) not in own})
    alike = {other.value for other in facts if other.relation == fact.relation}
    chance = random.Random(f"wrong answers/{fact.identity}")
    chance.shuffle(others)
    others.sort(key=lambda value: (value not in alike, _sort(value) != _sort(fact.value)))
    return tuple(others[:WRONG_ANSWERS])


def _sort(value: str) -> tuple[bool, int]:
    return any(sign.isdigit() for sign in value), min(len(value.split()), 3)
