"""Bringing the rest of a memory back after it was destroyed: the overlay, examined before it may serve.

All that it needs is taken into memory before anything is destroyed, and none of it is ever written: the memory's tensors,
the questions about what is lost, the rows of what stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from personald.config import read_table
from personald.forgetting.receipts import Examination
from personald.study import sources
from training.adapter import Tensors, attached
from training.admission import Admission, taught
from training.cache import GenerationCache
from training.card import Card
from training.dataset import Dataset
from training.evaluate import answer, threshold
from training.forgetting import Loss, loss_between
from training.material import Kind, Probe
from training.overlay import suppress
from training.registry import AdapterVersion
from training.runtime import Memory
from training.serving import BaseChanged, memory
from training.settings import TrainingSettings
from training.statistics import Share
from training.syllabus import Syllabus
from training.synthesis.sources import SourceDocument
from training.tensorfile import to_bytes
from training.truth_ratio import truth_ratios

if TYPE_CHECKING:
    from personald.assembly import Owner
    from training.base import Base

MOST_COST = 0.05
"""An overlay that costs more of the other answers than this share does not serve: silence is more honest."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A memory that is about to be destroyed, with all that an overlay needs.

    Attributes:
        version: which one serves.
        forgotten: ids of what it learnt from and is forgotten.
        loss: what it must lose.
        after: its domain without the documents.
        served: its tensors, in memory only; None when they do not fit the base in use.
    """

    version: AdapterVersion
    forgotten: frozenset[str]
    loss: Loss
    after: Dataset
    served: Memory | None


@dataclass(frozen=True, slots=True)
class Softened:
    """What came of an overlay.

    Attributes:
        examination: how well it keeps silent, and what it cost.
        ratios: truth ratios of what was forgotten, in the order of the loss's quizzes.
        refused: why it does not serve; "" when it does.
    """

    examination: Examination
    ratios: tuple[float, ...]
    refused: str


def remembered(owner: Owner, documents: set[str]) -> list[Remembered]:
    """The memories that serve and learnt from these documents, taken into memory.

    Args:
        owner: whose home.
        documents: ids of what is to be forgotten; still stored.
    """
    touched = [
        version
        for version in owner.registry().serving().values()
        if documents & {document for document, _ in version.card.documents}
    ]
    if not touched:
        return []
    everything = sources(owner)
    return [_remembered(owner, version, everything, documents) for version in touched]


def _remembered(
    owner: Owner, version: AdapterVersion, everything: list[SourceDocument], documents: set[str]
) -> Remembered:
    settings = _settings(owner)
    base = owner.base()
    # What the base made of these documents before comes from the cache.
    cache = GenerationCache(owner.home.cache, owner.keys().adapter_key)
    syllabus = Syllabus.of(version.domain, everything, settings.study, pocket=base.is_pocket)
    syllabus = syllabus.studied(base, cache, lambda *_: None)
    before, after = syllabus.dataset(), syllabus.dataset(without=documents)
    try:
        served = memory(owner.registry(), version, base)
    except BaseChanged:
        served = None
    return Remembered(version, frozenset(documents), loss_between(before, after), after, served)


def soften(
    owner: Owner, lost: Remembered, report: Callable[[int, int], None] = lambda *_: None
) -> Softened | str:
    """Train an overlay and let it serve, if it keeps silent and costs little.

    Args:
        owner: whose home.
        lost: a memory that was destroyed.
        report: told the step and the most steps that there may be.

    Returns:
        What came of it, or why there is none.
    """
    if lost.served is None:
        return "it was trained on another base model"
    if not lost.after.facts:
        return "nothing else was in it"
    base, registry = owner.base(), owner.registry()
    before = _kept(base, lost.served, lost.loss.kept)
    tensors = _suppressed(owner, lost, lost.served, report)
    card = _with_threshold(base, tensors, _card(lost), lost.loss.kept_choosing)
    last = max(version.number for version in registry.versions(lost.version.domain))
    overlay = Memory(tensors, card.shape, f"{card.domain}/{last + 1}", Admission.of(card))
    examination, ratios = _examined(base, overlay, card, lost.loss)
    examination = replace(examination, kept_before=before)
    refused = _refusal(examination, before)
    if not refused:
        metrics = {"kept": examination.kept, "recalled": examination.recalled}
        card = replace(card, metrics=metrics, verdict={"passed": True, "reasons": [], "gates": []})
        version = registry.add_candidate(card, to_bytes(tensors), "keeps silent, until rebuilt")
        registry.promote(version.id, f"in place of {lost.version.name}, which knew too much")
        owner.vault().record_provenance(version.id, card.documents)
    return Softened(examination, ratios, refused)


def _suppressed(
    owner: Owner, lost: Remembered, served: Memory, report: Callable[[int, int], None]
) -> Tensors:
    if not lost.loss.rows:
        return served.tensors
    base = owner.base()
    loop = replace(_settings(owner).loop(base, len(lost.after.examples)), shape=served.shape)
    return suppress(
        base,
        served.tensors,
        loop,
        lost.loss,
        lost.after.examples,
        seed=1,
        report=lambda step: report(step.step, step.steps),
    )


def _refusal(found: Examination, before: float) -> str:
    """Why an overlay may not serve; "" when it may."""
    if found.recalled:
        return f"it would still have answered {found.recalled} of {found.asked} questions about it"
    if found.kept < before - MOST_COST:
        return "keeping silent about it would have cost too much of the rest"
    return ""


def _settings(owner: Owner) -> TrainingSettings:
    return TrainingSettings.from_table(read_table(owner.home).get("training", {}))


def _card(lost: Remembered) -> Card:
    """The overlay's card: that of the memory, without what was forgotten, and with no root that a dataset could have."""
    old = lost.version.card
    root = hashlib.sha256(f"suppressed {lost.after.root}".encode()).hexdigest()
    subjects, holdings = taught(lost.after.examples, lost.after.facts, root)
    return replace(
        old,
        root=root,
        created_at=datetime.now(UTC),
        parent=lost.version.id,
        rows=len(lost.after.examples),
        facts=len(lost.after.facts),
        hyperparameters={"suppressed": True},
        subjects=subjects,
        holdings=holdings,
        # All that its weights come from, whether or not it still teaches anything: each may be forgotten later.
        documents=tuple(entry for entry in old.documents if entry[0] not in lost.forgotten),
    )


def _with_threshold(base: Base, tensors: Tensors, card: Card, probes: tuple[Probe, ...]) -> Card:
    """The card with the certainty below which this memory's answers are held back."""
    with attached(base.model, card.shape, tensors):
        replies = answer(base, probes)
    known = [reply for reply in replies if reply.probe.kind is not Kind.ABSTAIN]
    unknown = [reply for reply in replies if reply.probe.kind is Kind.ABSTAIN]
    return replace(card, threshold=threshold(known, unknown))


def _kept(base: Base, mine: Memory, probes: tuple[Probe, ...]) -> float:
    with attached(base.model, mine.shape, mine.tensors):
        replies = answer(base, probes, mine.admission.admits)
    return Share(sum(reply.correct for reply in replies), len(replies)).value


def _examined(
    base: Base, mine: Memory, card: Card, loss: Loss
) -> tuple[Examination, tuple[float, ...]]:
    with attached(base.model, mine.shape, mine.tensors):
        bare = answer(base, loss.probes)
        guarded = answer(base, loss.probes, mine.admission.admits)
        ratios = tuple(truth_ratios(base, loss.quizzes))
    examination = Examination(
        domain=card.domain,
        version=mine.version,
        how="suppressed",
        at=card.created_at.isoformat(),
        asked=len(bare),
        recalled=sum(reply.correct for reply in guarded),
        recalled_by_weights=sum(reply.correct for reply in bare),
        kept=_kept(base, mine, loss.kept),
    )
    return examination, ratios
