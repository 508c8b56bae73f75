"""The store's documents as passages: search names the documents, this room cuts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personald.serve.lexicon import variants
from personald.serve.passages import Passage, passages_of

if TYPE_CHECKING:
    from extractors.document import Domain
    from personald.store import Vault

# How many documents search names for the question's own words, and for the words that stand for them.
DOCUMENTS = 24
ALIKE_DOCUMENTS = 12

# How many documents are kept cut.
KEPT = 512


class Library:
    """Passages of one home's documents.

    Args:
        vault: the reading side of its store.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._cut: dict[tuple[str, int], list[Passage]] = {}

    def passages(
        self, question: str, domain: Domain | None = None, hint: str = ""
    ) -> list[Passage]:
        """The passages of all documents that share words with a question, or words that stand for them.

        Args:
            question: as asked.
            domain: only this domain's documents.
            hint: more words to look for, such as what a memory says.
        """
        meant = variants(question)
        others = sorted({other for grades in meant.values() for other in grades} - meant.keys())
        names = [
            *self._named(f"{question} {hint}", domain, DOCUMENTS),
            *self._named(" ".join(f"{word}*" for word in others), domain, ALIKE_DOCUMENTS),
        ]
        return [passage for name in dict.fromkeys(names) for passage in self._passages(name)]

    def _named(self, words: str, domain: Domain | None, limit: int) -> list[str]:
        """Ids of the documents that search finds for some words, whatever signs stand among them."""
        plain = " ".join(
            "".join(sign for sign in word if sign.isalnum() or sign in "'’*@.-").lstrip("-")
            for word in words.split()
        )
        if not plain.strip():
            return []
        return [hit.document for hit in self._vault.search(plain, domain=domain, limit=limit)]

    def _passages(self, identity: str) -> list[Passage]:
        stored = self._vault.get(identity)
        key = (stored.id, stored.version)
        if key not in self._cut:
            if len(self._cut) >= KEPT:
                self._cut.clear()
            self._cut[key] = passages_of(stored.id, stored.document)
        return self._cut[key]
