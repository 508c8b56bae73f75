"""How much of a step fits into this machine's memory, and what it looks like when it does not."""

from __future__ import annotations

from personald.errors import PersonaldError

SIGNS = ("unable to allocate", "insufficient memory", "outofmemory", "out of memory")
"""What MLX's errors say when memory runs out: its allocators on a CPU and on Metal, and Metal's command buffers
(kIOGPUCommandBufferCallbackErrorOutOfMemory)."""


class OutOfMemory(PersonaldError):
    """Not even the smallest step fits into memory."""

    title = "There is not enough memory to train"


def ran_out(error: BaseException) -> bool:
    """Whether an error of MLX or NumPy says that memory ran out."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS)
