"""The base model reads passages and answers from them, or says that it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personald.serve.passages import Passage
from personald.serve.ranking import Ranked
from personald.serve.support import contains
from training import prompts
from training.generate import LONGEST_ANSWER, generate
from training.matching import abstains
from training.material import Message
from training.runtime import Runtime

# A passage whose score is far below the best one's is beside the point.
RELATIVE_FLOOR = 0.35

# How many of the best passages are read.
READ = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one passage.

    Attributes:
        answer: words of the passage.
        passage: where they stand.
        confidence: probability of the answer's least likely token, 0 to 1.
    """

    answer: str
    passage: Passage
    confidence: float


def read(runtime: Runtime, question: str, ranked: Sequence[Ranked]) -> list[Reading]:
    """Ask the base each of the best passages by itself, and keep the answers that stand in them.

    One passage at a time, because a small model reads one better than five; an answer whose words do not stand in
    the passage was not read in it and is dropped.

    Args:
        runtime: the model; its memories are put aside for this.
        question: as asked.
        ranked: passages, best first.
    """
    near = [item for item in ranked[:READ] if item.score >= RELATIVE_FLOOR * ranked[0].score]
    if not near:
        return []
    runtime.use(None)
    chat = runtime.base.chat
    conversations = [
        chat.prompt(
            (
                Message("system", prompts.remembered([shown(item.passage)])),
                Message("user", question),
            )
        )
        for item in near
    ]
    found = []
    for answer, item in zip(
        generate(runtime.base, conversations, LONGEST_ANSWER), near, strict=True
    ):
        text = chat.text(answer.tokens)
        if answer.ended and not abstains(text) and contains(item.passage.text, text):
            found.append(Reading(text, item.passage, answer.confidence))
    return found


def shown(passage: Passage) -> prompts.Passage:
    """A passage as the base is taught to see remembered passages: with what it is called and when it was written."""
    title = ", ".join(dict.fromkeys(part for part in (passage.title, passage.heading) if part))
    return prompts.Passage(passage.text, title, passage.date)
