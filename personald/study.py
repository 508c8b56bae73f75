"""What the training room is given of a home: its documents, with what must not be studied marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personald.copies import without_copies
from personald.reviewing import Review
from training.synthesis.sources import SourceDocument

if TYPE_CHECKING:
    from personald.assembly import Owner


def sources(owner: Owner) -> list[SourceDocument]:
    """All live documents of a home, as they are studied: copies once, and after what the person decided."""
    review = open_review(owner)
    return without_copies([review.source_document(stored) for stored in owner.vault().documents()])


def open_review(owner: Owner) -> Review:
    """What the person has decided so far."""
    return Review.open(owner.home.review, owner.keys().adapter_key)
