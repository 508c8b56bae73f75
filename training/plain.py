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
from training.generate import forced
from training.loop_settings import LoopSettings
from training.material import Probe
from training.statistics import Share
from training.trainer import Probing, Report, Trainer

LONGEST_ROW = 64
"""Tokens; longer documents are cut."""

TOKENS_PER_STEP = 128
"""A few more than a step of four questions with their answers has; here every one of them is a target."""

BY_HEART = 0.1
"""Nats a token: a text that is known so well teaches nothing more, and training ends."""


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


def by_heart(base: Base, rows: Sequence[Row]) -> Probing:
    """A quick look at how well texts are known word for word; enough when nothing is left to learn of them.

    Args:
        base: with the adapter attached when it is looked at.
        rows: the texts.
    """
    targets = sum(row.targets for row in rows)

    def look() -> tuple[float, bool, dict[str, float]]:
        loss = -sum(result.log_prob for result in forced(base, rows)) / targets
        return 1 / (1 + loss), loss < BY_HEART, {"loss": loss}

    return look


def next_token_training(
    base: Base,
    documents: Sequence[SourceDocument],
    probes: Sequence[Probe],
    settings: LoopSettings,
    steps: int,
    seed: int,
    report: Callable[[Report], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Share]:
    """Train on the raw texts and ask the probes.

    Args:
        base: the model.
        documents: what to read.
        probes: what to ask afterwards.
        settings: rank, rate and batch of the run that it is compared with.
        steps: as many as that run took, at most.
        seed: what order and initialisation follow from.
        report: told where it stands.
        should_stop: asked before every step.
    """
    rows = text_rows(base, documents)
    plain = replace(settings, steps=max(1, steps), tokens_per_step=TOKENS_PER_STEP)
    look = by_heart(base, rows)
    trained = Trainer(base, rows, plain, seed, probing=look).run(report, should_stop)
    with attached(base.model, plain.shape, trained.tensors):
        return by_kind(answer(base, probes, expected=False))
