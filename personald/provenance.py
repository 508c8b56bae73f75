"""What stands behind a memory, followed both ways: document → fact → rows → adapter version, and back.

Nothing of this is written down beside the documents: facts are read from them anew, by the same rules as at night, and a
version's card says which documents, in which versions, it was trained on. So it can never disagree with what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personald.config import read_table
from personald.serve.words import tokens
from personald.study import sources
from training.dataset import Dataset, read_facts
from training.material import Fact
from training.registry import AdapterVersion
from training.settings import TrainingSettings
from training.syllabus import Syllabus
from training.synthesis.relations import relation
from training.synthesis.sources import SourceDocument, owner_of

if TYPE_CHECKING:
    from personald.assembly import Owner

MOST_FACTS = 12
DOCUMENTS_LOOKED_AT = 24
ENOUGH = 0.5
"""Share of a text's words that a fact must have to stand behind it."""


@dataclass(frozen=True, slots=True)
class Behind:
    """One fact, where it stands, and what was made of it.

    Attributes:
        fact: the fact.
        title, origin: its document's.
        studied: whether it is among what holds now; else it is superseded, doubtful, held back or one too many.
        rows: how many examples teach it.
        wordings: some of them.
        versions: adapter versions that were trained on this version of its document, oldest first.
    """

    fact: Fact
    title: str
    origin: str
    studied: bool
    rows: int
    wordings: tuple[str, ...]
    versions: tuple[AdapterVersion, ...]

    def to_json(self) -> dict[str, Any]:
        """As `why --json` prints it."""
        fact = self.fact
        return {
            "subject": fact.subject,
            "relation": fact.relation,
            "value": fact.value,
            "document": fact.document,
            "document_version": fact.version,
            "title": self.title,
            "origin": self.origin,
            "start": fact.start,
            "end": fact.end,
            "quote": fact.quote,
            "date": fact.date.isoformat() if fact.date else None,
            "speaker": fact.speaker or None,
            "studied": self.studied,
            "rows": self.rows,
            "wordings": list(self.wordings),
            "adapters": [
                {"version": version.name, "state": version.state.value} for version in self.versions
            ],
        }


class Provenance:
    """The provenance of one home.

    Args:
        owner: whose home.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._sources = {source.id: source for source in sources(owner)}
        table = read_table(owner.home).get("training", {})
        self._settings = TrainingSettings.from_table(table).study
        self._pocket = not owner.settings.base.reference
        self._person = owner_of(self._sources.values(), self._settings.owner)
        self._datasets: dict[str, Dataset] = {}

    def of_text(self, text: str, answer: str = "", domain: str | None = None) -> list[Behind]:
        """The facts that stand behind a text, those that have most of its words first.

        Args:
            text: a question, or something that was said.
            answer: what was answered to it; a fact with this value comes first.
            domain: only of this domain.
        """
        hits = self._owner.vault().search(f"{text} {answer}", limit=DOCUMENTS_LOOKED_AT)
        near = [
            self._sources[hit.document]
            for hit in hits
            if hit.document in self._sources
            and domain in (None, str(self._sources[hit.document].document.domain))
        ]
        wanted = _words(text)
        scored = []
        for fact in read_facts(near, self._person):
            share = len(wanted & _words_of(fact)) / max(len(wanted), 1)
            said = bool(answer) and _words(answer) <= _words(fact.value)
            if share >= ENOUGH or (said and share > 0):
                scored.append((said, share, fact))
        scored.sort(key=lambda item: (-item[0], -item[1], item[2].document, item[2].start))
        return self._behind([fact for _, _, fact in scored[:MOST_FACTS]])

    def of_document(self, document: str) -> list[Behind]:
        """Every fact that is read from a document."""
        return self._behind(list(read_facts([self._sources[document]], self._person)))

    def documents_of(self, version: AdapterVersion) -> list[SourceDocument]:
        """The documents that a version was trained on and that are stored still."""
        return [
            self._sources[document]
            for document, _ in version.card.documents
            if document in self._sources
        ]

    def _behind(self, facts: Sequence[Fact]) -> list[Behind]:
        learnt = _learnt(self._owner.registry().versions())
        found = []
        for fact in facts:
            source = self._sources[fact.document]
            dataset = self._dataset(str(source.document.domain))
            now = {i for supports in dataset.supports.values() for i in supports}
            rows = [row for row in dataset.examples if fact.identity in row.facts]
            found.append(
                Behind(
                    fact,
                    source.document.title,
                    source.document.origin,
                    fact.identity in now,
                    len(rows),
                    tuple(row.messages[-1].text for row in rows[:3]),
                    learnt.get((fact.document, fact.version), ()),
                )
            )
        return found

    def _dataset(self, domain: str) -> Dataset:
        if domain not in self._datasets:
            everything = list(self._sources.values())
            syllabus = Syllabus.of(domain, everything, self._settings, pocket=self._pocket)
            self._datasets[domain] = syllabus.dataset()
        return self._datasets[domain]


def _learnt(
    versions: Iterable[AdapterVersion],
) -> Mapping[tuple[str, int], tuple[AdapterVersion, ...]]:
    """(document, version) → the adapter versions that were trained on it."""
    found: dict[tuple[str, int], tuple[AdapterVersion, ...]] = {}
    for version in versions:
        for document in version.card.documents:
            found[document] = (*found.get(document, ()), version)
    return found


def _words(text: str) -> set[str]:
    return {stem for _, _, stem in tokens(text) if stem}


def _words_of(fact: Fact) -> set[str]:
    noun = fact.relation if fact.questions else relation(fact.relation).noun
    return _words(" ".join((fact.subject, noun, fact.value, *fact.questions)))
