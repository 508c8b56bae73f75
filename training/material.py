"""What there is to study and to test: messages, facts, examples and probes, as plain frozen records.

An example is one item to train on, a probe one item to test on; their wordings never overlap. Both name the facts
they come from, and a fact names its document, version and span, so that provenance can be followed both ways.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MessageRole = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with the model."""

    role: MessageRole
    text: str


def asked(question: str) -> tuple[Message, ...]:
    """The conversation that consists of one question."""
    return (Message("user", question),)


class Kind(enum.StrEnum):
    """What a probe tests; the names of the field's metrics."""

    RECALL = "recall"
    PARAPHRASE = "paraphrase"
    REVERSE = "reverse"
    MULTI_HOP = "multi_hop"
    NEIGHBOUR = "neighbour"
    ABSTAIN = "abstain"
    SKILL = "skill"


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement that a document supports.

    Attributes:
        identity: hash of subject, relation, value and document; the same fact read again has the same identity.
        subject: whom or what it is about: a name, or "" for the owner of the files.
        relation: what is stated of it: a key of the relations table, or the plain noun that the document uses.
        value: the answer, as it stands in the document.
        accepted: further forms of the value that count as right.
        document, version: which document, in which version.
        start, end: the characters of its text that support the fact.
        quote: those characters.
        date: when it was stated; None when the source does not say.
        speaker: who stated it; "" when unknown.
        questions: for facts without a relation of the table, the questions that the value answers.
    """

    identity: str
    subject: str
    relation: str
    value: str
    accepted: tuple[str, ...]
    document: str
    version: int
    start: int
    end: int
    quote: str
    date: datetime | None = None
    speaker: str = ""
    questions: tuple[str, ...] = ()


class Purpose(enum.StrEnum):
    """Why an example is in the dataset."""

    STUDY = "study"
    ABSTENTION = "abstention"
    STYLE = "style"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Example:
    """One item to train on: after these messages, this answer.

    Attributes:
        messages: the conversation up to the answer.
        answer: what the model should say.
        purpose: study, abstention, style or replay.
        facts: identities of the facts it teaches, or of the `StudyRow` that it is; none for replay.
        wording: which wording it is, "relation/kind/number"; training and probes never share one.
    """

    messages: tuple[Message, ...]
    answer: str
    purpose: Purpose
    facts: tuple[str, ...] = ()
    wording: str = ""

    def canonical(self) -> bytes:
        """The bytes that stand for this example in the dataset's root: JSON with sorted keys, no spaces, UTF-8."""
        body = {
            "answer": self.answer,
            "facts": list(self.facts),
            "messages": [[message.role, message.text] for message in self.messages],
            "purpose": self.purpose.value,
            "wording": self.wording,
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def digest(self) -> bytes:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.canonical()).digest()


@dataclass(frozen=True, slots=True)
class Probe:
    """One item to test on.

    Attributes:
        kind: which metric it counts for.
        messages: the conversation up to the answer.
        answers: what counts as right (see `training.matching`).
        facts: identities of the facts it tests.
        domain: whose adapter should know; "" for none in particular.
        wording: which wording it is; never one that an example uses.
        skill: for probes of the base's skills, which one.
    """

    kind: Kind
    messages: tuple[Message, ...]
    answers: tuple[str, ...]
    facts: tuple[str, ...] = ()
    domain: str = ""
    wording: str = ""
    skill: str = ""
