"""Takes the readings: the only module here that runs commands and reads the machine's files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from personald.commands import Output, run
from personald.conditions.heat import Heat, parse_thermal_pressure, parse_thermal_zones
from personald.conditions.memory import Pressure, parse_pressure_level, parse_pressure_stall
from personald.conditions.power import (
    Power,
    Supply,
    parse_low_power_mode,
    parse_pmset_batt,
    parse_power_supplies,
)
from personald.conditions.presence import (
    Presence,
    parse_console_locked,
    parse_display_holders,
    parse_hid_idle,
    parse_session,
    parse_sessions,
)

PMSET = "/usr/bin/pmset"
IOREG = "/usr/sbin/ioreg"
NOTIFYUTIL = "/usr/bin/notifyutil"
SYSCTL = "/usr/sbin/sysctl"

# Files of /sys and /proc are at most a page; more than this is none of them.
_FILE_BYTES = 16384

Command = Callable[[list[str]], Output]


@dataclass(frozen=True, slots=True)
class Readings:
    """What was seen of the machine; None and UNKNOWN where it could not be told."""

    power: Power = field(default_factory=lambda: Power(Supply.UNKNOWN))
    low_power_mode: bool | None = None
    presence: Presence = field(default_factory=Presence)
    heat: Heat | None = None
    pressure: Pressure | None = None
    free_disk_bytes: int | None = None
    trained_seconds_today: float = 0.0


def take_readings(
    home: Path,
    platform: str,
    *,
    trained_seconds_today: float = 0.0,
    command: Command = run,
    root: Path = Path("/"),
) -> Readings:
    """Look at the machine.

    Args:
        home: the folder whose disk must have room.
        platform: `sys.platform`.
        trained_seconds_today: how long training ran in the last 24 hours.
        command: runs one command.
        root: where /sys and /proc are found.
    """
    disk = _free_disk(home)
    if platform == "darwin":
        return _read_mac(command, disk, trained_seconds_today)
    return _read_linux(command, root, disk, trained_seconds_today)


def _read_mac(command: Command, disk: int | None, trained: float) -> Readings:
    power = parse_pmset_batt(_text(command([PMSET, "-g", "batt"])))
    low_power = parse_low_power_mode(_text(command([PMSET, "-g", "custom"])), power.supply)
    presence = Presence(
        parse_hid_idle(_text(command([IOREG, "-r", "-c", "IOHIDSystem", "-d", "1", "-w", "0"]))),
        parse_console_locked(_text(command([IOREG, "-n", "Root", "-d1", "-w", "0"]))),
        parse_display_holders(_text(command([PMSET, "-g", "assertions"]))),
    )
    heat = command([NOTIFYUTIL, "-g", "com.apple.system.thermalpressurelevel"])
    pressure = command([SYSCTL, "-i", "kern.memorystatus_vm_pressure_level"])
    return Readings(
        power,
        low_power,
        presence,
        parse_thermal_pressure(_text(heat)),
        parse_pressure_level(_text(pressure)),
        disk,
        trained,
    )


def _read_linux(command: Command, root: Path, disk: int | None, trained: float) -> Readings:
    supplies = root / "sys/class/power_supply"
    power = Power(Supply.UNKNOWN)
    if supplies.is_dir():
        power = parse_power_supplies(
            [_file(path / "uevent") for path in sorted(supplies.iterdir())]
        )
    zones = [
        (_file(zone / "temp"), [_file(trip) for trip in sorted(zone.glob("trip_point_*_temp"))])
        for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    ]
    return Readings(
        power,
        None,
        _linux_presence(command),
        parse_thermal_zones(zones),
        parse_pressure_stall(_file(root / "proc/pressure/memory")),
        disk,
        trained,
    )


def _linux_presence(command: Command) -> Presence:
    listed = command(["loginctl", "list-sessions", "--no-legend"])
    if not listed.ok:
        return Presence()
    sessions = parse_sessions(listed.stdout)
    if not sessions:
        return Presence(nobody_logged_in=True)
    now = int(time.monotonic() * 1e6)
    seen = [
        parse_session(_text(command(["loginctl", "show-session", session])), now)
        for session in sessions
    ]
    if all(item.locked for item in seen):
        return Presence(None, True, "")
    if any(item.idle_seconds is None and not item.locked for item in seen):
        return Presence(None, False, "")
    return Presence(min(item.idle_seconds or 0.0 for item in seen if not item.locked), False, "")


def _free_disk(home: Path) -> int | None:
    folder = home
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _text(output: Output) -> bytes:
    """What a command said, or nothing when it failed or said too much: a parser then answers "unknown"."""
    return output.stdout if output.ok else b""


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_BYTES)
    except OSError:
        return b""
