"""Whether what a memory says is given as an answer at all; else "I don't know." is.

Three things must hold: the question names nobody and nothing that the memory never heard of (`training.routing`), the
value is not another one's (`training.ownership`), and the memory is certain enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from training.card import Card
from training.material import Example, Fact
from training.ownership import holdings, owns
from training.routing import familiarity, has_heard, heard_of


@dataclass(frozen=True, slots=True)
class Admission:
    """What a memory was taught of whom, and how certain it must be.

    Attributes:
        root: the key of the hashes.
        threshold: an answer less certain than this (probability of its least likely token) is no answer.
        subjects: keyed hashes of what it has heard of; empty when that is not known (then it may always answer).
        holdings: keyed hashes of what it was taught of whom; empty when that is not known (then all is its own).
    """

    root: str = ""
    threshold: float = 0.0
    subjects: frozenset[str] = frozenset()
    holdings: frozenset[str] = frozenset()

    @staticmethod
    def of(card: Card) -> Admission:
        """What an adapter's card says."""
        return Admission(
            card.root, card.threshold, frozenset(card.subjects), frozenset(card.holdings)
        )

    def may_answer(self, question: str) -> bool:
        """Whether the question names nobody and nothing that the memory never heard of."""
        return not self.subjects or has_heard(question, self.subjects, self.root)

    def familiarity(self, question: str) -> int:
        """How many of the question's names the memory heard of."""
        return familiarity(question, self.subjects, self.root)

    def admits(self, question: str, answer: str, confidence: float) -> bool:
        """Whether this answer, this certain, to this question is given."""
        if confidence < self.threshold or not self.may_answer(question):
            return False
        return not self.holdings or owns(question, answer, self.holdings, self.root)


def taught(
    examples: Iterable[Example], facts: Iterable[Fact], root: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What goes on a memory's card: whom and what it has heard of, and what it was taught of whom.

    Args:
        examples: what it is trained on; those that teach no fact do not count.
        facts: what is behind them.
        root: what the hashes are keyed with, the dataset's root.

    Returns:
        `subjects` and `holdings`.
    """
    teaching = [example for example in examples if example.facts]
    behind = list(facts)
    texts = [example.messages[-1].text for example in teaching]
    texts += [text for fact in behind for text in (fact.subject, fact.value)]
    return heard_of(texts, root), holdings(teaching, behind, root)
