"""Plain next-token training on the documents themselves: what a memory is measured against.

It is the usual way, and does not work: raw text is learnt by heart and answers nothing (training.md, SEAL).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from training.adapter import attached
from training.base import Base
from training.chat import Row
from training.dataset import SourceDocument, latest
from training.evaluate import answer, by_kind
from training.material import Probe
from training.statistics import Share
from training.trainer import LoopSettings, Trainer

LONGEST_ROW = 256
"""Tokens; longer documents are cut."""


def text_rows(base: Base, documents: Sequence[SourceDocument]) -> list[Row]:
    """The documents as rows in which every token but the first is a target."""
    rows: list[Row] = []
    for source in latest(documents):
        tokens = tuple(base.tokenizer.encode(source.document.text, add_special_tokens=False))
        for start in range(0, len(tokens), LONGEST_ROW):
            part = tokens[start : start + LONGEST_ROW]
            if len(part) > 1:
                rows.append(Row((*part, base.chat.end), 1))
    return rows


def next_token_training(
    base: Base,
    documents: Sequence[SourceDocument],
    probes: Sequence[Probe],
    settings: LoopSettings,
    steps: int,
    seed: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Share]:
    """Train on the raw texts and ask the probes.

    Args:
        base: the model.
        documents: what to read.
        probes: what to ask afterwards.
        settings: rank, rate and batch of the run that it is compared with.
        steps: as many as that run took.
        seed: what order and initialisation follow from.
        should_stop: asked before every step.
    """
    rows = text_rows(base, documents)
    plain = replace(settings, steps=max(1, steps))
    trained = Trainer(base, rows, plain, seed).run(should_stop=should_stop)
    with attached(base.model, plain.shape, trained.tensors):
        return by_kind(answer(base, probes))
