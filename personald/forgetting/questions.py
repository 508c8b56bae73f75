"""What a rebuilt memory is asked about what was forgotten: kept only as long as the proof needs, then shredded.

To show that a fact is gone one must ask for it, so its question and its value have to outlive its document. They lie
sealed under a random key of their own in the key store; deleting that key destroys them wherever copies of the file may
be. A person who does not want that says `forget --no-proof`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from personald.keys.stores import KeyStore
from training.forgetting import Loss
from training.sealing import KEY_BYTES, SealBroken, open_sealed, seal, write_whole
from training.truth_ratio import Quiz

SUFFIX = ".questions"
_ITEM = "forgetting"


@dataclass(frozen=True, slots=True)
class Question:
    """One held-out question about something forgotten, and the answers that would betray it."""

    text: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """All questions about what was forgotten in one domain.

    Attributes:
        domain: which.
        asked: held-out questions.
        quizzes: one for each fact, for truth ratios.
        suppressed: the quizzes' truth ratios under the overlay that served meanwhile; none when there was none.
    """

    domain: str
    asked: tuple[Question, ...]
    quizzes: tuple[Quiz, ...]
    suppressed: tuple[float, ...] = ()

    @classmethod
    def about(cls, domain: str, loss: Loss) -> Questions:
        """What to ask about a loss."""
        asked = tuple(Question(probe.messages[-1].text, probe.answers) for probe in loss.probes)
        return cls(domain, asked, loss.quizzes)


class QuestionFiles:
    """The sealed questions of one home, one file for each receipt.

    Args:
        folder: where they lie.
        key_store: where their keys live and die.
    """

    def __init__(self, folder: Path, key_store: KeyStore) -> None:
        self._folder, self._key_store = folder, key_store

    def write(self, receipt: str, questions: Sequence[Questions]) -> None:
        """Seal the questions of a receipt under a fresh key."""
        key = os.urandom(KEY_BYTES)
        self._key_store.set(_item(receipt), key)
        body = json.dumps([asdict(entry) for entry in questions]).encode()
        write_whole(self._path(receipt), seal(key, _item(receipt), body))

    def read(self, receipt: str) -> list[Questions]:
        """The questions of a receipt; none when they are gone or do not open any more."""
        key = self._key_store.get(_item(receipt))
        if key is None:
            return []
        try:
            body = open_sealed(key, _item(receipt), self._path(receipt).read_bytes())
        except (FileNotFoundError, SealBroken):
            return []
        return [_questions(entry) for entry in json.loads(body)]

    def destroy(self, receipt: str) -> None:
        """Destroy the key, then the file."""
        self._key_store.delete(_item(receipt))
        self._path(receipt).unlink(missing_ok=True)

    def _path(self, receipt: str) -> Path:
        return self._folder / f"{receipt}{SUFFIX}"


def _item(receipt: str) -> str:
    return f"{_ITEM}.{receipt}"


def _questions(entry: dict[str, Any]) -> Questions:
    return Questions(
        entry["domain"],
        tuple(Question(item["text"], tuple(item["answers"])) for item in entry["asked"]),
        tuple(
            Quiz(item["question"], item["answer"], tuple(item["wrong"]))
            for item in entry["quizzes"]
        ),
        tuple(entry["suppressed"]),
    )
