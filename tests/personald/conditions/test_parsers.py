"""Every recorded output gives its reading; truncated, reordered and foreign ones give "unknown", never "go"."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    parse_console_locked,
    parse_display_holders,
    parse_hid_idle,
    parse_session,
    parse_sessions,
)

RECORDINGS = Path(__file__).parent / "recordings"


def recorded(name: str) -> bytes:
    return (RECORDINGS / f"{name}.txt").read_bytes()


MAINS, BATTERY, UPS, UNKNOWN = Supply.MAINS, Supply.BATTERY, Supply.UPS, Supply.UNKNOWN
BATT = {
    "ac-charged": Power(MAINS, 100),
    "ac-charging": Power(MAINS, 14),
    "ac-charging-no-estimate": Power(MAINS, 93),
    "ac-finishing": Power(MAINS, 99),
    "ac-not-charging-80": Power(MAINS, 80),
    "ac-discharging-no-estimate": Power(MAINS, 43, draining=True),
    "battery-discharging": Power(BATTERY, 77, draining=True),
    "battery-low": Power(BATTERY, 19, draining=True),
    "battery-no-estimate": Power(BATTERY, 53, draining=True),
    "battery-warning": Power(BATTERY, 4, draining=True),
    "desktop": Power(MAINS),
    "desktop-ups-on-mains": Power(MAINS),
    "desktop-ups-discharging": Power(UPS),
    "laptop-ups-discharging": Power(BATTERY, 20, draining=True),
    "polling-stopped": Power(MAINS, 100),
    "no-info": Power(UNKNOWN),
    "old-macos": Power(MAINS, 99),
    "empty": Power(UNKNOWN),
}


def test_every_recording_of_pmset_batt_is_expected() -> None:
    assert {path.stem.split(".", 1)[1] for path in RECORDINGS.glob("pmset-batt.*")} == set(BATT)


@pytest.mark.parametrize(("name", "expected"), BATT.items())
def test_pmset_batt(name: str, expected: Power) -> None:
    assert parse_pmset_batt(recorded(f"pmset-batt.{name}")) == expected


@pytest.mark.parametrize("name", BATT)
def test_a_truncated_pmset_batt_never_turns_battery_into_mains(name: str) -> None:
    whole = recorded(f"pmset-batt.{name}")
    expected = parse_pmset_batt(whole).supply
    for length in range(len(whole)):
        assert parse_pmset_batt(whole[:length]).supply in (expected, UNKNOWN)


@pytest.mark.parametrize(
    "text", ["Wird mit Netzteil betrieben", "Now drawing from 'Netzteil'", "AC Power", "\x00"]
)
def test_a_foreign_power_source_is_unknown(text: str) -> None:
    assert parse_pmset_batt(text.encode()).supply is UNKNOWN


def test_low_power_mode_is_that_of_the_active_source() -> None:
    battery_only = recorded("pmset-custom.lpm-battery-only")
    assert parse_low_power_mode(battery_only, MAINS) is False
    assert parse_low_power_mode(battery_only, BATTERY) is True
    assert parse_low_power_mode(recorded("pmset-custom.lpm-both"), BATTERY) is True
    assert parse_low_power_mode(b"AC Power:\n powermode 1\n", MAINS) is True
    assert parse_low_power_mode(b"AC Power:\n powermode 2\n", MAINS) is False
    assert parse_low_power_mode(b"AC Power:\n womp 1\n", MAINS) is None
    assert parse_low_power_mode(battery_only, UNKNOWN) is None
    assert parse_low_power_mode(b"", MAINS) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("thinkpad-threshold", Power(MAINS, 7)),
        ("mains-online", Power(MAINS)),
        ("peripheral", Power(MAINS)),
        ("absent-battery", Power(MAINS)),
    ],
)
def test_linux_power_supplies(name: str, expected: Power) -> None:
    assert parse_power_supplies([recorded(f"linux-uevent.{name}")]) == expected


def test_linux_batteries_that_charge_and_drain() -> None:
    assert parse_power_supplies([recorded("linux-uevent.charging")]).supply is MAINS
    draining = parse_power_supplies([recorded("linux-uevent.discharging")])
    assert (draining.supply, draining.draining) == (BATTERY, True)
    assert parse_power_supplies([]).supply is MAINS
    offline = b"POWER_SUPPLY_TYPE=Mains\nPOWER_SUPPLY_ONLINE=0\n"
    assert parse_power_supplies([offline]).supply is UNKNOWN
    odd = b"POWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_STATUS=Unknown\n"
    assert parse_power_supplies([odd]).supply is UNKNOWN


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("idle-3254s", 3254),
        ("idle-68s", 68),
        ("two-nodes", 0),
        ("no-spaces", 0),
        ("no-match", None),
        ("key-absent", None),
    ],
)
def test_input_idle(name: str, seconds: int | None) -> None:
    seen = parse_hid_idle(recorded(f"ioreg-hid.{name}"))
    assert (None if seen is None else int(seen)) == seconds


@pytest.mark.parametrize(
    ("name", "locked"), [("locked", True), ("unlocked", False), ("no-key", None)]
)
def test_screen_lock(name: str, locked: bool | None) -> None:
    assert parse_console_locked(recorded(f"ioreg-root.{name}")) is locked


def test_calls_and_films_hold_the_display() -> None:
    held = parse_display_holders(recorded("pmset-assertions.display-held"))
    assert held == "Google Chrome, Google Chrome Helper (GPU), caffeinate"
    assert parse_display_holders(recorded("pmset-assertions.caffeinate")) == ""
    assert parse_display_holders(b"") is None


def test_a_session_of_logind() -> None:
    now = 34845675224000 + 90_000_000
    seen = parse_session(recorded("loginctl-session.idle-locked"), now)
    assert (seen.idle_seconds, seen.locked) == (90.0, True)
    active = parse_session(recorded("loginctl-session.active"), now)
    assert (active.idle_seconds, active.locked) == (None, False)
    assert parse_session(b"", now).locked is None
    assert parse_sessions(b"  2 1000 user seat0 tty2\n c1 42 gdm\n\n") == ("2", "c1")


@pytest.mark.parametrize(
    ("name", "heat"),
    [("0", 0), ("1", 1), ("2", 2), ("3", 3), ("4", 4), ("failed", None), ("out-of-range", None)],
)
def test_thermal_pressure(name: str, heat: int | None) -> None:
    seen = parse_thermal_pressure(recorded(f"notifyutil-thermal.{name}"))
    assert seen == (None if heat is None else Heat(heat))


def test_thermal_zones_are_judged_by_their_own_trip_points() -> None:
    assert parse_thermal_zones([]) is Heat.NOMINAL
    assert parse_thermal_zones([(b"45000\n", [b"95000\n"])]) is Heat.NOMINAL
    assert parse_thermal_zones([(b"91000\n", [b"95000\n"])]) is Heat.MODERATE
    assert parse_thermal_zones([(b"30000\n", []), (b"96000\n", [b"95000\n"])]) is Heat.HEAVY
    assert parse_thermal_zones([(b"", [b"95000\n"])]) is None


def test_memory_pressure() -> None:
    levels = [parse_pressure_level(recorded(f"sysctl-memory.{n}")) for n in ("normal", "warn")]
    assert levels == [Pressure.NORMAL, Pressure.WARNING]
    assert parse_pressure_level(recorded("sysctl-memory.critical")) is Pressure.CRITICAL
    assert parse_pressure_level(b"kern.memorystatus_vm_pressure_level: 9\n") is None
    assert parse_pressure_stall(recorded("psi-memory.calm")) is Pressure.NORMAL
    assert parse_pressure_stall(recorded("psi-memory.stalling")) is Pressure.CRITICAL
    assert parse_pressure_stall(b"") is None


@given(st.binary(max_size=300))
def test_no_garbage_raises_or_means_go(garbage: bytes) -> None:
    assert parse_pmset_batt(garbage).supply is UNKNOWN
    assert parse_hid_idle(garbage) is None
    assert parse_console_locked(garbage) is None
    assert parse_display_holders(garbage) is None
    assert parse_thermal_pressure(garbage) is None
    assert parse_pressure_level(garbage) is None
    assert parse_pressure_stall(garbage) is None
    parse_power_supplies([garbage])
    parse_session(garbage, 0)
    parse_low_power_mode(garbage, MAINS)
