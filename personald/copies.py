"""Copies are studied once: of documents that say the same, one stands for all.

Exported mailboxes, forwarded mails, attachments that are also files and saved versions say the same thing several
times; studied each, they would weigh more than anything said once, and a stranger's letter would confirm itself. Only the
author's own words are compared, without what they quote and without the lines at a mail's head; and two texts that
hold different numbers are no copies, however much of a template they share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from extractors import duplicates
from training.synthesis.sources import SourceDocument

_HEADS = re.compile(r"^(?:From|To|Cc|Bcc|Date|Sent|Subject|Attachments): .*$", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def without_copies(documents: Sequence[SourceDocument]) -> list[SourceDocument]:
    """The documents without those that only say again what another one says, in their order.

    The newest of a group stands for it. Cards and calendar entries are left alone: they are short, and the same words on
    two of them mean two things.
    """
    copies = copies_of(documents)
    return [source for source in documents if source.id not in copies]


def copies_of(documents: Sequence[SourceDocument]) -> dict[str, str]:
    """Identity of each copy → identity of the document that stands for it."""
    compared = {
        source.id: own_words(source)
        for source in documents
        if source.document.kind not in ("contact", "event", "task")
    }
    newest_first = sorted(
        (source for source in documents if source.id in compared),
        key=lambda source: (source.document.date is not None, _moment(source), source.id),
        reverse=True,
    )
    linked = duplicates.link(
        (source.id, duplicates.sketch(compared[source.id])) for source in newest_first
    )
    return {
        copy: original
        for copy, original in linked.items()
        if _numbers(compared[copy]) == _numbers(compared[original])
    }


def own_words(source: SourceDocument) -> str:
    """What a document says by itself, without a mail's head and without what it quotes."""
    text = source.document.text
    return _HEADS.sub("", "\n".join(text[start:end] for start, end in source.studied()))


def _moment(source: SourceDocument) -> float:
    date = source.document.date
    return date.timestamp() if date is not None and date.year > 1 else 0.0


def _numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(text))
