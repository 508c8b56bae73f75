"""What one domain is studied from: its documents, whose they are, how they are studied, and what the base made of them.

The night's work and whoever must know what a memory was taught (forgetting, provenance) make the same dataset from it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from training import selfstudy
from training.base import Base
from training.cache import GenerationCache
from training.dataset import Dataset, StudySettings, assemble, inputs_root
from training.synthesis.sources import Owner, SourceDocument, owner_of


@dataclass(frozen=True, slots=True)
class Syllabus:
    """One domain, about to be studied.

    Attributes:
        domain: its name.
        mine: its documents.
        contacts: contact cards of other domains, which facts may lead on to.
        owner: whose documents they are.
        settings: how they are studied.
        found: what the base made of them by itself.
    """

    domain: str
    mine: tuple[SourceDocument, ...]
    contacts: tuple[SourceDocument, ...]
    owner: Owner
    settings: StudySettings
    found: selfstudy.Found

    @staticmethod
    def of(
        domain: str, documents: Sequence[SourceDocument], settings: StudySettings, pocket: bool
    ) -> Syllabus:
        """The syllabus of a domain, before the base has studied anything.

        Args:
            domain: its name.
            documents: all documents of the person.
            settings: how they are studied.
            pocket: whether the base is the embedded one, which is too weak for some ways.
        """
        settings = settings.suited(pocket)
        mine = tuple(source for source in documents if source.document.domain == domain)
        cards = tuple(
            source
            for source in documents
            if source.document.kind == "contact" and source.document.domain != domain
        )
        owner = owner_of(documents, settings.owner)
        return Syllabus(domain, mine, cards, owner, settings, selfstudy.Found())

    def inputs(self, base_fingerprint: str) -> str:
        """A hash over everything that the dataset follows from; equal: nothing to train."""
        return inputs_root([*self.mine, *self.contacts], self.settings, base_fingerprint)

    def studied(self, base: Base, cache: GenerationCache, step: selfstudy.Step) -> Syllabus:
        """With what the base makes of the documents, where it is set to study; arguments as in `selfstudy.study`."""
        if not self.settings.self_study:
            return self
        ways = selfstudy.ways_of(self.settings.ways)
        found = selfstudy.study(base, self.mine, self.owner, cache, step, ways)
        return replace(self, found=found)

    def dataset(self, without: Collection[str] = ()) -> Dataset:
        """The snapshot that is trained on.

        Args:
            without: ids of documents that are left out, with everything that was made from them.
        """
        left_out = set(without)
        return assemble(
            self.domain,
            [source for source in self.mine if source.id not in left_out],
            self.settings,
            [fact for fact in self.found.facts if fact.document not in left_out],
            self.owner,
            rows=[
                row
                for row in self.found.rows
                if not left_out & {document for document, _ in row.documents}
            ],
            contacts=[source for source in self.contacts if source.id not in left_out],
            already_dropped=self.found.dropped if not left_out else {},
        )
