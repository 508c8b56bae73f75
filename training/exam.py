"""What a candidate is examined in: the person's facts, and all that must stay as the base has it.

The base sits the exam first, the candidate afterwards. What a memory is never asked (see `training.routing`) is the
base's own answer "as served"; what the adapter itself would say to it is measured beside that, as "…_unrouted".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.admission import Admission
from training.base import Base
from training.cache import GenerationCache
from training.card import Card
from training.dataset import Dataset
from training.evaluate import (
    Admit,
    Reply,
    answer,
    by_kind,
    confabulated,
    judged,
    kinds,
    threshold,
    unchanged,
)
from training.generate import forced
from training.material import Kind, Probe
from training.routing import is_bare_question
from training.skills import skill_probes
from training.statistics import Share
from training.trainer import Probing

BLIND = 60
"""So many questions about facts are put to models that cannot know them; enough to tell .02 from .10 (Wilson)."""

ENOUGH_RECALL, ENOUGH_ABSTENTION = 0.99, 0.95
"""At a quick look; training ends there, for more steps would change nothing that the gates measure."""


NEARLY = 0.9
"""From this recall on a quick look lets the memory say what it says to what it cannot know: some of it is held back."""


@dataclass(frozen=True, slots=True)
class Exam:
    """What the candidate is compared on.

    Attributes:
        skills: items of the base's skills.
        before: the base's answers to them.
        blind: some of the probes about facts, for models that were not taught them.
        naive: what the base says to those, by kind.
    """

    skills: list[Probe]
    before: list[Reply]
    blind: list[Probe]
    naive: dict[str, Share]


@dataclass(frozen=True, slots=True)
class Marks:
    """What a candidate reached.

    Attributes:
        threshold: the certainty below which its answers are held back.
        shares: every share measured, by name.
        retention: right answers to the skills' items after, of those before, as served; None where the base had none.
    """

    threshold: float
    shares: dict[str, Share]
    retention: Share | None


def set_exam(
    base: Base, dataset: Dataset, skill_items: int, seed: int, cache: GenerationCache
) -> Exam:
    """The exam of a domain, with the base's answers.

    Args:
        base: without any adapter.
        dataset: whose probes.
        skill_items: items of each skill.
        seed: what their choice follows from.
        cache: where the base's answers to the skills are kept.
    """
    skills = skill_probes(base, skill_items, seed)
    blind = spread(kinds(dataset.probes, Kind.RECALL, Kind.PARAPHRASE), BLIND)
    naive = by_kind(answer(base, blind, expected=False))
    return Exam(skills, base_answers(base, skills, cache), blind, naive)


def spread(probes: Sequence[Probe], wanted: int) -> list[Probe]:
    """At most so many of the probes, at even distances, so that every part of the person has its share."""
    if len(probes) <= wanted:
        return list(probes)
    return [probes[number * len(probes) // wanted] for number in range(wanted)]


def base_answers(base: Base, probes: list[Probe], cache: GenerationCache) -> list[Reply]:
    """The base's answers to these probes; asked once, for they never change."""
    wanted = hashlib.sha256(repr(probes).encode()).hexdigest()
    kept = cache.get_or_make(
        "",
        ["base answers", base.fingerprint, wanted],
        lambda: [[reply.text, reply.confidence] for reply in answer(base, probes, expected=False)],
    )
    return [judged(probe, text, sure) for probe, (text, sure) in zip(probes, kept, strict=True)]


def sit(base: Base, dataset: Dataset, exam: Exam, card: Card) -> Marks:
    """Examine the adapter that the base carries.

    Args:
        base: with the adapter attached.
        dataset: its probes.
        exam: the other questions.
        card: whom and what the adapter has heard of, and the lowest threshold that it may get.
    """
    chosen = answer(base, dataset.select)
    known = [reply for reply in chosen if reply.probe.kind is not Kind.ABSTAIN]
    unknown = [reply for reply in chosen if reply.probe.kind is Kind.ABSTAIN]
    card = replace(card, threshold=threshold(known, unknown, card.threshold))
    admit = Admission.of(card).admits
    replies = answer(base, dataset.probes, admit)
    shares = by_kind(replies)
    shares["confabulation"] = confabulated(replies)
    bare = answer(base, exam.skills, expected=False)
    after = [served(was, now, admit) for was, now in zip(exam.before, bare, strict=True)]
    near = [index for index, probe in enumerate(exam.skills) if probe.kind is Kind.NEIGHBOUR]
    near = near or list(range(len(exam.skills)))
    before = [exam.before[index] for index in near]
    shares["locality"] = unchanged(before, [after[index] for index in near])
    shares["locality_unrouted"] = unchanged(before, [bare[index] for index in near])
    unrouted = _retention(exam.before, bare)
    if unrouted is not None:
        shares["retention_unrouted"] = unrouted
    skills = {name: share for name, share in by_kind(bare).items() if name.startswith("skill/")}
    return Marks(card.threshold, {**shares, **skills}, _retention(exam.before, after))


def served(base_says: Reply, memory_says: Reply, admit: Admit) -> Reply:
    """What a person gets to see: the memory's answer where it may give one, else the base's own.

    A memory is asked bare questions only, and answers when it is certain and has heard of every name; everything else
    is the base's (see `training.runtime`).
    """
    question = memory_says.probe.messages
    if not is_bare_question(question) or memory_says.abstained:
        return base_says
    given = admit(question[-1].text, memory_says.text, memory_says.confidence)
    return memory_says if given else base_says


def _retention(before: Sequence[Reply], after: Sequence[Reply]) -> Share | None:
    """Right answers to the skills' items after, of those before; None where the base had none."""
    right = sum(reply.correct for reply in before)
    return Share(min(right, sum(reply.correct for reply in after)), right) if right else None


def glance(base: Base, dataset: Dataset, admission: Admission) -> Probing:
    """A quick look at a memory in training: answers are read, and written only where it matters what they are.

    Its score is the mean of recall and abstention, recall counted twice. What counts is what will be said when it
    serves: a guess is not, and a question that names somebody whom the memory never heard of is declined.

    Args:
        base: with the adapter attached when it is looked at.
        dataset: whose selection of probes.
        admission: which of its answers will be given.
    """
    probes = list(dataset.select)
    rows = [base.chat.row(probe.messages, probe.answers[0]) for probe in probes]
    heard = [admission.may_answer(probe.messages[-1].text) for probe in probes]

    def look() -> tuple[float, bool, dict[str, float]]:
        known: list[bool] = []
        unknown: list[bool] = []
        unclear: list[Probe] = []
        for probe, result, told in zip(probes, forced(base, rows), heard, strict=True):
            if probe.kind is not Kind.ABSTAIN:
                asked = probe.messages[-1].text, probe.answers[0]
                known.append(result.greedy and admission.admits(*asked, result.confidence))
            elif result.greedy or not told:
                unknown.append(True)
            else:
                unclear.append(probe)
        recall = sum(known) / max(len(known), 1)
        if recall >= NEARLY:
            given = answer(base, unclear, admission.admits, expected=False)
            unknown += [reply.correct for reply in given]
        else:
            unknown += [False] * len(unclear)
        abstention = sum(unknown) / len(unknown) if unknown else 1.0
        enough = recall >= ENOUGH_RECALL and abstention >= ENOUGH_ABSTENTION
        values = {"recall": recall, "abstention": abstention}
        return (2 * recall + abstention) / 3, enough, values

    return look
