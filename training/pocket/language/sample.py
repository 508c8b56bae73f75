"""What the language hands out: conversations to learn from, and held-out ones with their check."""

import enum
from dataclasses import dataclass
from typing import Literal

from training.prompts import UNKNOWN as UNKNOWN

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A conversation to pretrain on.

    Args:
        skill: the name of the skill it teaches.
        turns: an optional system turn, then user and assistant turns in alternation; the loss
            belongs on the assistant turns, and weakly on the others, which are English too.
    """

    skill: str
    turns: tuple[Turn, ...]


class Check(enum.StrEnum):
    """How an answer to a `SkillItem` is judged; `checks.score` holds the rules."""

    EXACT = "exact"
    UNKNOWN = "idk"
    PAIRS = "pairs"
    REWRITE = "rewrite"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Expected:
    """One fact that an answer of several lines should hold.

    Args:
        answers: the value, as it stands in the text, and other forms that count as the same.
        questions: the questions that it answers, in all their wordings.
        sentence: the fact as a plain full sentence.
        subject: whom or what it is about, where the text names one.
    """

    answers: tuple[str, ...]
    questions: tuple[str, ...] = ()
    sentence: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class SkillItem:
    """A held-out conversation whose last turn is the user's, and how to judge what comes next.

    Args:
        skill: the row of the model card that it counts for.
        turns: the conversation up to and including the user's last turn.
        check: the rule.
        answers: for `Check.EXACT`, the right answer and other forms that count as right.
        text: for the rules about a text, that text.
        facts: for the rules about a text, what it says.
    """

    skill: str
    turns: tuple[Turn, ...]
    check: Check
    answers: tuple[str, ...] = ()
    text: str = ""
    facts: tuple[Expected, ...] = ()
