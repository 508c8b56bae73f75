"""What the machine gives: Python, room, the time, speed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from personald import ipc
from personald import metal as measuring
from personald.commands import Output
from personald.config import Home
from personald.doctor.finding import Finding
from personald.errors import PersonaldError
from personald.state import StateFile

LITTLE_DISK_BYTES = 2 << 30
# Clocks of two machines that share a disk may differ by so much without being wrong.
CLOCK_SLACK_SECONDS = 3600.0
# A slower agent than this share of our own speed is being held back, and not just measured badly.
HELD_BACK = 0.6


def python() -> Finding:
    """The interpreter."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", sys.version_info >= (3, 11), f"{version} at {sys.executable}")


def disk(home: Home) -> Finding:
    """Room on the disk of the home."""
    folder = home.path
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Finding(
        "disk", free > LITTLE_DISK_BYTES, f"{free / 1e9:.1f} GB free", "Free some space."
    )


def clock(home: Home, now: float) -> Finding:
    """The clock must not stand before what was noted here already.

    Args:
        home: whose notes and files are looked at.
        now: seconds since 1970.
    """
    state = StateFile(home.state).load()
    noted = [run.ended for run in state.runs]
    noted += [path.stat().st_mtime for path in (home.config, home.store) if path.exists()]
    latest = max([*noted, state.exchanged_at or 0.0])
    if latest > now + CLOCK_SLACK_SECONDS:
        return Finding(
            "clock",
            False,
            f"it says {_day(now)}, but this home was in use on {_day(latest)} already",
            "Let the system set its clock; until then waits and pauses may be wrong.",
        )
    return Finding("clock", True, f"{_day(now)}, after all that was noted here")


def arithmetic() -> Finding:
    """Whether mlx has what makes it fast: Metal on a Mac, a good BLAS on Linux."""
    from training.blas import default_cache_folder, load_fast_blas

    status = load_fast_blas(default_cache_folder())
    return Finding("arithmetic", status.is_fast, status.source, status.remedy)


def metal(home: Home, platform: str, command: Callable[..., Output]) -> Finding:
    """How fast the GPU is here, and how fast for the daemon where launchd put it.

    Args:
        home: whose daemon is asked.
        platform: `sys.platform`; Metal is macOS'.
        command: runs one command.
    """
    if platform != "darwin":
        return Finding("metal", None, "not applicable: this is no Mac")
    here = measuring.measure(command)
    if here is None:
        return Finding("metal", False, "mlx cannot multiply on the GPU", "Install personald anew.")
    try:
        there = ipc.call(home.run, "measure", timeout=2 * measuring.TIMEOUT_SECONDS)["gflops"]
    except PersonaldError as error:
        return Finding(
            "metal", None, f"{here:.0f} GFLOP/s here; not measured for the agent: {error.detail}"
        )
    return compare_speeds(here, there)


def compare_speeds(here: float, there: float | None) -> Finding:
    """Judge two measurements, in GFLOP/s: one of the command's, one of the daemon's process."""
    if there is None:
        return Finding(
            "metal",
            False,
            f"{here:.0f} GFLOP/s here; for the daemon mlx cannot multiply on the GPU",
            "See `personald agent logs`.",
        )
    share = there / here
    detail = f"{here:.0f} GFLOP/s here, {there:.0f} for the daemon ({share:.0%})"
    return Finding(
        "metal",
        share >= HELD_BACK,
        detail,
        "macOS holds the agent back. Install it anew (`personald agent install`); if that does"
        " not help, train with `personald train`.",
    )


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
