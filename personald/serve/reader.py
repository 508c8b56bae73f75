"""The base model reads passages and answers from them, or says that it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personald.serve.passages import Passage, Ranked
from personald.serve.support import contains
from training import prompts
from training.matching import abstains
from training.material import Message
from training.runtime import Runtime

# A passage whose score is far below the best one's is beside the point.
RELATIVE_FLOOR = 0.35


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one passage.

    Attributes:
        answer: words of the passage.
        passage: where they stand.
        score: the passage's rank score.
    """

    answer: str
    passage: Passage
    score: float


def read(runtime: Runtime, question: str, ranked: Sequence[Ranked]) -> list[Reading]:
    """Ask the base each of the passages by itself, all in one batch, and keep the answers that stand in them.

    One passage at a time, because a small model reads one better than five; an answer whose words do not stand in
    the passage was not read in it and is dropped.

    Args:
        runtime: the model; its memories are put aside for this.
        question: as asked.
        ranked: passages, best first.
    """
    if not ranked:
        return []
    near = [item for item in ranked if item.score >= RELATIVE_FLOOR * ranked[0].score]
    conversations = [
        (
            Message("system", prompts.remembered_passages([_shown(item.passage)])),
            Message("user", question),
        )
        for item in near
    ]
    answers = runtime.generate(conversations)
    return [
        Reading(answer.strip(), item.passage, item.score)
        for answer, item in zip(answers, near, strict=True)
        if not abstains(answer) and contains(item.passage.text, answer)
    ]


def _shown(passage: Passage) -> str:
    """A passage with its title and date, as the base is taught to see remembered passages."""
    heading = f"{passage.title} ({passage.date})" if passage.date else passage.title
    return f"{heading}\n{passage.text}"
