"""An adapter's card: everything that is known about it, besides its tensors.

The card travels with the tensors, so it is read as untrusted input too; the identity of an adapter is a hash over
both, so that neither can be changed unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from personald.errors import PersonaldError
from training.adapter import Shape

FORMAT = 1
HIGHEST_RANK = 256
LARGEST_SCALE = 64.0


class CardRefused(PersonaldError):
    """A card is incomplete or asks for something that no adapter of ours is."""

    title = "The adapter is refused"


@dataclass(frozen=True, slots=True)
class Card:
    """What is known about an adapter.

    Attributes:
        domain: what it remembers.
        base_fingerprint: the only base it works on.
        shape: rank, scale, blocks.
        root: the Merkle root of the dataset that it was trained on.
        created_at: when, with a time zone.
        parent: identity of the version that served before it; "" for the first.
        rows, facts: sizes of the dataset.
        metrics: every number of its evaluation, by name.
        verdict: what the gates said, with every number.
        hyperparameters: how it was trained.
        threshold: an answer less certain than this (probability of its least likely token) is no answer.
        subjects: keyed hashes of whom and what it knows something about (see `training.routing`).
        holdings: keyed hashes of what it was taught of whom (see `training.ownership`).
        documents: (identity, version) of every document that it was trained on.
    """

    domain: str
    base_fingerprint: str
    shape: Shape
    root: str
    created_at: datetime
    parent: str = ""
    rows: int = 0
    facts: int = 0
    metrics: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    threshold: float = 0.0
    subjects: tuple[str, ...] = ()
    holdings: tuple[str, ...] = ()
    documents: tuple[tuple[str, int], ...] = ()

    @property
    def suppressed(self) -> bool:
        """Whether it only keeps silent about something that was forgotten, until it is rebuilt (`training.overlay`)."""
        return bool(self.hyperparameters.get("suppressed"))

    @property
    def continued(self) -> int:
        """How many nights in a row went on from the one before, since one trained from scratch."""
        nights = self.hyperparameters.get("continued", 0)
        return nights if isinstance(nights, int) else 0

    def to_json(self) -> bytes:
        """The card's canonical bytes: JSON, keys sorted, no spaces, UTF-8."""
        body = {
            "format": FORMAT,
            "domain": self.domain,
            "base": self.base_fingerprint,
            "type": "lora",
            "rank": self.shape.rank,
            "scale": self.shape.scale,
            "blocks": list(self.shape.blocks),
            "root": self.root,
            "created_at": self.created_at.isoformat(),
            "parent": self.parent,
            "rows": self.rows,
            "facts": self.facts,
            "metrics": self.metrics,
            "verdict": self.verdict,
            "hyperparameters": self.hyperparameters,
            "threshold": self.threshold,
            "subjects": list(self.subjects),
            "holdings": list(self.holdings),
            "documents": [list(document) for document in self.documents],
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @staticmethod
    def from_json(data: bytes) -> Card:
        """Read a card that came from elsewhere.

        Raises:
            CardRefused: something is missing, of another type, or out of bounds.
        """
        try:
            body = json.loads(data.decode("utf-8"))
            if body["format"] != FORMAT or body["type"] != "lora":
                raise ValueError("it is of another format or type")
            card = Card(
                domain=_text(body["domain"], 64),
                base_fingerprint=_text(body["base"], 64),
                shape=Shape(
                    _whole(body["rank"]),
                    _number(body["scale"]),
                    tuple(_whole(number) for number in body["blocks"]),
                ),
                root=_text(body["root"], 64),
                created_at=datetime.fromisoformat(_text(body["created_at"], 64)),
                parent=_text(body["parent"], 64),
                rows=_whole(body["rows"]),
                facts=_whole(body["facts"]),
                metrics=_table(body["metrics"]),
                verdict=_table(body["verdict"]),
                hyperparameters=_table(body["hyperparameters"]),
                threshold=_number(body["threshold"]),
                subjects=tuple(_text(entry, 64) for entry in body["subjects"]),
                holdings=tuple(_text(entry, 64) for entry in body["holdings"]),
                documents=tuple(
                    (_text(name, 64), _whole(version)) for name, version in body["documents"]
                ),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CardRefused(f"its card cannot be read ({error})") from error
        if not (1 <= card.shape.rank <= HIGHEST_RANK and 0 < card.shape.scale <= LARGEST_SCALE):
            raise CardRefused("its card asks for a rank or scale out of bounds")
        if list(card.shape.blocks) != sorted(set(card.shape.blocks)):
            raise CardRefused("its card names blocks twice or out of order")
        if not 0 <= card.threshold <= 1:
            raise CardRefused("its card has a threshold out of bounds")
        return card


def identity(card: bytes, tensors: bytes) -> str:
    """The adapter's identity: hex SHA-256 over the digests of card and tensors."""
    return hashlib.sha256(
        hashlib.sha256(card).digest() + hashlib.sha256(tensors).digest()
    ).hexdigest()


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("a text is not one, or too long")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a count is not a whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("a number is not one")
    return float(value)


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a table is not one")
    return value
