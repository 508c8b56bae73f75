"""What holds now: facts settled among one another, before anything is worded.

The newest of conflicting statements wins and the older is remembered as past; the same statement in two places is
one fact with two supports; statements that contradict each other with no telling which is newer are dropped. No
document and no sender may dominate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from training.matching import normalise
from training.material import Fact
from training.synthesis.sources import Owner

MANY = frozenset(
    {"list", "mail sender", "mail date", "languages", "event start", "event place", "deadline"}
)
"""Relations of which a subject may have several values without contradiction; of calendar entries the latest is meant."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one origin may contribute.

    Attributes:
        per_document: facts of one document at most.
        share_per_sender: share of a domain's facts from one sender at most (above `free_per_sender`).
        free_per_sender: so many facts of one sender are never too many.
    """

    per_document: int = 80
    share_per_sender: float = 0.3
    free_per_sender: int = 40


@dataclass(frozen=True, slots=True)
class Settled:
    """Facts after settling.

    Attributes:
        now: what holds.
        past: (older fact, the fact that took its place).
        supports: identity of a fact in `now` → identities of all facts that say the same, itself among them.
        dropped: why facts were left out, and how many.
    """

    now: tuple[Fact, ...]
    past: tuple[tuple[Fact, Fact], ...]
    supports: Mapping[str, tuple[str, ...]]
    dropped: Counter[str] = field(default_factory=Counter)


def settle(
    facts: Sequence[Fact], limits: Limits | None = None, owner: Owner | None = None
) -> Settled:
    """Settle facts among one another; their order in the result follows from what they say alone.

    Args:
        facts: all that may be believed.
        limits: caps on single origins.
        owner: whose facts they are; what they said themselves is not capped as a sender's.
    """
    dropped: Counter[str] = Counter()
    kept = _limited(facts, limits or Limits(), owner or Owner(), dropped)
    groups: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in kept:
        groups[fact.subject.casefold(), fact.relation].append(fact)
    now: list[Fact] = []
    past: list[tuple[Fact, Fact]] = []
    supports: dict[str, tuple[str, ...]] = {}
    for key in sorted(groups):
        values = _merged(groups[key], supports, dropped)
        if len(values) == 1 or key[1] == "list":
            now.extend(values)
            continue
        newest = max(values, key=_moment)
        others = [fact for fact in values if fact is not newest]
        if all(_moment(fact) < _moment(newest) for fact in others):
            now.append(newest)
            if key[1] not in MANY:
                past.extend((fact, newest) for fact in others if fact.date is not None)
            dropped["superseded"] += len(others)
        elif key[1] in MANY:
            now.append(newest)
            dropped["ambiguous"] += len(others)
        else:
            dropped["contradicting"] += len(values)
    return Settled(tuple(now), tuple(past), supports, dropped)


def _moment(fact: Fact) -> float:
    """When a fact was stated, as a number; unknown is the earliest."""
    if fact.date is None:
        return float("-inf")
    moment = fact.date if fact.date.tzinfo else fact.date.replace(tzinfo=UTC)
    return moment.timestamp() if moment.year > 1 else datetime.min.replace(tzinfo=UTC).timestamp()


def _merged(
    group: Iterable[Fact], supports: dict[str, tuple[str, ...]], dropped: Counter[str]
) -> list[Fact]:
    """One fact for each different value; a value that is part of another ("Weiss" of "Dr Weiss") is the same one."""
    values: list[list[Fact]] = []
    for fact in sorted(group, key=lambda fact: (-len(fact.value), fact.value, fact.identity)):
        for same in values:
            if _same(same[0], fact):
                same.append(fact)
                break
        else:
            values.append([fact])
    merged = []
    for same in values:
        best = replace(
            same[0],
            accepted=tuple(dict.fromkeys(form for fact in same for form in fact.accepted)),
            questions=tuple(
                dict.fromkeys(question for fact in same for question in fact.questions)
            ),
            date=max(same, key=_moment).date,
        )
        supports[best.identity] = tuple(sorted({fact.identity for fact in same}))
        dropped["duplicate"] += len(same) - 1
        merged.append(best)
    return merged


def _same(one: Fact, other: Fact) -> bool:
    long, short = f" {normalise(one.value)} ", f" {normalise(other.value)} "
    return (
        long == short
        or (short in long and len(short) > 4)
        or any(normalise(form) == short.strip() for form in one.accepted)
    )


def _limited(
    facts: Sequence[Fact], limits: Limits, owner: Owner, dropped: Counter[str]
) -> list[Fact]:
    """The facts within the caps of documents and senders, the newest first among equals."""
    kept: list[Fact] = []
    documents: Counter[str] = Counter()
    senders: Counter[str] = Counter()
    most = max(limits.free_per_sender, round(limits.share_per_sender * len(facts)))
    for fact in sorted(
        facts, key=lambda fact: (-_moment(fact), fact.document, fact.start, fact.identity)
    ):
        sender = "" if owner.is_named(fact.speaker) else fact.speaker.casefold()
        if documents[fact.document] >= limits.per_document:
            dropped["too many from one document"] += 1
        elif sender and senders[sender] >= most:
            dropped["too many from one sender"] += 1
        else:
            documents[fact.document] += 1
            senders[sender] += 1
            kept.append(fact)
    return kept
