"""How short memory is: parsers of `sysctl kern.memorystatus_vm_pressure_level` (macOS) and /proc/pressure (Linux)."""

from __future__ import annotations

import enum
import re


class Pressure(enum.Enum):
    """Memory pressure."""

    NORMAL = "normal"
    WARNING = "warning"
    CRITICAL = "critical"


# Values of DISPATCH_MEMORYPRESSURE_* (dispatch/source.h).
_LEVELS = {b"1": Pressure.NORMAL, b"2": Pressure.WARNING, b"4": Pressure.CRITICAL}
_LEVEL = re.compile(rb"^kern\.memorystatus_vm_pressure_level: (\d+)\s*$", re.MULTILINE)
_STALL = re.compile(rb"^(some|full) avg10=(\d+\.\d+) ", re.MULTILINE)

# Percent of the last ten seconds in which somebody (some) or everybody (full) waited for memory; systemd-oomd's
# default acts at 60 % "full" for 30 s (oomd.conf(5)), we make room long before.
_SOME_PERCENT = 10.0
_FULL_PERCENT = 10.0


def parse_pressure_level(output: bytes) -> Pressure | None:
    """Read `sysctl -i kern.memorystatus_vm_pressure_level`; None when the key is not told."""
    match = _LEVEL.search(output)
    return _LEVELS.get(match.group(1)) if match else None


def parse_pressure_stall(output: bytes) -> Pressure | None:
    """Read /proc/pressure/memory (kernel documentation, accounting/psi.rst); None when it is not of that form."""
    stalls = {match.group(1): float(match.group(2)) for match in _STALL.finditer(output)}
    if b"some" not in stalls:
        return None
    if stalls.get(b"full", 0.0) >= _FULL_PERCENT:
        return Pressure.CRITICAL
    return Pressure.WARNING if stalls[b"some"] >= _SOME_PERCENT else Pressure.NORMAL
