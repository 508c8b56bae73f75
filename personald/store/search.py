"""Search: find the documents, best first, without a word of them ever lying open on the disk.

The index is loaded from its sealed shards, brought up to date with what was stored since, and asked. Documents that
hold all words come first, then those that hold any; within each BM25 decides. What is shown is opened from the vault,
so that a document which is gone is not shown even while its words are still in a shard. Where there is a local embedding
model (`meaning`), the ranking by words is fused with the one by meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from extractors.document import Domain
from personald.keys.derived import Generation
from personald.store.query import Query, Term
from personald.store.records import StoredDocument
from personald.store.scripts import fold
from personald.store.shards import Shard, ShardFolder
from personald.store.snippets import Snippet, patterns, snippet

if TYPE_CHECKING:
    from personald.store.meaning import Embedder

# A search is widened to documents with any of its words only as far as so many documents would be ranked.
MAX_WIDENED = 2000
FUSION_CONSTANT = 60
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
        embedder: a local embedding model, None to search by words only.
    """

    def __init__(
        self,
        folder: ShardFolder,
        generation: Generation,
        documents: Documents,
        embedder: Embedder | None = None,
    ) -> None:
        self._embedder = embedder
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
            if 2 * len(old.rows - alive) > len(old.rows) or old.model != self._model:
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
            shard.add(row, stored, self._vector(stored))
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
        self._shards.append(Shard.empty(self._model))
        return self._shards[-1]

    @property
    def _model(self) -> str:
        return self._embedder.name if self._embedder else ""

    def _vector(self, stored: StoredDocument) -> bytes | None:
        if self._embedder is None:
            return None
        from personald.store.meaning import EMBEDDED_CHARACTERS, packed

        beginning = f"{stored.document.title}\n{stored.document.text[:EMBEDDED_CHARACTERS]}"
        return packed(self._embedder.embed([beginning])[0])

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Return the best documents for a query.

        Args:
            query: see `query.parse`.
            limit: how many at most.
        """
        wanted = [term for term in query.terms if not term.excluded]
        by_words: dict[int, float] = {}
        for expression in self._expressions(query, wanted):
            for score, row in self._ranked(expression, query, limit * 2 + 8):
                by_words.setdefault(row, score)
            if len(by_words) >= limit:
                break
        scores = by_words
        by_meaning = self._nearest(query, wanted, limit * 2 + 8)
        if by_meaning:
            scores = fuse([list(by_words), by_meaning])
        finders = patterns(query.terms)
        hits: list[Hit] = []
        for row, stored in self._documents.at_rows(scores):
            hits.append(_hit(stored, snippet(stored.document.text, finders), scores[row]))
            if len(hits) == limit:
                break
        return hits

    def _nearest(self, query: Query, wanted: Sequence[Term], limit: int) -> list[int]:
        """The rows nearest in meaning; none where the query asks for what only words can tell."""
        exact = any(len(term.words) > 1 or term.prefix for term in wanted)
        if self._embedder is None or not wanted or exact or len(wanted) != len(query.terms):
            return []
        if query.persons:
            return []
        from personald.store.meaning import nearest

        text = " ".join(word for term in wanted for word in term.words)
        conditions, values = _conditions(query)
        connections = [shard.connection for shard in self._shards]
        return nearest(connections, self._embedder.embed([text])[0], conditions, values, limit)

    def _expressions(self, query: Query, wanted: Sequence[Term]) -> Iterator[str]:
        """The query in FTS5's language: first with all words, then with any that is not in every other document."""
        people = [f"people : {person.expression()}" for person in query.persons]
        excluded = [term.expression() for term in query.terms if term.excluded]
        without = f" NOT ({' OR '.join(excluded)})" if excluded else ""
        every = [*(term.expression() for term in wanted), *people]
        if every:
            yield f"({' AND '.join(every)}){without}"
        telling = self._telling(wanted) if len(wanted) > 1 else []
        if telling:
            widened = " OR ".join(term.expression() for term in telling)
            yield f"({' AND '.join([f'({widened})', *people])}){without}"

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
        conditions, values = _conditions(query)
        found = [
            match
            for shard in self._shards
            for match in shard.match(expression, conditions, values, limit)
        ]
        found.sort(key=lambda match: (-match[0], -match[1]))
        return found[:limit]


def _conditions(query: Query) -> tuple[str, list[object]]:
    """The query's fields as conditions on a shard's entries, and their values."""
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
    return conditions, values


def fuse(rankings: Iterable[Sequence[int]]) -> dict[int, float]:
    """Return row → score by reciprocal rank fusion, best first: the sum of 1 / (60 + rank) over the rankings.

    Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009.

    Args:
        rankings: rows, each best first; ranks count from 1.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1 / (FUSION_CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], -item[0])))


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
