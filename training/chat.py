"""Conversations ↔ token ids, for any tokenizer that mlx-lm can load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from training.material import Message


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation with its answer, as token ids.

    Attributes:
        tokens: the prompt, the answer, the token that ends the answer.
        start: index of the first token of the answer; the targets are tokens[start:], nothing else.
    """

    tokens: tuple[int, ...]
    start: int

    @property
    def targets(self) -> int:
        """How many tokens there are to learn."""
        return len(self.tokens) - self.start


class Chat:
    """The conversation format of one base model.

    Args:
        tokenizer: mlx-lm's tokenizer wrapper. Where it has no chat template, a conversation is written as plain
            "Question: … / Answer: …" lines.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.end: int = int(tokenizer.eos_token_id)
        self.ends = frozenset(int(token) for token in tokenizer.eos_token_ids)
        self._prompt = lru_cache(maxsize=65536)(self._render)

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Token ids of a conversation, up to where the model's answer begins."""
        return self._prompt(tuple(messages))

    def _render(self, messages: tuple[Message, ...]) -> tuple[int, ...]:
        if self.tokenizer.has_chat_template:
            turns = [{"role": message.role, "content": message.text} for message in messages]
            return tuple(
                self.tokenizer.apply_chat_template(
                    turns, add_generation_prompt=True, enable_thinking=False
                )
            )
        labels = {"system": "", "user": "Question: ", "assistant": "Answer: "}
        lines = [labels[message.role] + message.text for message in messages]
        return tuple(self.tokenizer.encode("\n".join([*lines, "Answer:"])))

    def answer(self, text: str) -> tuple[int, ...]:
        """Token ids of an answer, with the token that ends it."""
        if not self.tokenizer.has_chat_template:
            text = f" {text}"
        return (*self.tokenizer.encode(text, add_special_tokens=False), self.end)

    def row(self, messages: Sequence[Message], answer: str) -> Row:
        """A conversation and its answer, ready to train on."""
        prompt = self.prompt(messages)
        return Row(prompt + self.answer(answer), len(prompt))

    def text(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens."""
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True)).strip()
