"""One person who is to be remembered, and the exam that every way of remembering sits: the same questions for all.

Edit success, generalisation, portability (back from a value, and over two linked facts) and abstention are asked about
the person; locality and retention about all else, as `training.exam` does it. What is measured is what one would be
told: where a memory says that it does not know, or is not asked, the base's own answer stands. Beside that stands what
the weights alone would have said to the questions about all else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from benchmarks.memory_persons import Person
from training.base import Base
from training.cache import GenerationCache
from training.dataset import Dataset, assemble
from training.evaluate import Reply, by_kind, confabulated, unchanged
from training.exam import Exam, set_exam, spread
from training.loop_settings import LoopSettings
from training.material import Kind, Probe
from training.routing import is_bare_question
from training.settings import TrainingSettings
from training.statistics import Share

COUNTED = 20
"""Questions that are asked one by one to count the tokens that an answer takes."""


LONGEST_ANSWER = 24
"""Tokens; every value of these persons is shorter."""


class Ask(Protocol):
    """Puts questions to some memory."""

    def __call__(self, probes: Sequence[Probe], *, expected: bool = True) -> list[Reply]:
        """The replies, in order; `expected` as in `training.evaluate.answer`."""


class Counted:
    """A model that counts the tokens it is called with, and is otherwise the model.

    Args:
        model: an mlx-lm model.
    """

    def __init__(self, model: Any) -> None:
        self.model_itself = model
        self.tokens = 0

    def __call__(self, inputs: Any, *arguments: Any, **named: Any) -> Any:
        """The model's logits."""
        self.tokens += int(inputs.size)
        return self.model_itself(inputs, *arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model_itself, name)


@dataclass(frozen=True, slots=True)
class Trial:
    """A person, a seed, and what every arm is given.

    Attributes:
        base: the model, which counts its tokens.
        person: who is to be remembered.
        seed: what every choice of training follows from.
        settings: those of a night.
        dataset: the person's facts, rows and probes; of all their documents together.
        exam: the questions about all else, with the base's answers.
        loop: the settings of the loop, for as many steps as our rows take.
        cache: for what the base writes.
        folder: where trained tensors are kept.
    """

    base: Base
    person: Person
    seed: int
    settings: TrainingSettings
    dataset: Dataset
    exam: Exam
    loop: LoopSettings
    cache: GenerationCache
    folder: Path

    @staticmethod
    def of(base: Base, whose: Person, seed: int, settings: TrainingSettings, folder: Path) -> Trial:
        """The trial of one person with one seed."""
        cache = GenerationCache(folder / "cache", bytes(32))
        study = settings.study.suited(base.is_pocket)
        dataset = assemble("person", whose.documents, study, (), whose.owner)
        counting = replace(base, model=Counted(base.model))
        exam = set_exam(counting, dataset, settings.skill_items, seed, cache)
        loop = settings.loop(base, len(dataset.examples))
        return Trial(counting, whose, seed, settings, dataset, exam, loop, cache, folder)

    def itself(self) -> Base:
        """The base that does not count, for what puts parts of its own into it."""
        counter: Counted = self.base.model
        return replace(self.base, model=counter.model_itself)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one arm.

    Attributes:
        shares: every share measured, by name.
        rows, steps: what it was trained on, and how long; 0 where it was not.
        cpu_seconds: processor time of learning, looks at the probes included.
        tokens: that the model reads and writes for an answer, on average.
        megabytes: what has to be kept beside the base.
        note: what else should be known.
    """

    shares: Mapping[str, Share]
    rows: int = 0
    steps: int = 0
    cpu_seconds: float = 0.0
    tokens: float = 0.0
    megabytes: float = 0.0
    note: str = ""


def examine(trial: Trial, ask: Ask, *, routed: bool, most: int = 0) -> dict[str, Share]:
    """All shares of an arm.

    Args:
        trial: the questions.
        ask: the arm.
        routed: bare questions only are put to it, and what it does not know is the base's to answer; else it is the
            model itself that has changed, and all there is.
        most: so many questions about the person are asked, at even distances; 0 for all.
    """
    probes = trial.dataset.probes
    replies = ask(spread(probes, most or len(probes)))
    shares = {**by_kind(replies), "confabulation": confabulated(replies)}
    skills, before = trial.exam.skills, trial.exam.before
    if not routed:
        return {**shares, **beside(skills, before, ask(skills, expected=False))}
    after = list(before)
    bare = [place for place, probe in enumerate(skills) if is_bare_question(probe.messages)]
    said = ask([skills[place] for place in bare], expected=False)
    for place, reply in zip(bare, said, strict=True):
        after[place] = before[place] if reply.abstained else reply
    return {**shares, **beside(skills, before, after)}


def beside(
    skills: Sequence[Probe], before: Sequence[Reply], after: Sequence[Reply]
) -> dict[str, Share]:
    """Locality and retention: near neighbours whose answer is unchanged; right answers after, of those before."""
    near = [place for place, probe in enumerate(skills) if probe.kind is Kind.NEIGHBOUR]
    near = near or list(range(len(skills)))
    right = sum(reply.correct for reply in before)
    kept = min(right, sum(reply.correct for reply in after))
    return {
        "locality": unchanged([before[place] for place in near], [after[place] for place in near]),
        "retention": Share(kept, right),
    }


def tokens_per_answer(trial: Trial, ask: Ask) -> float:
    """How many tokens the model reads and writes for an answer about the person, asked one by one."""
    counter: Counted = trial.base.model
    asked = spread([probe for probe in trial.dataset.probes if probe.facts], COUNTED)
    before = counter.tokens
    for probe in asked:
        ask([probe], expected=False)
    return (counter.tokens - before) / len(asked)
