"""A text in one or two sentences: the gist, of which a memory is asked more often than of any detail."""

from __future__ import annotations

from collections import Counter

from training.prompts import RECALL_SUMMARY, SUMMARISE
from training.selfstudy.grounding import Pair, grounded_passage, taught
from training.selfstudy.reader import Reader
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = (SUMMARISE,)
SHORTER = 0.8
"""A summary is at most this share of the text."""


def make(reader: Reader, work: Work) -> Yield:
    """One row, where the base found something shorter than the text."""
    text, dropped = work.stretch.text, Counter[str]()
    (written,) = reader.write(text, PROMPTS)
    passage = grounded_passage(text, written, dropped)
    if not passage or len(passage) > SHORTER * len(text):
        return Yield([], dropped)
    pair = Pair(RECALL_SUMMARY.format(title=work.stretch.title), passage)
    kept = taught(reader, text, [pair], dropped)
    return Yield([Made(pair.question, pair.answer, support=text) for pair in kept], dropped)
