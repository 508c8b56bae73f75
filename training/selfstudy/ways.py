"""What every way of studying is given, and what it gives."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from training.material import Purpose
from training.selfstudy.reader import Reader
from training.selfstudy.stretches import Stretch


class Way(enum.StrEnum):
    """The ways of studying a text."""

    QUESTIONS = "questions"
    REWRITES = "rewrites"
    IMPLICATIONS = "implications"
    SUMMARY = "summary"
    CONTRAST = "contrast"
    ENTITIES = "entities"
    TWO_HOPS = "two hops"
    STRATEGIES = "strategies"


@dataclass(frozen=True, slots=True)
class Work:
    """What is studied.

    Attributes:
        stretch: the text.
        near: the stretches of other documents that are nearest to it, nearest first.
    """

    stretch: Stretch
    near: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """One thing that was made of a text.

    Attributes:
        question, answer: what will be asked and said.
        purpose: study, or abstention for what must stay open.
        fact: whether the answer is a short fact, to be worded in many ways; else the row is studied as it is.
        support: the words of the text that hold it up.
        with_near: which of `Work.near` the answer needs as well, from 0; -1 for none.
    """

    question: str
    answer: str
    purpose: Purpose = Purpose.STUDY
    fact: bool = False
    support: str = ""
    with_near: int = -1

    def to_json(self) -> list[Any]:
        """The fields in order."""
        return [
            *(self.question, self.answer, self.purpose.value),
            *(self.fact, self.support, self.with_near),
        ]

    @staticmethod
    def from_json(entry: list[Any]) -> Made:
        """The opposite of `to_json`."""
        question, answer, purpose, fact, support, with_near = entry
        return Made(question, answer, Purpose(purpose), fact, support, with_near)


@dataclass(frozen=True, slots=True)
class Yield:
    """What a way gives for one piece of work: what holds, and how much was dropped for which reason."""

    made: list[Made]
    dropped: Counter[str] = field(default_factory=Counter)


class Study(Protocol):
    """A way of studying: a module with these two names."""

    @property
    def PROMPTS(self) -> Sequence[str]:
        """The prompts it uses; when one changes, what was made with it is made anew."""
        ...

    def make(self, reader: Reader, work: Work) -> Yield:
        """Study one stretch."""
        ...
