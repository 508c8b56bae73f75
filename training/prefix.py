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
from training.generate import PROMPTS_PER_BATCH, Generated, decode, same_length

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


def generate_over(base: Base, prompts: Sequence[Sequence[int]], longest: int) -> list[Generated]:
    """Answers in the order of the prompts, at most `longest` tokens each; the common beginning is read once."""
    shared = common_prefix(prompts)
    if shared < SHORTEST_PREFIX:
        shared = 0
    before = make_prompt_cache(base.model)
    if shared:
        base.model(mx.array([list(prompts[0][:shared])]), cache=before)
        mx.eval([entry.state for entry in before])
    answers: list[Generated | None] = [None] * len(prompts)
    for group in same_length([len(prompt) for prompt in prompts], PROMPTS_PER_BATCH):
        cache = [_widened(entry, len(group)) for entry in before] if shared else None
        cache = cache or make_prompt_cache(base.model)
        rest = mx.array([list(prompts[index][shared:]) for index in group])
        logits = base.model(rest, cache=cache)[:, -1]
        for index, answer in zip(group, decode(base, cache, logits, longest), strict=True):
            answers[index] = answer
    return [answer for answer in answers if answer is not None]


def _widened(entry: Any, rows: int) -> Any:
    """A copy of one layer's cache for so many rows that all went the same way so far."""
    wide = copy.copy(entry)
    wide.state = tree_map(
        lambda part: mx.repeat(part, rows, axis=0) if isinstance(part, mx.array) else part,
        entry.state,
    )
    return wide
