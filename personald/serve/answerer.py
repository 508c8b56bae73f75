"""Memory and reading side by side, and the rule that makes one answer of them.

The memory answers from the weights, the reader from passages that full-text search finds. The rule:

1. an answer of a memory counts when some document of the store says so: it holds the answer and every name in the
   question. A memory that gives one person another's value is caught here;
2. otherwise the best passage's answer counts, word for word as it stands there;
3. otherwise nothing is known.

Without retrieval (`--no-retrieval`) a memory's answer stands by itself, guarded by its own threshold and by the names
it has heard of (`training.routing`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personald.serve.passages import Passage, Ranked, cut, rank
from personald.serve.reader import Reading, read
from personald.serve.support import supporting
from training.adapter import tensor_shapes
from training.matching import UNKNOWN, matches
from training.material import Message
from training.runtime import Memory, Recollection, Runtime
from training.tensorfile import from_bytes

if TYPE_CHECKING:
    from extractors.document import Domain
    from personald.assembly import Owner
    from personald.store import Vault
    from training.base import Base
    from training.registry import Registry

# How many documents search gives, and how many of their passages are read.
DOCUMENTS = 12
PASSAGES = 6


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """An adapter that the answer comes from."""

    domain: str
    version: str


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A document that stands behind the answer, or that comes nearest to the question."""

    document: str
    title: str
    origin: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What `personald ask` says.

    Attributes:
        text: the answer; "I don't know." when nothing is known.
        adapters: the adapters it comes from.
        sources: documents behind it, best first.
        abstained: nothing is known.
        seconds: how long it took.
    """

    text: str
    adapters: tuple[AdapterUse, ...]
    sources: tuple[SourceUse, ...]
    abstained: bool
    seconds: float


class Answerer:
    """Answers questions of one home.

    Args:
        runtime: the base with its memories.
        vault: the documents; None without retrieval.
        memory: whether memories are asked.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        runtime: Runtime,
        vault: Vault | None,
        *,
        memory: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._vault = vault
        self._memory = memory
        self._clock = clock

    @classmethod
    def of(cls, owner: Owner, *, memory: bool = True, retrieval: bool = True) -> Answerer:
        """Load the base and everything that serves in a home."""
        base = owner.base()
        runtime = Runtime(base)
        if memory:
            runtime.attach(serving_memories(owner.registry(), base))
        return cls(runtime, owner.vault() if retrieval else None, memory=memory)

    def ask(self, question: str, domain: Domain | None = None, context: str = "") -> Answer:
        """Answer one question.

        Args:
            question: as a person asks it.
            domain: only this domain's memory and documents.
            context: a text to read the answer in instead of memory and store (for probes of skills).
        """
        begun = self._clock()
        if context:
            text = self._runtime.generate([(Message("user", f"{context}\n\n{question}"),)])[0]
            return self._answer(begun, text.strip(), None, [])
        recollection = self._recall(question, domain)
        ranked = self._search(question, domain)
        if self._vault is None:
            text = recollection.answer if recollection else UNKNOWN
            return self._answer(begun, text, recollection, [])
        if recollection is not None and not recollection.abstained:
            backing = self._backing(question, recollection.answer, ranked, domain)
            if backing is not None:
                others = [item.passage for item in ranked]
                return self._answer(begun, recollection.answer, recollection, [backing, *others])
        readings = read(self._runtime, question, ranked)
        if not readings:
            return self._answer(begun, UNKNOWN, None, [item.passage for item in ranked])
        best = _best(readings)
        passages = [best.passage, *[item.passage for item in ranked]]
        return self._answer(begun, best.answer, None, passages)

    def _recall(self, question: str, domain: Domain | None) -> Recollection | None:
        if not self._memory or not self._runtime.memories:
            return None
        if domain is not None and str(domain) not in self._runtime.memories:
            return None
        return self._runtime.recall(question, str(domain) if domain else None)

    def _search(self, question: str, domain: Domain | None) -> list[Ranked]:
        if self._vault is None:
            return []
        hits = self._vault.search(question, domain=domain, limit=DOCUMENTS, match="any")
        return rank(question, self._passages([hit.document for hit in hits]), PASSAGES)

    def _passages(self, documents: Sequence[str]) -> list[Passage]:
        assert self._vault is not None
        found = []
        for identity in documents:
            stored = self._vault.get(identity)
            document = stored.document
            date = document.date.date().isoformat() if document.date else ""
            found += [
                Passage(stored.id, document.title, document.origin, text, date)
                for text in cut(document.text)
            ]
        return found

    def _backing(
        self, question: str, answer: str, ranked: Sequence[Ranked], domain: Domain | None
    ) -> Passage | None:
        """A passage that says so: among those found for the question, else among those found for both."""
        assert self._vault is not None
        near = supporting(question, answer, [item.passage for item in ranked])
        if near is not None:
            return near
        hits = self._vault.search(
            f"{question} {answer}", domain=domain, limit=DOCUMENTS, match="any"
        )
        return supporting(question, answer, self._passages([hit.document for hit in hits]))

    def _answer(
        self,
        begun: float,
        text: str,
        recollection: Recollection | None,
        passages: Sequence[Passage],
    ) -> Answer:
        adapters = (
            (AdapterUse(recollection.domain, recollection.version),)
            if recollection is not None and not recollection.abstained
            else ()
        )
        sources: dict[str, SourceUse] = {}
        for place, item in enumerate(passages):
            sources.setdefault(
                item.document, SourceUse(item.document, item.title, item.origin, 1 / (1 + place))
            )
        abstained = matches(text, (UNKNOWN,))
        return Answer(text, adapters, tuple(sources.values()), abstained, self._clock() - begun)


def serving_memories(registry: Registry, base: Base) -> dict[str, Memory]:
    """What serves in a registry, ready to be attached; adapters of another base are left out."""
    memories = {}
    for domain, version in registry.serving().items():
        card = version.card
        if card.base_fingerprint != base.fingerprint:
            continue
        tensors = from_bytes(registry.tensors(version.id), tensor_shapes(base.model, card.shape))
        memories[domain] = Memory(
            tensors, card.shape, version.name, card.threshold, frozenset(card.subjects), card.root
        )
    return memories


def _best(readings: Sequence[Reading]) -> Reading:
    """The answer on which most of the well-ranked passages agree; the best-ranked among equals."""

    def weight(reading: Reading) -> float:
        return sum(other.score for other in readings if matches(other.answer, (reading.answer,)))

    return max(readings, key=lambda reading: (weight(reading), reading.score))
