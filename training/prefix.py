"""Many answers over one text: what the prompts have in common is read once.

The caches that the model keeps after the common beginning (keys and values, states of convolutions or recurrences) are
copied for every prompt, and only the rest of each prompt is read. The answers are those of `training.generate`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from mlx.utils import tree_map
from mlx_lm.models.cache import make_prompt_cache

from training.arrays import mx
from training.base import Base
from training.generate import PROMPTS_PER_BATCH, Generated, decode, generate, same_length

SHORTEST_PREFIX = 16
"""Tokens; a shorter common beginning (a chat template's) saves nothing."""


def common_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all prompts begin with alike, leaving at least one to read of each; 0 for fewer than two prompts."""
    if len(prompts) < 2:
        return 0
    ordered = sorted(tuple(prompt) for prompt in prompts)
    low, high = ordered[0], ordered[-1]
    most = min(len(prompt) for prompt in prompts) - 1
    for place in range(most):
        if low[place] != high[place]:
            return place
    return most


class Prefix:
    """The beginning of prompts, read once.

    Args:
        base: the model that reads it, with whatever adapter it carries at the time.
        tokens: the beginning.
    """

    def __init__(self, base: Base, tokens: Sequence[int]) -> None:
        self.base, self.tokens = base, tuple(tokens)
        self._cache = make_prompt_cache(base.model)
        if self.tokens:
            base.model(mx.array([list(self.tokens)]), cache=self._cache)
            mx.eval([entry.state for entry in self._cache])

    def generate(self, prompts: Sequence[Sequence[int]], longest: int) -> list[Generated]:
        """Answers in the order of the prompts, at most `longest` tokens each.

        Args:
            prompts: whole ones; one that begins otherwise is read from its own beginning.
            longest: tokens of an answer at most.
        """
        shared = len(self.tokens)
        begins = [tuple(p[:shared]) == self.tokens and len(p) > shared for p in prompts]
        inside = [index for index, fits in enumerate(begins) if fits]
        outside = [index for index, fits in enumerate(begins) if not fits]
        answers: dict[int, Generated] = dict(
            zip(
                outside,
                generate(self.base, [prompts[index] for index in outside], longest),
                strict=True,
            )
        )
        for group in same_length([len(prompts[index]) for index in inside], PROMPTS_PER_BATCH):
            cache = [_widened(entry, len(group)) for entry in self._cache]
            rest = mx.array([list(prompts[inside[place]][shared:]) for place in group])
            logits = self.base.model(rest, cache=cache)[:, -1]
            found = decode(self.base, cache, logits, longest)
            answers.update(zip((inside[place] for place in group), found, strict=True))
        return [answers[index] for index in range(len(prompts))]


def generate_over(base: Base, prompts: Sequence[Sequence[int]], longest: int) -> list[Generated]:
    """Answers in the order of the prompts, at most `longest` tokens each; the common beginning is read once."""
    shared = common_prefix(prompts)
    if shared < SHORTEST_PREFIX:
        return generate(base, prompts, longest)
    return Prefix(base, prompts[0][:shared]).generate(prompts, longest)


def _widened(entry: Any, rows: int) -> Any:
    """A copy of one layer's cache for so many rows that all went the same way so far."""
    wide = copy.copy(entry)
    wide.state = tree_map(
        lambda part: mx.repeat(part, rows, axis=0) if isinstance(part, mx.array) else part,
        entry.state,
    )
    return wide
