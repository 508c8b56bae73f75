"""The base as it studies: it writes about a text, answers with it and without it; the text is read once."""

from __future__ import annotations

from collections.abc import Sequence

from training.base import Base
from training.generate import forced, generate
from training.material import Message, asked
from training.prefix import Prefix, common_prefix
from training.prompts import over

LONGEST_WRITTEN = 260
"""Tokens of what is written about one stretch, at most; and no more than `WORDINESS` times the stretch's own."""
WORDINESS = 1.5
LONGEST_ANSWER = 32


class Reader:
    """A base that studies texts.

    Args:
        base: the model, without an adapter.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self._text = ""
        self._prefix = Prefix(base, ())

    def write(self, text: str, tasks: Sequence[str], longest: int = 0) -> list[str]:
        """What the base writes when each of these tasks is asked for over the text.

        Args:
            text: what it reads.
            tasks: what it is asked to do.
            longest: tokens at most; 0 for what the text's length allows.
        """
        prompts = [self.base.chat.prompt(asked(over(text, task))) for task in tasks]
        prefix = self._over(text)
        most = longest or min(LONGEST_WRITTEN, round(WORDINESS * len(prefix.tokens)))
        found = prefix.generate(prompts, most)
        return [self.base.chat.text(written.tokens) for written in found]

    def answers_over(self, text: str, questions: Sequence[str]) -> list[str]:
        """Its answers with the text before it."""
        return self.write(text, questions, LONGEST_ANSWER)

    def answers(self, questions: Sequence[str]) -> list[str]:
        """Its answers without any text."""
        prompts = [self.base.chat.prompt(asked(question)) for question in questions]
        return [
            self.base.chat.text(found.tokens)
            for found in generate(self.base, prompts, LONGEST_ANSWER)
        ]

    def log_probs(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Log-probability, in nats, of each answer after its question."""
        rows = [
            self.base.chat.row((Message("user", question),), answer) for question, answer in pairs
        ]
        return [found.log_prob for found in forced(self.base, rows)]

    def _over(self, text: str) -> Prefix:
        """The text, read: kept until another one is written about."""
        if text != self._text:
            ends = [self.base.chat.prompt(asked(over(text, task))) for task in ("A", "W", "1")]
            self._text = text
            self._prefix = Prefix(self.base, ends[0][: common_prefix(ends)])
        return self._prefix
