"""The examination of a memory that was rebuilt without what was forgotten.

It is asked every held-out question about it, and its truth ratios are compared with those of a memory that never saw the
documents: one trained on the very same rest from another seed. (The rebuilt memory never saw them either. That is the
point of rebuilding, and the test is there to show that nothing came in another way: by a cache, a checkpoint, another
document.) The figures go into the receipt, and the questions are destroyed.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from personald.forgetting.carrying_out import question_files, receipt_book
from personald.forgetting.questions import Questions
from personald.forgetting.receipts import Examination, Receipt
from training import worker
from training.adapter import attached
from training.admission import Admission
from training.evaluate import answer
from training.gates import Thresholds
from training.job import Emit, Job, ShouldStop
from training.material import Kind, Probe, asked
from training.registry import AdapterVersion, Registry
from training.runtime import Memory
from training.serving import memory
from training.synthesis.sources import SourceDocument
from training.truth_ratio import compare, truth_ratios

if TYPE_CHECKING:
    from personald.assembly import Owner

Reference = Callable[[], Memory | None]
"""Gives a memory that never saw what was forgotten; None when it was stopped before there was one."""

NO_GATES = Thresholds(
    edit_success=0.0, generalisation=0.0, locality=0.0, retention=0.0, abstention=0.0
)
"""The twin serves nobody; it must only have seen the same."""


def twin(
    owner: Owner,
    job: Job,
    documents: Sequence[SourceDocument],
    emit: Emit,
    should_stop: ShouldStop,
) -> Memory | None:
    """A memory trained as `job` was, on the same documents, from another seed; nothing of it stays on the disk.

    One that was stopped leaves its checkpoint, and goes on from there the next time.
    """
    folder, key = owner.home.forgetting_twin, owner.keys().adapter_key
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        # What the base says is the same for every seed, and need not be asked twice.
        (folder / "cache").symlink_to(owner.home.cache)
    settings = replace(job.settings, thresholds=NO_GATES, canary=False)
    other = replace(job, seed=job.seed + 1, settings=settings, full=True, compare=False)
    outcome = worker.run(other, documents, key, folder, emit, should_stop, owner.base())
    if outcome.version is None:
        return None
    found = memory(Registry(folder / "adapters", key), outcome.version, owner.base())
    shutil.rmtree(folder)
    return found


def unproven(owner: Owner, domain: str) -> list[Receipt]:
    """The receipts that wait for this domain's memory to be rebuilt."""
    return [receipt for receipt in receipt_book(owner).all() if domain in receipt.open]


def prove(owner: Owner, domain: str, reference: Reference) -> list[Receipt]:
    """Examine the memory that serves in a domain for all receipts that wait for it.

    Args:
        owner: whose home.
        domain: which domain was trained.
        reference: gives a memory that never saw the documents; called once, and only when there is something to ask.

    Returns:
        The receipts with what was found; none while the memory has not been rebuilt.
    """
    waiting = unproven(owner, domain)
    version = owner.registry().settled(domain)
    if not waiting or version is None or version.card.suppressed:
        return []
    files = question_files(owner)
    questions = {
        receipt.id: entry
        for receipt in waiting
        for entry in files.read(receipt.id)
        if entry.domain == domain
    }
    other = reference() if questions else None
    if questions and other is None:
        return []
    proven = []
    for receipt in waiting:
        found = questions.get(receipt.id)
        if found is not None and other is not None:
            receipt = receipt.examined(_examine(owner, version, found, other, receipt))
        else:
            # The questions are gone: destroyed by hand, or shredded with their key.
            receipt = replace(receipt, open=tuple(name for name in receipt.open if name != domain))
        receipt_book(owner).write(receipt)
        if not receipt.open:
            files.destroy(receipt.id)
        proven.append(receipt)
    return proven


def _examine(
    owner: Owner, version: AdapterVersion, questions: Questions, other: Memory, receipt: Receipt
) -> Examination:
    base = owner.base()
    mine = memory(owner.registry(), version, base)
    probes = [
        Probe(Kind.PARAPHRASE, asked(question.text), question.answers)
        for question in questions.asked
    ]
    with attached(base.model, mine.shape, mine.tensors):
        bare = answer(base, probes)
        guarded = answer(base, probes, Admission.of(version.card).admits)
        ratios = truth_ratios(base, questions.quizzes)
    with attached(base.model, other.shape, other.tensors):
        others = truth_ratios(base, questions.quizzes)
    test = compare(ratios, others) if ratios else None
    overlay = compare(questions.suppressed, ratios) if questions.suppressed and ratios else None
    return Examination(
        domain=version.domain,
        version=version.name,
        how="rebuilt",
        at=version.card.created_at.isoformat(),
        asked=len(bare),
        recalled=sum(reply.correct for reply in guarded),
        recalled_by_weights=sum(reply.correct for reply in bare),
        kept=_generalisation(version),
        kept_before=_before(owner, receipt, version.domain),
        ratios=len(ratios),
        distance=test.distance if test else None,
        p=test.p if test else None,
        overlay_p=overlay.p if overlay else None,
    )


def _generalisation(version: AdapterVersion) -> float:
    """Share right of a memory's own held-out questions, as its card tells."""
    return float(version.card.metrics.get("paraphrase", {}).get("value", 0.0))


def _before(owner: Owner, receipt: Receipt, domain: str) -> float | None:
    """The same of the memory that was destroyed; its figures outlive it."""
    destroyed: Sequence[AdapterVersion] = [
        version
        for version in owner.registry().versions(domain)
        if version.name in receipt.destroyed and "paraphrase" in version.card.metrics
    ]
    return _generalisation(destroyed[-1]) if destroyed else None
