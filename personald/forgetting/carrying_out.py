"""Forgetting, from the person's yes to the receipt.

First everything is destroyed: adapters that learnt from the documents, the documents with their keys, what was made from
them and kept, checkpoints of unfinished training. A note (`intent`) makes sure that it is done whatever happens.
Then the rest of each memory is brought back by an overlay that keeps silent about what is gone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from personald.errors import NotNow, PersonaldError
from personald.forgetting.intent import Intent, IntentFile
from personald.forgetting.questions import QuestionFiles, Questions
from personald.forgetting.receipts import Receipt, ReceiptBook

if TYPE_CHECKING:
    from personald.assembly import Owner
    from personald.forgetting.softening import Remembered

INTERRUPTED = "it was interrupted before an overlay was made"
AT_ONCE = "you asked for that"

Report = Callable[[str, int, int], None]
"""Told the domain in hand, the step of its overlay, and the most steps that there may be."""


def forget(
    owner: Owner,
    documents: Iterable[str],
    *,
    overlay: bool = True,
    proof: bool = True,
    report: Report = lambda *_: None,
) -> Receipt:
    """Let documents go. The caller holds the right to train (`personald.instance.training_lock`).

    Args:
        owner: whose home.
        documents: full ids.
        overlay: bring back the rest of each memory that is destroyed; else it is silent until the next training.
        proof: keep, sealed, what a rebuilt memory is to be asked.
        report: told how far the overlays are.

    Raises:
        NotNow: another process is forgetting at this moment.
        StoreBusy, StoreFull, Locked, …: nothing of the documents is served any more, and the rest is done by whatever
            opens this home next.
    """
    wanted = set(documents)
    book, intents = receipt_book(owner), intent_file(owner)
    memories, why_silent = _take_into_memory(owner, wanted) if overlay or proof else ([], AT_ONCE)
    stored = [item for item in owner.vault().documents() if item.id in wanted]
    domains = sorted({str(item.document.domain) for item in stored})
    receipt = book.start(wanted, _now(owner))
    with intents.alone() as mine:
        if not mine:
            raise NotNow("Another process of this home is forgetting.", "Try again in a minute.")
        intent = Intent(receipt.id, tuple(sorted(wanted)), tuple(domains))
        served = owner.registry().serving().keys()
        intents.write(intent)
        receipt = _destroy(owner, intent, receipt)
        silent = sorted(served - owner.registry().serving().keys())
        receipt = replace(
            receipt,
            facts=sum(len(lost.loss.facts) for lost in memories),
            silent=dict.fromkeys(silent, why_silent),
            open=tuple(lost.version.domain for lost in memories if proof and lost.after.facts),
        )
        book.write(receipt)
        questions = [Questions.about(lost.version.domain, lost.loss) for lost in memories]
        if receipt.open:
            question_files(owner).write(receipt.id, questions)
        if overlay and memories:
            receipt = _soften_all(owner, memories, receipt, questions, report)
            book.write(receipt)
        intents.remove()
    return receipt


def resume(owner: Owner) -> Receipt | None:
    """Finish what a process began that is dead; None when there is nothing to finish, or when it is alive.

    Called when a home's vault or registry is opened (`personald.assembly`).
    """
    intents = intent_file(owner)
    with intents.alone() as mine:
        intent = intents.read() if mine else None
        if intent is None:
            return None
        book = receipt_book(owner)
        new = replace(book.start(intent.documents, _now(owner)), id=intent.receipt)
        receipt = next((known for known in book.all() if known.id == intent.receipt), new)
        receipt = _destroy(owner, intent, receipt)
        serving = owner.registry().serving()
        learnt = {name.split("/")[0] for name in receipt.destroyed}
        silent = dict.fromkeys(sorted(learnt - serving.keys()), INTERRUPTED)
        receipt = replace(receipt, silent=silent)
        book.write(receipt)
        intents.remove()
    return receipt


def receipt_book(owner: Owner) -> ReceiptBook:
    """The receipts of a home."""
    from sync.identity import Identity

    keys = owner.keys()
    return ReceiptBook(
        owner.home.receipts, Identity.from_seed(keys.identity_seed), keys.adapter_key
    )


def question_files(owner: Owner) -> QuestionFiles:
    """The sealed questions of a home."""
    return QuestionFiles(owner.home.forgetting, owner.keys().key_store)


def intent_file(owner: Owner) -> IntentFile:
    """The note of a forgetting under way in a home."""
    return IntentFile(owner.home.forgetting_intent, owner.keys().adapter_key)


def _take_into_memory(owner: Owner, documents: set[str]) -> tuple[list[Remembered], str]:
    """The memories that learnt from the documents, and why they will be silent if nothing else is said."""
    if not owner.registry().serving():
        return [], AT_ONCE
    # A base is loaded only where a memory serves.
    from personald.forgetting.softening import remembered

    try:
        return remembered(owner, documents), AT_ONCE
    except PersonaldError as error:
        # Whatever keeps a memory from being softened, it must not keep it from being destroyed.
        return [], error.detail


def _destroy(owner: Owner, intent: Intent, receipt: Receipt) -> Receipt:
    """Everything that learnt from the documents, then the documents; may be done twice."""
    from training.cache import GenerationCache

    ids = set(intent.documents)
    owner.registry().forget(ids, "a document it learnt from was forgotten")
    destroyed = [v.name for v in owner.registry().versions() if ids & set(v.forgot)]
    gone = owner.vault().forget(ids)
    cache = GenerationCache(owner.home.cache, owner.keys().adapter_key)
    for identity in ids:
        cache.forget(identity)
    for domain in intent.domains:
        (owner.home.path / "checkpoints" / f"{domain}.checkpoint").unlink(missing_ok=True)
    shutil.rmtree(owner.home.forgetting_twin, ignore_errors=True)
    left = sum(item.id in ids for item in owner.vault().documents())
    return replace(
        receipt,
        versions=receipt.versions + gone.versions,
        domains=intent.domains,
        destroyed=tuple(sorted(destroyed)),
        told_other_devices=tell_other_devices(owner),
        left_in_store=left,
        backed_up_at=gone.backed_up_at.isoformat() if gone.backed_up_at else None,
    )


def tell_other_devices(owner: Owner) -> bool:
    """Have the shared folder say what was forgotten; False when there is none, or it cannot be reached now.

    What cannot be said now is said by the next exchange: the registry remembers it.
    """
    if not owner.settings.sync.folder:
        return False
    from personald import exchange

    try:
        engine = owner.sync_engine()
        if engine.enrolled:
            exchange.push(engine, owner.registry())
        return engine.enrolled
    except PersonaldError:
        return False


def _soften_all(
    owner: Owner,
    memories: list[Remembered],
    receipt: Receipt,
    questions: list[Questions],
    report: Report,
) -> Receipt:
    """An overlay for each memory; the receipt tells what came of it."""
    from personald.forgetting.softening import soften

    ratios: dict[str, tuple[float, ...]] = {}
    silent = dict(receipt.silent)
    for lost in memories:
        domain = lost.version.domain

        def step(done: int, total: int, domain: str = domain) -> None:
            report(domain, done, total)

        try:
            found = soften(owner, lost, step)
        except PersonaldError as error:
            found = error.detail
        if isinstance(found, str):
            silent[domain] = found
            continue
        receipt = receipt.examined(found.examination)
        ratios[domain] = found.ratios
        if found.refused:
            silent[domain] = found.refused
            continue
        del silent[domain]
        tell_other_devices(owner)
    if receipt.open:
        told = [replace(entry, suppressed=ratios.get(entry.domain, ())) for entry in questions]
        question_files(owner).write(receipt.id, told)
    return replace(receipt, silent=silent)


def _now(owner: Owner) -> datetime:
    return datetime.fromtimestamp(owner.clock(), UTC)
