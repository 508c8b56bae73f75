"""Strategies that the base proposes for this very text, and carries out: Active Reading (Lin et al., arXiv 2508.09494)."""

from __future__ import annotations

import re
from collections import Counter

from training.prompts import APPLY, PROPOSE, RECALL_STRATEGY
from training.selfstudy.grounding import Pair, grounded_passage, taught
from training.selfstudy.reader import Reader
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = (PROPOSE, APPLY)
MOST_STRATEGIES = 3
SHORTEST_STRATEGY = 3
"""Words; "Noted." tells nobody what to do."""
LONGEST_STRATEGY = 160
"""Characters; whatever is longer is no instruction but an attempt at the answer."""


def make(reader: Reader, work: Work) -> Yield:
    """Rows in which each strategy's outcome is given back."""
    text, dropped = work.stretch.text, Counter[str]()
    (proposed,) = reader.write(text, (PROPOSE,))
    strategies = proposals(proposed)
    tasks = [APPLY.format(strategy=strategy) for strategy in strategies]
    pairs = []
    for strategy, written in zip(
        strategies, reader.write(text, tasks) if tasks else [], strict=True
    ):
        passage = grounded_passage(text, written, dropped)
        if passage:
            question = RECALL_STRATEGY.format(title=work.stretch.title, strategy=strategy)
            pairs.append(Pair(question, passage))
    kept = taught(reader, text, pairs, dropped)
    return Yield([Made(pair.question, pair.answer, support=text) for pair in kept], dropped)


def proposals(written: str) -> list[str]:
    """The instructions that the base proposed, one a line, without list marks, none twice."""
    found: dict[str, None] = {}
    for line in written.split("\n"):
        bare = re.sub(r"^\s*(?:[-*•]|\d+[.)])\s*", "", line).strip()
        if len(bare.split()) >= SHORTEST_STRATEGY and len(bare) <= LONGEST_STRATEGY:
            found.setdefault(bare if bare.endswith((".", "!", "?")) else f"{bare}.", None)
    return list(found)[:MOST_STRATEGIES]
