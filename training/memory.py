"""How much of a step fits into this machine's memory, and what it looks like when it does not."""

from __future__ import annotations

import math

import psutil

from personald.errors import PersonaldError
from training.adapter import Shape, tensor_shapes
from training.base import Base, checked_config

SHARE = 0.125
"""Of the machine's memory may go to what a step keeps until it is differentiated: the base, the owner's programs and the
system need the rest."""

FLOAT32 = 4
"""Bytes."""

KEPT_OF_LINEAR = 3.2
"""Numbers kept for each input and output of a linear layer, per token. MLX 0.32 on the pocket base, batches of 4 × 25 to
16 × 50 tokens: 3.03 (its peak minus what was there before, over tokens, layer sizes and 4 bytes)."""

KEPT_OF_ATTENTION = 3.0
"""Numbers kept for each head, per pair of tokens. The same on rows of 300, 700 and 1,000 tokens: 2.3, 2.7 and 2.9."""

SIGNS = ("unable to allocate", "insufficient memory", "outofmemory", "out of memory")
"""What MLX's errors say when memory runs out: its allocators on a CPU and on Metal, and Metal's command buffers
(kIOGPUCommandBufferCallbackErrorOutOfMemory)."""


class OutOfMemory(PersonaldError):
    """Not even the smallest step fits into memory."""

    title = "There is not enough memory to train"


def ran_out(error: BaseException) -> bool:
    """Whether an error of MLX or NumPy says that memory ran out."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS)


def machine_bytes() -> int:
    """The machine's memory, in bytes: what is built in, not what is free now, so that a resumed run is cut as it was."""
    return psutil.virtual_memory().total


def needed(base: Base, tokens: int) -> float:
    """Bytes that a row of so many tokens keeps until it is differentiated; several shorter rows keep less.

    Args:
        base: the model, all of whose linear layers are adapted.
        tokens: 1 or more.
    """
    linear, squared = _coefficients(base)
    return linear * tokens + squared * tokens**2


def tokens_within(base: Base, budget: int) -> int:
    """How many tokens may be differentiated at once; at least one, for a row is never cut.

    Args:
        base: the model.
        budget: bytes that they may keep.
    """
    budget = max(0, budget)
    linear, squared = _coefficients(base)
    if not squared:
        return max(1, int(budget / linear))
    return max(1, int((math.sqrt(linear**2 + 4 * squared * budget) - linear) / (2 * squared)))


def _coefficients(base: Base) -> tuple[float, float]:
    """Bytes per token, and per pair of tokens.

    Numbers are counted as float32, which adapted layers make of narrower ones, and of many experts one; should that be
    too few, memory runs out once and parts are halved.
    """
    shapes = tensor_shapes(base.model, Shape(rank=1)).values()
    sizes = sum(max(shape[-2:]) for shape in shapes)
    config = checked_config(base.folder)
    heads = config.get("text_config", config).get("num_attention_heads", 0)
    pairs = heads * len(base.model.layers)
    return KEPT_OF_LINEAR * FLOAT32 * sizes, KEPT_OF_ATTENTION * FLOAT32 * pairs
