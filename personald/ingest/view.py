"""What the ingest thread knows, published as immutable records for whoever asks for the status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from extractors.document import Domain
from personald.errors import PersonaldError
from personald.planner import DomainFacts
from personald.state import RunState
from personald.store import Counts, Store
from personald.watch.observer import Watching
from personald.watch.reach import Reach


@dataclass(frozen=True, slots=True)
class SourceView:
    """What is known of one source.

    Attributes:
        id, path: which.
        domain: given to all its documents; "" when each file decides.
        reach: whether it is there.
        watching: how changes are noticed; None before the first look.
        scanned: True once it was looked through since the start.
        documents: live documents of it.
    """

    id: int
    path: str
    domain: str
    reach: Reach
    watching: Watching | None = None
    scanned: bool = False
    documents: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """What the ingest thread knows, for the status.

    Attributes:
        ready: the store is open and every reachable source has been looked through since the start.
        sources: every source.
        total, pending, failed: documents stored, files waiting, files and parts that could not be read.
        skipped: for each reason how many were passed over.
        domains: facts for the planner.
        reading: id of the source that is being looked through; None when none is.
        problem: the error that keeps it from working; None when it works.
    """

    ready: bool = False
    sources: tuple[SourceView, ...] = ()
    total: int = 0
    pending: int = 0
    failed: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    domains: tuple[DomainFacts, ...] = ()
    reading: int | None = None
    problem: PersonaldError | None = None


def domain_facts(store: Store, counts: Counts, state: RunState) -> tuple[DomainFacts, ...]:
    """For every domain that has documents, or was trained: how much it holds, and what changed since."""
    facts = []
    for domain in Domain:
        documents = counts.per_domain.get(domain, 0)
        before = state.domain(domain.value).revision
        if documents or before >= 0:
            changes = store.changes_since(domain, before) if before >= 0 else documents
            facts.append(DomainFacts(domain.value, documents, store.revision(domain), changes))
    return tuple(facts)
