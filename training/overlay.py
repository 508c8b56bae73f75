"""A suppression overlay: a memory told, in seconds, to keep silent about some facts and to stay itself elsewhere.

Training by negation: the questions that taught the lost facts are now answered "I don't know.", while everything that
stays (the other facts, and what the memory does not know) is held to the memory's own outputs by KL divergence. The
overlay starts as the memory's own tensors and ends as tensors of the same form, so that nothing has to be added up when
it serves, and no file with the untouched ones is needed any more.

It hides and does not erase: the weights come from ones that knew. So it serves only until the memory is rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from training.adapter import Tensors, attached
from training.base import Base
from training.forgetting import Loss
from training.generate import forced
from training.loop_settings import LoopSettings
from training.matching import UNKNOWN
from training.material import Example
from training.replay import Replay, base_outputs
from training.trainer import Probing, Report, Trainer


@dataclass(frozen=True, slots=True)
class OverlaySettings:
    """How an overlay is trained.

    Attributes:
        learning_rate_share: of the rate that the memory itself was trained at.
        steps: how many; the rate falls to nothing over them, which lets everything else settle again.
        rows_per_step: questions of lost facts in a step.
        kept_rows: rows in a step that hold the memory to itself.
        kept_items: how many different rows it is held to at most.
        kl_weight: how strongly.
        probe_every: steps between two looks.
    """

    learning_rate_share: float = 0.2
    steps: int = 60
    rows_per_step: int = 12
    kept_rows: int = 24
    kept_items: int = 600
    kl_weight: float = 3.0
    probe_every: int = 10


def suppress(
    base: Base,
    served: Tensors,
    loop: LoopSettings,
    loss: Loss,
    stays: Sequence[Example],
    seed: int,
    settings: OverlaySettings | None = None,
    report: Callable[[Report], None] = lambda _: None,
) -> Tensors:
    """Train the overlay; returns the memory's tensors with the lost facts suppressed.

    Args:
        base: the model, without any adapter.
        served: the memory's tensors.
        loop: how the memory was trained.
        loss: what is lost; it has rows.
        stays: what the memory is to be held to: the rows of the dataset without what is lost.
        seed: what the order follows from.
        settings: how; None for what was found to work.
        report: told how far it is.

    Raises:
        TrainingDiverged: the loss was not a number too often.
    """
    settings = settings or OverlaySettings()
    rows = [base.chat.row(row.messages, UNKNOWN) for row in loss.rows]
    held = _nearest(stays, loss, settings.kept_items)
    kept = [base.chat.row(row.messages, row.answer) for row in held]
    loop = replace(
        loop,
        learning_rate=loop.learning_rate * settings.learning_rate_share,
        steps=settings.steps,
        rows_per_step=settings.rows_per_step,
        replay_rows=settings.kept_rows,
        replay_tokens=settings.kept_rows * 64,
        kl_weight=settings.kl_weight,
        probe_every=settings.probe_every,
    )
    replay = None
    with attached(base.model, loop.shape, served):
        if kept:
            outputs = base_outputs(base, kept, loop.top)
            replay = Replay(kept, outputs, loop, seed, base.chat.end)
        probing = _probing(base, loss)
    trained = Trainer(base, rows, loop, seed, replay, probing=probing, start=served).run(report)
    return trained.tensors


def _nearest(stays: Sequence[Example], loss: Loss, most: int) -> list[Example]:
    """The rows that stay, those about the same people and with the same wordings as what is lost first."""
    words = {word for row in loss.rows for word in row.messages[-1].text.casefold().split()}
    wordings = {row.wording for row in loss.rows}

    def nearness(row: Example) -> tuple[int, bool]:
        shared = sum(word in words for word in set(row.messages[-1].text.casefold().split()))
        return -shared, row.wording not in wordings

    return sorted(stays, key=nearness)[:most]


def _probing(base: Base, loss: Loss) -> Probing:
    """A look at held-out questions: lost ones must be silent, kept ones answered as the attached memory answers now."""
    silent = [base.chat.row(probe.messages, UNKNOWN) for probe in loss.choosing]
    kept = [base.chat.row(probe.messages, probe.answers[0]) for probe in loss.kept_choosing]
    before = sum(found.greedy for found in forced(base, kept))

    def look() -> tuple[float, bool, dict[str, float]]:
        quiet = sum(found.greedy for found in forced(base, silent)) / max(len(silent), 1)
        same = min(1.0, sum(found.greedy for found in forced(base, kept)) / max(before, 1))
        return (quiet + same) / 2, False, {"silent": quiet, "kept": same}

    return look
