"""Questions that sound like questions about a text and that neither it nor its nearest neighbours answer.

They keep a memory from giving the value next door. The base must admit its ignorance with the text before it, and with
each of the nearest texts of other documents: what one of them answers is not open at all.
"""

from __future__ import annotations

from collections import Counter

from training.matching import UNKNOWN, abstains
from training.material import Purpose
from training.prompts import CONTRAST, read_pairs
from training.selfstudy.grounding import Pair, Reason, distinct
from training.selfstudy.reader import Reader
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = (CONTRAST,)
NEIGHBOURS = 2


def make(reader: Reader, work: Work) -> Yield:
    """Rows that are answered with "I don't know."."""
    text, dropped = work.stretch.text, Counter[str]()
    (written,) = reader.write(text, PROMPTS)
    open_pairs = distinct(
        [
            Pair(question, UNKNOWN)
            for question, answer in read_pairs(written)
            if abstains(answer) and question.endswith("?")
        ],
        dropped,
    )
    questions = [pair.question for pair in open_pairs]
    for other in (text, *(near.text for near in work.near[:NEIGHBOURS])):
        replies = reader.answers_over(other, questions) if questions else []
        still = [
            question for question, reply in zip(questions, replies, strict=True) if abstains(reply)
        ]
        dropped[Reason.ANSWERED] += len(questions) - len(still)
        questions = still
    made = [Made(question, UNKNOWN, Purpose.ABSTENTION, support=text) for question in questions]
    return Yield(made, dropped)
