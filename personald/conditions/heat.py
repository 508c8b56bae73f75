"""How hot the machine is: parsers of `notifyutil` (macOS) and of Linux' thermal zones."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence


class Heat(enum.IntEnum):
    """Thermal pressure, in the words of macOS (OSThermalNotification.h)."""

    NOMINAL = 0
    MODERATE = 1
    HEAVY = 2
    TRAPPING = 3
    SLEEPING = 4


_LEVEL = re.compile(rb"^com\.apple\.system\.thermalpressurelevel (\d+)\s*$", re.MULTILINE)

# Below its first trip point by so many milli-degrees a zone counts as cool; sysfs-class-thermal tells both.
_MARGIN = 5000


def parse_thermal_pressure(output: bytes) -> Heat | None:
    """Read `notifyutil -g com.apple.system.thermalpressurelevel`; a failure is told on stdout with exit status 0."""
    match = _LEVEL.match(output)
    if match is None or int(match.group(1)) > Heat.SLEEPING:
        return None
    return Heat(int(match.group(1)))


def parse_thermal_zones(zones: Sequence[tuple[bytes, Sequence[bytes]]]) -> Heat | None:
    """Judge Linux' thermal zones by their own trip points.

    Args:
        zones: for each zone the bytes of `temp` and of every `trip_point_*_temp`, in milli-degrees Celsius.

    Returns:
        HEAVY at or above a trip point, MODERATE within 5 °C below it, else NOMINAL; a machine without zones reports
        no heat: NOMINAL; None when zones are there and none can be read.
    """
    worst: Heat | None = None
    for temperature, trips in zones:
        try:
            now = int(temperature)
            limits = [int(trip) for trip in trips if int(trip) > 0]
        except ValueError:
            continue
        level = Heat.NOMINAL
        if limits and now >= min(limits):
            level = Heat.HEAVY
        elif limits and now >= min(limits) - _MARGIN:
            level = Heat.MODERATE
        worst = max(worst, level) if worst is not None else level
    return worst if zones else Heat.NOMINAL
