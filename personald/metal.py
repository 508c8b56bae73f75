"""How fast mlx multiplies here, measured by a process of its own, and whether the agent is slowed down.

launchd may clamp the GPU for a job and all its children, by more than half (`ProcessType`). Nothing tells so but a
measurement: the doctor takes one where it was called, the daemon one where launchd put it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from personald.commands import Output, run

COMMAND = (sys.executable, "-m", "training.speed")
TIMEOUT_SECONDS = 60.0


def measure(command: Callable[..., Output] = run) -> float | None:
    """Multiply matrices for about a second; GFLOP/s, or None when it could not be done.

    Args:
        command: runs one command.
    """
    return parse_speed(command(COMMAND, timeout=TIMEOUT_SECONDS))


def parse_speed(output: Output) -> float | None:
    """Read what `python -m training.speed` says: `{"gflops": NUMBER}`; None for anything else."""
    try:
        speed = json.loads(output.stdout)["gflops"] if output.ok else None
    except (ValueError, KeyError, TypeError):
        return None
    return float(speed) if isinstance(speed, int | float) and speed > 0 else None
