"""Greedy answers to many conversations at once, and how likely a given answer is.

Prompts are grouped by exact length, so that no batch holds padding and every kind of cache (keys and values, short
convolutions, recurrent states) stays right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mlx_lm.models.cache import make_prompt_cache

from training.adapter import Split
from training.arrays import mx
from training.base import Base
from training.batches import collate
from training.chat import Row
from training.kernels import log_sum_exp

LONGEST_ANSWER = 48
"""Tokens; an answer about a life is short."""

PROMPTS_PER_BATCH = 64


@dataclass(frozen=True, slots=True)
class Generated:
    """One greedy answer.

    Attributes:
        tokens: its ids, without the end token.
        confidence: probability of its least likely token, end token included: 0 to 1.
        ended: whether it ended by itself.
    """

    tokens: tuple[int, ...]
    confidence: float
    ended: bool


def generate(
    base: Base, prompts: Sequence[Sequence[int]], longest: int = LONGEST_ANSWER
) -> list[Generated]:
    """Answers in the order of the prompts, at most `longest` tokens each."""
    answers: list[Generated | None] = [None] * len(prompts)
    for group in same_length([len(prompt) for prompt in prompts], PROMPTS_PER_BATCH):
        found = _generate_together(base, [prompts[index] for index in group], longest)
        for index, answer in zip(group, found, strict=True):
            answers[index] = answer
    return [answer for answer in answers if answer is not None]


def same_length(lengths: Sequence[int], most: int) -> Iterable[list[int]]:
    """Indices in groups of at most `most` that share a length."""
    groups: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        groups.setdefault(length, []).append(index)
    for length in sorted(groups):
        indices = groups[length]
        for start in range(0, len(indices), most):
            yield indices[start : start + most]


def _generate_together(
    base: Base, prompts: Sequence[Sequence[int]], longest: int
) -> list[Generated]:
    cache = make_prompt_cache(base.model)
    logits = base.model(mx.array([list(prompt) for prompt in prompts]), cache=cache)[:, -1]
    return decode(base, cache, logits, longest)


def decode(base: Base, cache: Sequence[Any], logits: Any, longest: int) -> list[Generated]:
    """Greedy answers that go on from where prompts were read to.

    Args:
        base: the model.
        cache: its caches after the prompts, one for each layer; they are changed.
        logits: rows × vocabulary, after the last token of each prompt.
        longest: tokens of an answer at most.
    """
    rows = logits.shape[0]
    tokens: list[list[int]] = [[] for _ in range(rows)]
    least = [0.0] * rows
    ended = [False] * rows
    for _ in range(longest):
        chosen, log_probs = _greedy(logits)
        for row, (token, log_prob) in enumerate(
            zip(chosen.tolist(), log_probs.tolist(), strict=True)
        ):
            if ended[row]:
                continue
            least[row] = min(least[row], log_prob)
            ended[row] = token in base.chat.ends
            if not ended[row]:
                tokens[row].append(token)
        if all(ended):
            break
        logits = base.model(chosen[:, None], cache=cache)[:, -1]
    return [
        Generated(tuple(row), math.exp(low), done)
        for row, low, done in zip(tokens, least, ended, strict=True)
    ]


def _greedy(logits: Any) -> tuple[Any, Any]:
    """The most likely token of each row of logits (rows × vocabulary), and its log-probability."""
    logits = logits.astype(mx.float32)
    chosen = mx.argmax(logits, axis=-1)
    best = mx.take_along_axis(logits, chosen[:, None], axis=-1)[:, 0]
    log_probs = best - log_sum_exp(logits)[:, 0]
    mx.eval(chosen, log_probs)
    return chosen, log_probs


@dataclass(frozen=True, slots=True)
class Forced:
    """How a given answer fares when it is read rather than written.

    Attributes:
        greedy: whether greedy decoding would have written exactly this answer (every token the most likely one,
            given the ones before it, the end included).
        confidence: probability of its least likely token.
        log_prob: log-probability of the whole answer, in nats.
    """

    greedy: bool
    confidence: float
    log_prob: float


def forced(base: Base, rows: Sequence[Row], rows_per_batch: int = 32) -> list[Forced]:
    """Read each row's answer in one pass: as good as generating it where it is right, at a fraction of the cost."""
    split = Split(base.model)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index].tokens))
    results: list[Forced | None] = [None] * len(rows)
    for start in range(0, len(order), rows_per_batch):
        indices = order[start : start + rows_per_batch]
        batch = collate(rows, indices, base.chat.end)
        logits = split.logits_at(batch.tokens, batch.positions)
        picked = mx.take_along_axis(logits, batch.targets[:, None], axis=-1)[:, 0]
        log_probs = picked - log_sum_exp(logits)[:, 0]
        right = (mx.argmax(logits, axis=-1) == batch.targets).tolist()
        values = log_probs.tolist()
        place = 0
        for index in indices:
            end = place + rows[index].targets
            part = values[place:end]
            results[index] = Forced(all(right[place:end]), math.exp(min(part)), sum(part))
            place = end
    return [result for result in results if result is not None]
