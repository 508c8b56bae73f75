"""Questions that need two texts: the base is given two linked ones and asks what neither answers alone.

A pair holds where the base gives the answer with both texts, and with neither of them alone.
"""

from __future__ import annotations

from collections import Counter

from training.matching import abstains, matches
from training.prompts import LINK, read_pairs
from training.selfstudy.grounding import Pair, Reason, grounded_pairs
from training.selfstudy.questions import line_with
from training.selfstudy.reader import Reader
from training.selfstudy.stretches import entities
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = (LINK,)
MOST_PARTNERS = 2


def make(reader: Reader, work: Work) -> Yield:
    """Rows whose answer stands in the text or in a linked one, and needs both."""
    text, dropped = work.stretch.text, Counter[str]()
    named = set(entities(text))
    made: list[Made] = []
    linked = [
        (index, near) for index, near in enumerate(work.near) if named & set(entities(near.text))
    ]
    for index, near in linked[:MOST_PARTNERS]:
        both = f"{text}\n\n{near.text}"
        (written,) = reader.write(both, PROMPTS)
        pairs = [Pair(question, answer) for question, answer in read_pairs(written)]
        kept = grounded_pairs(reader, both, pairs, dropped)
        for pair in _needing_both(reader, (text, near.text), kept, dropped):
            support = line_with(text, pair.answer)
            made.append(Made(pair.question, pair.answer, support=support, with_near=index))
    return Yield(made, dropped)


def _needing_both(
    reader: Reader, texts: tuple[str, str], pairs: list[Pair], dropped: Counter[str]
) -> list[Pair]:
    for text in texts:
        questions = [pair.question for pair in pairs]
        replies = reader.answers_over(text, questions) if questions else []
        needing = [
            pair
            for pair, reply in zip(pairs, replies, strict=True)
            if abstains(reply) or not matches(reply, [pair.answer])
        ]
        dropped[Reason.ONE_TEXT] += len(pairs) - len(needing)
        pairs = needing
    return pairs
