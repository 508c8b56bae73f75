"""Probes → answers → metrics, for whatever adapter the model carries at the time.

Of a model that most likely knows the answer it is first seen, in one pass over the expected answer, whether it would
give just that one (which is exact, see `training.generate.forced`); only where it would not is an answer generated, so
that a good memory is quick to test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from training.base import Base
from training.generate import forced, generate
from training.matching import UNKNOWN, abstains, matches
from training.material import Kind, Probe
from training.statistics import Share


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered to a probe, and what came of it.

    Attributes:
        probe: the probe.
        text: the answer.
        confidence: probability of its least likely token, 0 to 1.
        correct: whether it counts as right.
        abstained: whether it says that it does not know.
    """

    probe: Probe
    text: str
    confidence: float
    correct: bool
    abstained: bool


Admit = Callable[[str, str, float], bool]
"""Whether to this question this answer, with this confidence, is given at all (`training.admission`)."""


def answer(
    base: Base,
    probes: Sequence[Probe],
    admit: Admit | None = None,
    longest: int = 40,
    *,
    expected: bool = True,
) -> list[Reply]:
    """The model's answers to the probes, in order.

    Args:
        base: the model with whatever adapter it carries.
        probes: what to ask; each has at least one accepted answer.
        admit: holds back answers; the last message is the question.
        longest: tokens of an answer at most.
        expected: whether most answers are expected to be the first accepted one, word for word; where they are not,
            looking for it first is a waste.
    """
    rows = [base.chat.row(probe.messages, probe.answers[0]) for probe in probes if expected]
    texts: dict[int, tuple[str, float]] = {}
    for index, result in enumerate(forced(base, rows)):
        if result.greedy:
            texts[index] = (probes[index].answers[0], result.confidence)
    rest = [index for index in range(len(probes)) if index not in texts]
    prompts = [base.chat.prompt(probes[index].messages) for index in rest]
    for index, found in zip(rest, generate(base, prompts, longest), strict=True):
        texts[index] = (base.chat.text(found.tokens), found.confidence)
    return [judged(probe, *texts[index], admit) for index, probe in enumerate(probes)]


def judged(probe: Probe, text: str, confidence: float, admit: Admit | None = None) -> Reply:
    """What comes of an answer to a probe; one that is not admitted counts as "I don't know."."""
    asked = probe.messages[-1].text
    if admit is not None and not abstains(text) and not admit(asked, text, confidence):
        text = UNKNOWN
    wants_unknown = abstains(probe.answers[0])
    correct = abstains(text) if wants_unknown else matches(text, probe.answers)
    return Reply(probe, text, confidence, correct, abstains(text))


def by_kind(replies: Iterable[Reply]) -> dict[str, Share]:
    """How many answers of each kind of probe are right; for skills, of each skill as "skill/NAME" too."""
    right: dict[str, list[bool]] = {}
    for reply in replies:
        right.setdefault(reply.probe.kind.value, []).append(reply.correct)
        if reply.probe.skill:
            right.setdefault(f"skill/{reply.probe.skill}", []).append(reply.correct)
    return {kind: Share(sum(values), len(values)) for kind, values in sorted(right.items())}


def confabulated(replies: Iterable[Reply]) -> Share:
    """How many answers state something wrong rather than admit ignorance: the error that must not happen."""
    replies = list(replies)
    return Share(sum(not reply.correct and not reply.abstained for reply in replies), len(replies))


def unchanged(before: Sequence[Reply], after: Sequence[Reply]) -> Share:
    """How many answers are the same as before, in the sense of `training.matching` (locality)."""
    same = [_same(old, new) for old, new in zip(before, after, strict=True)]
    return Share(sum(same), len(same))


def _same(old: Reply, new: Reply) -> bool:
    if old.abstained or new.abstained:
        return old.abstained == new.abstained
    return matches(new.text, [old.text])


def threshold(
    known: Sequence[Reply], unknown: Sequence[Reply], least: float = 0.0, most_lost: float = 0.01
) -> float:
    """The certainty below which answers are held back.

    Args:
        known: answers to questions that the memory should know.
        unknown: answers to questions that it should not know.
        least: the lowest that it may be.
        most_lost: share of the right answers that may be lost for it.

    Returns:
        The lowest threshold, from `least` on, that refuses as many wrong answers as any other within the bound.
    """
    right = sorted(reply.confidence for reply in known if reply.correct and not reply.abstained)
    wrong = sorted(
        reply.confidence
        for reply in [*known, *unknown]
        if not reply.correct and not reply.abstained
    )
    if not right or not wrong:
        return least
    bound = right[int(most_lost * len(right))]
    refused = [confidence for confidence in wrong if confidence < bound]
    return max(least, min(refused[-1] * 1.02, bound)) if refused else least


def kinds(probes: Iterable[Probe], *wanted: Kind) -> list[Probe]:
    """The probes of these kinds."""
    return [probe for probe in probes if probe.kind in wanted]
