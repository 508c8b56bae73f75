"""What waits for the owner's word before it is studied, and what they said.

Two sorts of matters wait: sentences about health, law and money (`personald.sensitive`), and mails in which a stranger
states something about the owner or against what is known (`training.synthesis.strangers`). A matter is known by a keyed
hash of what it is, so that it is the same through renames and other changes of its document; only these hashes, the
numbers by which the person calls them, and the decisions are kept, sealed.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from personald.errors import UsageError
from personald.sensitive import HELD_BACK
from personald.store import StoredDocument
from personald.store.records import SensitiveSpan
from training.sealing import derive, open_sealed, seal, write_whole
from training.synthesis.sources import SourceDocument
from training.synthesis.strangers import Held

STRANGER = "stranger"
PURPOSE = "review"


class Decision(enum.StrEnum):
    """What the person said."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that waits, or waited, for the owner's word.

    Attributes:
        key: what it is known by.
        category: "health", "legal", "money" or "stranger".
        document: id of the document it stands in.
        title, origin: that document's.
        text: the sentence; of a stranger's mail what it states, one line each.
        reason: why it waits.
    """

    key: str
    category: str
    document: str
    title: str
    origin: str
    text: str
    reason: str


@dataclass(slots=True)
class Review:
    """The numbers and decisions of one home.

    Args:
        path: where they lie, sealed.
        key: 32 bytes.
    """

    path: Path
    key: bytes
    numbers: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, path: Path, key: bytes) -> Review:
        """Read what was decided so far.

        Raises:
            SealBroken: the file is damaged, or another key's.
        """
        found = cls(path, key)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return found
        body = json.loads(open_sealed(derive(key, PURPOSE), PURPOSE, sealed))
        found.numbers = dict(body["numbers"])
        found.decisions = {name: Decision(said) for name, said in body["decisions"].items()}
        found.allowed = set(body["allowed"])
        return found

    def save(self) -> None:
        """Write it, whole or not at all."""
        body = {
            "numbers": self.numbers,
            "decisions": {name: said.value for name, said in self.decisions.items()},
            "allowed": sorted(self.allowed),
        }
        sealed = seal(derive(self.key, PURPOSE), PURPOSE, json.dumps(body).encode())
        write_whole(self.path, sealed)

    # ---- what is asked of it

    def decision(self, category: str, key: str) -> Decision:
        """What was said of a matter: by itself, else of its whole category."""
        general = Decision.APPROVED if category in self.allowed else Decision.WAITING
        return self.decisions.get(key, general)

    def source_document(self, stored: StoredDocument) -> SourceDocument:
        """A stored document as the training room knows it, with what must not be studied marked."""
        plain = self.undecided(stored)
        said = self.decision(STRANGER, self.stranger_key(stored.id))
        if said is Decision.REJECTED:
            return replace(plain, held_back=((0, len(stored.document.text)),))
        return replace(plain, vouched=said is Decision.APPROVED)

    def undecided(self, stored: StoredDocument) -> SourceDocument:
        """The same before anything was said about strangers."""
        held_back = tuple(
            (span.start, span.end)
            for span in stored.sensitive
            if span.category not in HELD_BACK
            or self.decision(span.category, self.sentence_key(stored, span)) != Decision.APPROVED
        )
        return SourceDocument(stored.id, stored.version, stored.document, held_back)

    # ---- numbers

    def number(self, matters: Iterable[Matter]) -> dict[str, int]:
        """Key → number of these matters; one that has none gets the next, and keeps it."""
        for matter in matters:
            self.numbers.setdefault(matter.key, 1 + max(self.numbers.values(), default=0))
        return self.numbers

    def decide(self, keys: Iterable[str], decision: Decision) -> None:
        """Note what the person said of some matters."""
        self.decisions.update(dict.fromkeys(keys, decision))

    def decide_category(self, category: str, decision: Decision) -> None:
        """Note what the person said of a category, now and from now on; single decisions stand."""
        if decision is Decision.APPROVED:
            self.allowed.add(category)
        else:
            self.allowed.discard(category)

    # ---- keys

    def sentence_key(self, stored: StoredDocument, span: SensitiveSpan) -> str:
        """What a sensitive sentence is known by: its document, category and words."""
        words = " ".join(stored.document.text[span.start : span.end].split())
        return self._hash(span.category, stored.id, words)

    def stranger_key(self, document: str) -> str:
        """What a stranger's mail is known by."""
        return self._hash(STRANGER, document)

    def _hash(self, *parts: str) -> str:
        secret = derive(self.key, f"{PURPOSE} names")
        return hmac.new(secret, json.dumps(parts).encode(), hashlib.sha256).hexdigest()[:24]


def sensitive_matters(review: Review, documents: Iterable[StoredDocument]) -> Iterator[Matter]:
    """Every sentence about health, law or money."""
    for stored in documents:
        seen: set[str] = set()
        for span in stored.sensitive:
            key = review.sentence_key(stored, span)
            if span.category in HELD_BACK and key not in seen:
                seen.add(key)
                text = " ".join(stored.document.text[span.start : span.end].split())
                yield _matter(key, span.category, stored, text, f"it is about {span.category}")


def strangers_matters(
    review: Review, documents: Sequence[StoredDocument], held: Iterable[Held]
) -> Iterator[Matter]:
    """Every mail in which a stranger states what must not be taken as true unasked."""
    stated: dict[str, list[Held]] = {}
    for item in held:
        stated.setdefault(item.fact.document, []).append(item)
    for stored in documents:
        items = stated.get(stored.id)
        if items:
            quotes = dict.fromkeys(" ".join(item.fact.quote.split()) for item in items)
            reasons = dict.fromkeys(item.reason.value for item in items)
            yield _matter(
                review.stranger_key(stored.id),
                STRANGER,
                stored,
                "\n".join(quotes),
                f"{items[0].sender}: {'; '.join(reasons)}",
            )


def chosen(
    matters: Sequence[Matter], numbers: dict[str, int], wanted: Sequence[int]
) -> list[Matter]:
    """The matters with these numbers.

    Raises:
        UsageError: there is none with one of them.
    """
    by_number = {numbers[matter.key]: matter for matter in matters}
    missing = [number for number in wanted if number not in by_number]
    if missing:
        raise UsageError(
            f"Nothing to review has number {missing[0]}.", "See: personald review list"
        )
    return [by_number[number] for number in dict.fromkeys(wanted)]


def _matter(key: str, category: str, stored: StoredDocument, text: str, reason: str) -> Matter:
    document = stored.document
    return Matter(key, category, stored.id, document.title, document.origin, text, reason)
