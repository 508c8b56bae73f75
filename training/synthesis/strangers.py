"""What a stranger's mail may teach: anybody can write to a mailbox, so a letter alone makes nothing true.

A stranger is whoever is not in the owner's contacts, was never written to by the owner, and whose mail the owner has
not vouched for. What only strangers state about the owner, or against what is known otherwise, is not studied as true:
it is studied as what that sender says ("according to X"), and offered for review. A second mail of strangers does not
confirm a first one, for one person can send both.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from training.matching import normalise
from training.material import Fact
from training.synthesis.facts import fact_identity
from training.synthesis.relations import relation
from training.synthesis.sources import ADDRESS, Owner, SourceDocument, name_of
from training.synthesis.wordings import forms_of

HEADERS = frozenset({"mail sender", "mail date"})
"""Relations that the mail itself proves, whoever wrote it."""


class HeldReason(enum.StrEnum):
    """Why a fact waits for the owner's word."""

    ABOUT_OWNER = "a stranger states it about you"
    AGAINST_KNOWN = "a stranger contradicts what is known"


@dataclass(frozen=True, slots=True)
class Held:
    """A fact that waits for review: it is not studied as true.

    Attributes:
        fact: what was stated, with its document and quote.
        reason: why it waits.
        sender: who states it, as the mail says.
    """

    fact: Fact
    reason: HeldReason
    sender: str


@dataclass(frozen=True, slots=True)
class Sifted:
    """Facts told apart by whether they may be believed.

    Attributes:
        believed: to be settled among one another.
        attributed: what strangers say, as facts about what they say.
        held: the same, for review.
    """

    believed: tuple[Fact, ...]
    attributed: tuple[Fact, ...]
    held: tuple[Held, ...]


def is_strangers(source: SourceDocument, owner: Owner) -> bool:
    """Whether a document is a mail from somebody whom the owner does not know and has not vouched for."""
    document = source.document
    if document.domain != "mail" or source.vouched or owner.is_named(document.author):
        return False
    address = ADDRESS.search(document.author)
    return address is None or address.group().casefold() not in owner.knows


def sift(facts: Sequence[Fact], documents: Mapping[str, SourceDocument], owner: Owner) -> Sifted:
    """Tell what may be believed from what only strangers say.

    Args:
        facts: everything that was read.
        documents: the documents that they were read from, by identity.
        owner: whose mailbox it is, and whom they know.
    """
    foreign = {id for id, source in documents.items() if is_strangers(source, owner)}
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in facts:
        if fact.document not in foreign:
            known[fact.subject.casefold(), fact.relation].add(normalise(fact.value))
    believed: list[Fact] = []
    attributed: list[Fact] = []
    held: list[Held] = []
    for fact in facts:
        values = known[fact.subject.casefold(), fact.relation]
        if (
            fact.document not in foreign
            or fact.relation in HEADERS
            or normalise(fact.value) in values
        ):
            believed.append(fact)
            continue
        reason = HeldReason.AGAINST_KNOWN if values else HeldReason.ABOUT_OWNER
        if not values and not _about_owner(fact):
            believed.append(fact)
            continue
        sender = name_of(documents[fact.document].document.author) or "the sender"
        held.append(Held(fact, reason, sender))
        attributed.append(according_to(fact, sender))
    return Sifted(tuple(believed), tuple(attributed), tuple(held))


def _about_owner(fact: Fact) -> bool:
    return fact.subject == "" or fact.subject.startswith("my ")


def according_to(fact: Fact, sender: str) -> Fact:
    """The fact that a sender states something: true whatever they state."""
    if fact.questions:
        asked = fact.questions[0][:1].lower() + fact.questions[0][1:]
        about = asked.rstrip("?.")
        questions = (
            f"According to {sender}, {asked}",
            f"Going by what {sender} writes, {asked}",
            f"What does {sender} answer to the question {about}?",
        )
    else:
        whose, noun = forms_of(fact.subject)[0]["S"], relation(fact.relation).noun
        questions = (
            f"According to {sender}, what is {whose} {noun}?",
            f"What does {sender} say about {whose} {noun}?",
            f"What did {sender} write {whose} {noun} was?",
        )
    said = f"said: {fact.relation}"
    return replace(
        fact,
        identity=fact_identity(sender, said, fact.value, fact.document),
        subject=sender,
        relation=said,
        questions=questions,
    )
