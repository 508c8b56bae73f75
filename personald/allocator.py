"""What keeps a process small that reads much now and then: glibc's allocator, told to share and to give back.

Nothing here is needed on macOS, whose allocator does both by itself.
"""

from __future__ import annotations

import ctypes
import gc
import sys

# malloc.h: M_ARENA_MAX. Each thread would else get an arena of its own, and free memory of one is of no use to others.
_M_ARENA_MAX = -8


def share_one_arena() -> None:
    """Let all threads take memory from one place (mallopt(3)); to be called before any thread is started."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Collect garbage and hand free memory back to the system, which the allocator else keeps (malloc_trim(3))."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
