"""The text in other forms: as a note, a mail, a list, a diary entry, and in other words.

Plain rewriting by the untuned base teaches more of a passage than questions about it do (SEAL, arXiv 2506.10943,
table of single-passage results).
"""

from __future__ import annotations

from collections import Counter

from training.prompts import RECALL_REWRITE, REWRITE
from training.selfstudy.grounding import Pair, grounded_passage, taught
from training.selfstudy.reader import Reader
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = tuple(REWRITE.values())


def make(reader: Reader, work: Work) -> Yield:
    """Rows that give the text's content back in another form."""
    text, title, dropped = work.stretch.text, work.stretch.title, Counter[str]()
    pairs = []
    for form, written in zip(REWRITE, reader.write(text, PROMPTS), strict=True):
        passage = grounded_passage(text, written, dropped)
        if passage:
            pairs.append(Pair(RECALL_REWRITE[form].format(title=title), passage))
    kept = taught(reader, text, pairs, dropped)
    return Yield([Made(pair.question, pair.answer, support=text) for pair in kept], dropped)
