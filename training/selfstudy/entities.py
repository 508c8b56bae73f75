"""How the people and things of a text relate, pair by pair: EntiGraph (Yang et al., arXiv 2409.07431).

There a strong model lists the entities too; here names are found by rule, so that none is invented.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from training.matching import normalise
from training.prompts import RECALL_RELATION, RELATE
from training.selfstudy.grounding import Pair, grounded_passage, taught
from training.selfstudy.reader import Reader
from training.selfstudy.stretches import entities
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = (RELATE,)
MOST_PAIRS = 6
"""Pairs of one stretch: more of them repeat one another."""


def make(reader: Reader, work: Work) -> Yield:
    """Rows that say how two names of the text are connected."""
    text, dropped = work.stretch.text, Counter[str]()
    pairs = list(combinations(entities(text), 2))[:MOST_PAIRS]
    tasks = [RELATE.format(first=first, second=second) for first, second in pairs]
    found = []
    for (first, second), written in zip(
        pairs, reader.write(text, tasks) if tasks else [], strict=True
    ):
        passage = grounded_passage(text, written, dropped)
        told = normalise(passage).split()
        if all(normalise(name).split()[-1] in told for name in (first, second)):
            found.append(Pair(RECALL_RELATION.format(first=first, second=second), passage))
    kept = taught(reader, text, found, dropped)
    return Yield([Made(pair.question, pair.answer, support=text) for pair in kept], dropped)
