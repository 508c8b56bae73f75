"""What the training room is given of a home: its documents, with what must not be studied marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.synthesis.sources import SourceDocument

if TYPE_CHECKING:
    from personald.assembly import Owner
    from personald.store import StoredDocument


def sources(owner: Owner) -> list[SourceDocument]:
    """All live documents of a home, as they are studied."""
    return [source_document(stored) for stored in owner.vault().documents()]


def source_document(stored: StoredDocument) -> SourceDocument:
    """A stored document as the training room knows it, with what it must not study marked."""
    held_back = tuple((span.start, span.end) for span in stored.sensitive)
    return SourceDocument(stored.id, stored.version, stored.document, held_back)
