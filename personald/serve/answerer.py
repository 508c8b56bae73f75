"""Memory and reading side by side, and the rule that makes one answer of them.

What may be an answer comes from two sides: values that passages offer by their form (`finding`), and what the memories
say from the weights. Every one of them is weighed in the same way: by how well it fits the question where it stands in
a document (`evidence`). A memory's word, or the base's when it reads the same in that passage (`reader`), makes a value
more believable. Where no passage offers a value that is sure, a memory's word is the answer only if the memory is certain
and was taught it of those whom the question names. Where a passage and a memory differ the passage wins, for documents
change by day and memories by night. When nothing fits well enough, nothing is known.

Without retrieval (`--no-retrieval`) a memory's answer stands by itself, guarded by its own threshold and by the names
it has heard of (`training.routing`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personald.serve.deciding import Choice, choose, stands_alone
from personald.serve.finding import Found
from personald.serve.hops import find
from personald.serve.library import Library
from personald.serve.quoting import quoted
from personald.serve.reader import read
from training.matching import UNKNOWN, matches
from training.material import Message
from training.runtime import Recollection, Runtime
from training.serving import memories

if TYPE_CHECKING:
    from extractors.document import Domain
    from personald.assembly import Owner


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """An adapter that the answer comes from."""

    domain: str
    version: str


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A document that stands behind the answer, or that comes nearest to the question; with its telling line."""

    document: str
    title: str
    origin: str
    score: float
    quote: str


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
        library: the documents; None without retrieval.
        memory: whether memories are asked.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        runtime: Runtime,
        library: Library | None,
        *,
        memory: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._library = library
        self._memory = memory
        self._clock = clock

    @classmethod
    def of(cls, owner: Owner, *, memory: bool = True, retrieval: bool = True) -> Answerer:
        """Load the base and everything that serves in a home."""
        base = owner.base()
        runtime = Runtime(base)
        if memory:
            runtime.attach(memories(owner.registry(), base))
        library = Library(owner.vault()) if retrieval else None
        return cls(runtime, library, memory=memory)

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
            return self._answer(begun, text.strip(), None, ())
        return self._decide(begun, question, domain, self._recall([question], domain)[0])

    def ask_all(self, questions: Sequence[str]) -> Iterator[Answer]:
        """Answer many questions in turn; the memories hear all of them at once, which is several times as fast."""
        for question, recollection in zip(questions, self._recall(questions, None), strict=True):
            yield self._decide(self._clock(), question, None, recollection)

    def _decide(
        self,
        begun: float,
        question: str,
        domain: Domain | None,
        recollection: Recollection | None,
    ) -> Answer:
        """The answer to a question, once the memories have said what they remember."""
        if self._library is None:
            text = recollection.answer if recollection else UNKNOWN
            return self._answer(begun, text, recollection, ())
        found = self._find(question, domain, recollection)
        choice = choose(found, read(self._runtime, question, found.ranked), recollection)
        if choice is None and recollection is not None and stands_alone(question, recollection):
            return self._answer(begun, recollection.answer, recollection, sources(found))
        if choice is None:
            return self._answer(begun, UNKNOWN, None, sources(found))
        remembered = recollection if choice.remembered else None
        return self._answer(begun, choice.text, remembered, sources(found, choice))

    def _recall(self, questions: Sequence[str], domain: Domain | None) -> list[Recollection | None]:
        """What the memories say to each question; None where they know nothing, or are not asked."""
        known = self._runtime.memories
        if not self._memory or not known or (domain is not None and str(domain) not in known):
            return [None] * len(questions)
        found = self._runtime.recall_all(questions, str(domain) if domain else None)
        return [None if recollection.abstained else recollection for recollection in found]

    def _find(
        self, question: str, domain: Domain | None, recollection: Recollection | None
    ) -> Found:
        """What the documents hold for the question, and for the question with the memory's answer."""
        library = self._library
        assert library is not None
        hint = recollection.answer if recollection else ""
        return find(question, lambda text: library.passages(text, domain, hint))

    def _answer(
        self,
        begun: float,
        text: str,
        recollection: Recollection | None,
        sources: Sequence[SourceUse],
    ) -> Answer:
        adapters = (
            (AdapterUse(recollection.domain, recollection.version),)
            if recollection is not None
            else ()
        )
        abstained = matches(text, (UNKNOWN,))
        return Answer(text, adapters, tuple(sources), abstained, self._clock() - begun)


def sources(found: Found, choice: Choice | None = None) -> Sequence[SourceUse]:
    """The documents behind an answer, the one it was taken from first, then those that come nearest to the question."""
    passages = [item.passage for item in found.ranked]
    uses: dict[str, SourceUse] = {}
    for place, item in enumerate([choice.passage, *passages] if choice else passages):
        taken = choice.text if choice is not None and place == 0 else ""
        if item.document not in uses:
            quote = quoted(found.asked, item, taken)
            uses[item.document] = SourceUse(
                item.document, item.title, item.origin, 1 / (1 + place), quote
            )
    return tuple(uses.values())
