"""Where the current comes from: parsers of `pmset -g batt`, `pmset -g custom` and Linux' power_supply files.

"On mains" is decided by what the machine draws from, never by "charging": with a charge limit a Mac on mains says
"AC attached; not charging" all night, and a weak charger says "AC Power" while the battery drains.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass


class Supply(enum.Enum):
    """What the machine draws from."""

    MAINS = "mains"
    BATTERY = "battery"
    UPS = "ups"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Power:
    """A reading.

    Attributes:
        supply: what the machine draws from; a UPS means that the mains is out.
        charge: percent, 0..100, of the internal battery; None when there is none or it is not told.
        draining: the battery loses charge.
    """

    supply: Supply
    charge: int | None = None
    draining: bool = False


# Grammar: PowerManagement-1846.0.25.0.1, pmset/pmset.c, show_power_sources(); "Currently" is macOS 10.x.
_DRAWING = re.compile(rb"^(?:Now|Currently) drawing from '([^']*)'", re.MULTILINE)
_SOURCE = re.compile(
    rb"^ ?-InternalBattery-\d+(?: \(id=-?\d+\))?[\t ]+(\d{1,3})%; "
    rb"(finishing charge|charged|charging|AC attached; not charging|discharging)\b",
    re.MULTILINE,
)
_SUPPLIES = {b"AC Power": Supply.MAINS, b"Battery Power": Supply.BATTERY, b"UPS Power": Supply.UPS}
_BLOCKS = {Supply.MAINS: b"AC Power:", Supply.BATTERY: b"Battery Power:", Supply.UPS: b"UPS Power:"}


def parse_pmset_batt(output: bytes) -> Power:
    """Read `pmset -g batt`.

    A UPS may stand before the internal battery, so that one is found by its name. Anything that is not of the grammar
    gives `Supply.UNKNOWN`.
    """
    drawing = _DRAWING.search(output)
    supply = _SUPPLIES.get(drawing.group(1), Supply.UNKNOWN) if drawing else Supply.UNKNOWN
    battery = _SOURCE.search(output)
    if battery is None or int(battery.group(1)) > 100:
        return Power(supply)
    return Power(supply, int(battery.group(1)), battery.group(2) == b"discharging")


def parse_low_power_mode(custom: bytes, supply: Supply) -> bool | None:
    """Read `pmset -g custom`: is Low Power Mode on for the active source?

    Returns:
        `lowpowermode` or `powermode` equal to 1 (2 is High Power Mode); None where neither is told (desktops).
    """
    inside = False
    answer: bool | None = None
    for line in custom.splitlines():
        if not line.startswith((b" ", b"\t")):
            inside = line.strip() == _BLOCKS.get(supply)
            continue
        words = line.split()
        if inside and len(words) == 2 and words[0] in (b"lowpowermode", b"powermode"):
            answer = bool(answer) or words[1] == b"1"
    return answer


def parse_power_supplies(uevents: Sequence[bytes]) -> Power:
    """Read the `uevent` files of /sys/class/power_supply (kernel ABI sysfs-class-power).

    Args:
        uevents: one item for each supply; none at all is a machine without batteries: it runs on mains.
    """
    mains: list[bool] = []
    charges: list[int] = []
    statuses: list[str] = []
    for raw in uevents:
        pairs = (line.partition("=") for line in raw.decode("ascii", "replace").splitlines())
        fields = {key.removeprefix("POWER_SUPPLY_"): value for key, _, value in pairs}
        if fields.get("SCOPE") == "Device" or fields.get("PRESENT") == "0":
            continue
        if fields.get("TYPE") in ("Mains", "USB"):
            mains.append(fields.get("ONLINE") == "1")
        elif fields.get("TYPE", "Battery") == "Battery" and "STATUS" in fields:
            statuses.append(fields["STATUS"])
            if fields.get("CAPACITY", "").isdigit():
                charges.append(min(int(fields["CAPACITY"]), 100))
    charge = min(charges) if charges else None
    draining = "Discharging" in statuses
    if any(mains):
        return Power(Supply.MAINS, charge, draining)
    if draining or (mains and statuses):
        return Power(Supply.BATTERY, charge, draining)
    if statuses and all(status in ("Charging", "Full", "Not charging") for status in statuses):
        return Power(Supply.MAINS, charge)
    return Power(Supply.UNKNOWN if statuses or mains else Supply.MAINS, charge)
