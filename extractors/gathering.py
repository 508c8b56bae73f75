"""What one file gave so far, and what a worker's last word about it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from extractors import protocol
from extractors.document import Document
from extractors.process import Answer, WorkerGone
from extractors.results import Extraction, Failure, FailureKind, Item, Skip

_WORTH_LESS = (FailureKind.CRASH.value, FailureKind.TIMEOUT.value, FailureKind.MEMORY.value)


class Gathered:
    """What one file gave so far.

    Args:
        keep: whether documents and failures of parts are kept; they are not where they are handed on at once.

    Attributes:
        told: what the worker said at the end; empty before.
    """

    def __init__(self, keep: bool = True) -> None:
        self._keep = keep
        self._documents: list[Document] = []
        self._failures: list[Failure] = []
        self._skipped: dict[str, int] = {}
        self.told: Mapping[str, Any] = {}

    def add(self, answer: Answer) -> bool:
        """Take an answer in; True when it was the last."""
        items, told = answer
        for item in items:
            self.take(item)
        if told is not None:
            self.told = told
        return told is not None

    def take(self, item: Item) -> None:
        """Take one item in."""
        if isinstance(item, Skip):
            self._skipped[item.reason] = self._skipped.get(item.reason, 0) + item.count
        elif self._keep:
            if isinstance(item, Document):
                self._documents.append(item)
            else:
                self._failures.append(item)

    def extraction(self) -> Extraction:
        """Everything together."""
        told = self.told
        failure = told.get("failure")
        return Extraction(
            documents=tuple(self._documents),
            failure=cast("Failure", protocol.item_from_json(failure))
            if failure is not None
            else None,
            format=str(told.get("format", "")),
            extractor_version=int(told.get("version", 0)),
            skipped=tuple(self._skipped.items()),
            part_failures=tuple(self._failures),
            content_hash=protocol.hash_from_json(told.get("hash")),
        )


def death(gone: WorkerGone) -> dict[str, Any]:
    """Return what stands in place of the last word of a worker that did not say any."""
    return {"format": "", "version": 0, "failure": ["f", gone.reason, gone.kind.value, ""]}


def is_worth_less(told: Mapping[str, Any]) -> bool:
    """Tell whether a failure may be avoided by a second attempt with less."""
    failure = told.get("failure")
    return failure is not None and failure[2] in _WORTH_LESS
