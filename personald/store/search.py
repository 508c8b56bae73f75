"""Search: find the documents, best first, without a word of them ever lying open on the disk.

The index is loaded from its sealed shards, brought up to date with what was stored since, and asked. Documents that
hold all words come first, then those that hold any; within each BM25 decides. What is shown is opened from the vault,
so that a document which is gone is not shown even while its words are still in a shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from extractors.document import Domain
from personald.keys.derived import Generation
from personald.store.query import Query, Term
from personald.store.records import StoredDocument
from personald.store.scripts import fold
from personald.store.shards import Shard, ShardFolder
from personald.store.snippets import Snippet, pattern, snippet

# A search is widened to documents with any of its words only as far as so many documents would be ranked.
MAX_WIDENED = 2000
# Fewer new documents than this are indexed anew each time rather than written to disk.
MIN_SAVED = 64


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found.

    Attributes:
        document: its id.
        title, origin, domain, date: see `Document`.
        snippet: the passage that fits best, on one line.
        highlights: (start, end) in the snippet of what was found.
        score: larger is better; comparable within one search only.
    """

    document: str
    title: str
    origin: str
    domain: Domain
    date: datetime | None
    snippet: str
    highlights: tuple[tuple[int, int], ...]
    score: float


class Documents(Protocol):
    """What the index needs of the vault."""

    def live_rows(self) -> set[int]:
        """Return the rows of all live documents."""
        ...

    def at_rows(self, rows: Iterable[int]) -> Iterable[tuple[int, StoredDocument]]:
        """Yield (row, document) for those of these rows that are live and open."""
        ...


class SearchIndex:
    """The full-text index of one store, in memory.

    Args:
        folder: the sealed shards.
        generation: whose index key seals them.
        documents: the vault.
    """

    def __init__(self, folder: ShardFolder, generation: Generation, documents: Documents) -> None:
        self._folder = folder
        self._generation = generation
        self._documents = documents
        self._shards = folder.load(generation)

    def refresh(self, *, save: bool = False) -> int:
        """Take in what was stored since the index was written.

        Args:
            save: write the changed shards even when little is new.

        Returns:
            How many documents were new to it.
        """
        alive = self._documents.live_rows()
        for old in list(self._shards):
            if 2 * len(old.rows - alive) > len(old.rows):
                self._shards.remove(old)
                self._folder.remove(old)
        known = set().union(*(shard.rows for shard in self._shards)) if self._shards else set()
        new = sorted(alive - known)
        shard: Shard | None = None
        for row, stored in self._documents.at_rows(new):
            if shard is None or shard.is_full:
                if shard is not None:
                    shard.optimise()
                shard = self._open_shard()
            shard.add(row, stored)
        if shard is not None and len(new) >= MIN_SAVED:
            shard.optimise()
        if save or len(new) >= MIN_SAVED:
            for changed in self._shards:
                if changed.changed:
                    self._folder.save(changed, self._generation)
        return len(new)

    def _open_shard(self) -> Shard:
        for shard in self._shards:
            if not shard.is_full:
                return shard
        self._shards.append(Shard.empty())
        return self._shards[-1]

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Return the best documents for a query.

        Args:
            query: see `query.parse`.
            limit: how many at most.
        """
        wanted = [term for term in query.terms if not term.excluded]
        hits: dict[int, Hit] = {}
        finder = pattern(query.terms)
        for expression in self._expressions(query, wanted):
            scores = {
                row: score
                for score, row in self._ranked(expression, query, limit * 2 + 8)
                if row not in hits
            }
            for row, stored in self._documents.at_rows(scores):
                if len(hits) == limit:
                    return list(hits.values())
                hits[row] = _hit(stored, snippet(stored.document.text, finder), scores[row])
        return list(hits.values())

    def _expressions(self, query: Query, wanted: Sequence[Term]) -> list[str]:
        """The query in FTS5's language: first with all words, then with any that is not in every other document."""
        people = [f"people : {person.expression()}" for person in query.persons]
        excluded = [term.expression() for term in query.terms if term.excluded]
        every = [*(term.expression() for term in wanted), *people]
        expressions = [" AND ".join(every)] if every else []
        telling = self._telling(wanted)
        if len(wanted) > 1 and telling:
            widened = " OR ".join(term.expression() for term in telling)
            expressions.append(" AND ".join([f"({widened})", *people]))
        if excluded:
            expressions = [f"({e}) NOT ({' OR '.join(excluded)})" for e in expressions]
        return expressions

    def _telling(self, wanted: Sequence[Term]) -> list[Term]:
        """The rarest terms, as many as can be ranked quickly; each alone may find the document."""
        ranked = sorted((self._holders(term), number) for number, term in enumerate(wanted))
        telling: list[Term] = []
        total = 0
        for holders, number in ranked:
            total += holders
            if telling and total > MAX_WIDENED:
                break
            if holders:
                telling.append(wanted[number])
        return telling

    def _holders(self, term: Term) -> int:
        """About how many documents hold a term: those that hold the rarest of its words."""
        whole = term.words[:-1] if term.prefix else term.words
        counts = [sum(shard.holders(fold(word)) for shard in self._shards) for word in whole]
        return min(counts, default=1)

    def _ranked(self, expression: str, query: Query, limit: int) -> list[tuple[float, int]]:
        conditions, values = "", list[object]()
        if query.domain is not None:
            conditions += " AND entry.domain = ?"
            values.append(query.domain.value)
        if query.since is not None:
            conditions += " AND entry.date >= ?"
            values.append(query.since.timestamp())
        if query.until is not None:
            conditions += " AND entry.date < ?"
            values.append(query.until.timestamp())
        found = [
            match
            for shard in self._shards
            for match in shard.match(expression, conditions, values, limit)
        ]
        found.sort(key=lambda match: (-match[0], -match[1]))
        return found[:limit]


def _hit(stored: StoredDocument, passage: Snippet, score: float) -> Hit:
    document = stored.document
    return Hit(
        stored.id,
        document.title,
        document.origin,
        document.domain,
        document.date,
        passage.text,
        passage.highlights,
        score,
    )
