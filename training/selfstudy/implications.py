"""What follows from a text: SEAL's implications, the form that its trained editors converged on (arXiv 2506.10943)."""

from __future__ import annotations

from collections import Counter

from training.prompts import IMPLY, RECALL_IMPLIED
from training.selfstudy.grounding import Pair, grounded_passage, taught
from training.selfstudy.reader import Reader
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = (IMPLY,)


def make(reader: Reader, work: Work) -> Yield:
    """One row with everything that was said to follow and that the text holds up."""
    text, dropped = work.stretch.text, Counter[str]()
    (written,) = reader.write(text, PROMPTS)
    passage = grounded_passage(text, written, dropped)
    if not passage:
        return Yield([], dropped)
    pair = Pair(RECALL_IMPLIED.format(title=work.stretch.title), passage)
    kept = taught(reader, text, [pair], dropped)
    return Yield([Made(pair.question, pair.answer, support=text) for pair in kept], dropped)
