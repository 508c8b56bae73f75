"""Readings become conditions: unknown never means go, starting asks for more than going on, and one line says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from personald.commands import NOT_FOUND, Output
from personald.conditions import ConditionSettings, Readings, judge, take_readings, why_not
from personald.conditions.condition import Condition
from personald.conditions.heat import Heat
from personald.conditions.memory import Pressure
from personald.conditions.power import Power, Supply
from personald.conditions.presence import Presence
from personald.config import ConfigurationError

RECORDINGS = Path(__file__).parent / "recordings"
NOON = datetime(2026, 3, 1, 12, 0)
GOOD = Readings(
    Power(Supply.MAINS, 90),
    False,
    Presence(3600.0, False, ""),
    Heat.NOMINAL,
    Pressure.NORMAL,
    500_000_000_000,
    0.0,
)


def decide(readings: Readings, *, running: bool = False, **settings: Any) -> str:
    asked = ConditionSettings(**settings)
    return why_not(judge(readings, asked, NOON, running=running))


def test_when_all_is_well_nothing_stands_in_the_way() -> None:
    assert decide(GOOD) == ""


def test_nothing_known_never_means_go() -> None:
    conditions = judge(Readings(), ConditionSettings(), NOON, running=True)
    unknown = {item.name for item in conditions if item.holds is None}
    assert {"mains", "away", "cool", "memory", "disk"} <= unknown


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"power": Power(Supply.BATTERY, 90, True)}, "battery"),
        ({"power": Power(Supply.UPS)}, "UPS"),
        ({"power": Power(Supply.UNKNOWN)}, "power source"),
        ({"power": Power(Supply.MAINS, 20, True)}, "draining"),
        ({"low_power_mode": True}, "Low Power Mode"),
        ({"presence": Presence(30.0, False, "")}, "you are here"),
        ({"presence": Presence(3600.0, False, "zoom.us")}, "zoom.us"),
        ({"presence": Presence(3600.0, False, None)}, "call or film"),
        ({"presence": Presence(None, False, "")}, "cannot be told"),
        ({"heat": Heat.MODERATE}, "hot"),
        ({"heat": None}, "heat"),
        ({"pressure": Pressure.WARNING}, "memory is short"),
        ({"pressure": None}, "memory pressure"),
        ({"free_disk_bytes": 1_000_000_000}, "GB"),
        ({"free_disk_bytes": None}, "disk"),
        ({"trained_seconds_today": 7 * 3600.0}, "last day"),
    ],
)
def test_each_obstacle_is_named(change: dict[str, Any], word: str) -> None:
    assert word in decide(replace(GOOD, **change))


@pytest.mark.parametrize(
    "presence",
    [Presence(5.0, True, ""), Presence(None, True, None), Presence(nobody_logged_in=True)],
)
def test_a_locked_screen_or_an_empty_machine_counts_as_away(presence: Presence) -> None:
    assert decide(replace(GOOD, presence=presence)) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"heat": Heat.MODERATE},
        {"pressure": Pressure.WARNING},
        {"power": Power(Supply.MAINS, 42, True)},
        {"free_disk_bytes": 2_200_000_000},
    ],
)
def test_what_is_too_bad_to_start_may_be_good_enough_to_go_on(change: dict[str, Any]) -> None:
    readings = replace(GOOD, **change)
    assert decide(readings) != ""
    assert decide(readings, running=True) == ""


@pytest.mark.parametrize(
    ("quiet", "blocked"),
    [("11:00-13:00", True), ("22:00-13:00", True), ("13:00-11:00", False), ("", False)],
)
def test_quiet_hours_may_span_midnight(quiet: str, blocked: bool) -> None:
    assert bool(decide(GOOD, quiet_hours=quiet)) == blocked


def test_quiet_hours_of_another_form_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        decide(GOOD, quiet_hours="at night")


def test_known_obstacles_are_told_before_unknown_ones() -> None:
    line = why_not([Condition("a", None, "unclear"), Condition("b", False, "blocked")])
    assert line == "blocked; unclear"


def test_a_mac_is_read_through_its_commands(tmp_path: Path) -> None:
    answers = {
        "pmset -g batt": "pmset-batt.ac-not-charging-80",
        "pmset -g custom": "pmset-custom.lpm-battery-only",
        "pmset -g assertions": "pmset-assertions.caffeinate",
        "ioreg -r -c": "ioreg-hid.idle-3254s",
        "ioreg -n Root": "ioreg-root.unlocked",
        "notifyutil": "notifyutil-thermal.0",
        "sysctl": "sysctl-memory.normal",
    }

    def command(argv: list[str]) -> Output:
        line = " ".join(argv).rpartition("bin/")[2]
        name = next(value for key, value in answers.items() if line.startswith(key))
        return Output(0, (RECORDINGS / f"{name}.txt").read_bytes(), b"")

    readings = take_readings(tmp_path, "darwin", command=command)
    assert readings.power == Power(Supply.MAINS, 80)
    assert decide(readings, free_disk_gigabytes=0.0) == ""


def test_a_mac_whose_commands_fail_does_not_train(tmp_path: Path) -> None:
    readings = take_readings(tmp_path, "darwin", command=lambda argv: Output(NOT_FOUND, b"", b""))
    assert "cannot be told" in decide(readings)


def test_linux_is_read_from_its_files(tmp_path: Path) -> None:
    supply = tmp_path / "sys/class/power_supply/AC"
    supply.mkdir(parents=True)
    supply.joinpath("uevent").write_bytes(
        (RECORDINGS / "linux-uevent.mains-online.txt").read_bytes()
    )
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    zone.joinpath("temp").write_text("41000\n")
    zone.joinpath("trip_point_0_temp").write_text("95000\n")
    pressure = tmp_path / "proc/pressure"
    pressure.mkdir(parents=True)
    pressure.joinpath("memory").write_bytes((RECORDINGS / "psi-memory.calm.txt").read_bytes())

    def nobody(argv: list[str]) -> Output:
        return Output(0, b"", b"")

    readings = take_readings(tmp_path, "linux", command=nobody, root=tmp_path)
    assert decide(readings, free_disk_gigabytes=0.0) == ""
    without = take_readings(
        tmp_path, "linux", command=lambda argv: Output(NOT_FOUND, b"", b""), root=tmp_path / "none"
    )
    assert without.power.supply is Supply.UNKNOWN
    assert without.presence == Presence()
