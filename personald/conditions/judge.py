"""Readings and settings → conditions. Pure; starting asks for more than going on, so that nothing flaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from personald.conditions.condition import Condition
from personald.conditions.heat import Heat
from personald.conditions.memory import Pressure
from personald.conditions.power import Supply
from personald.conditions.readings import Readings
from personald.config import ConditionSettings, ConfigurationError

# What starting asks for beyond what going on asks for.
START_CHARGE_MARGIN = 5
START_DISK_FACTOR = 1.25


def judge(
    readings: Readings, settings: ConditionSettings, now: datetime, *, running: bool
) -> tuple[Condition, ...]:
    """All conditions, in the order in which they are told.

    Args:
        readings: what was seen.
        settings: what is asked for.
        now: the local time.
        running: training runs already: heat, charge and disk may be a little worse than for starting.
    """
    return (
        _mains(readings),
        _charge(readings, settings, running),
        _low_power(readings, settings),
        _away(readings, settings),
        _cool(readings, running),
        _memory(readings, running),
        _disk(readings, settings, running),
        _hours(settings, now),
        _budget(readings, settings),
    )


def _mains(readings: Readings) -> Condition:
    answers = {
        Supply.MAINS: (True, "on mains"),
        Supply.BATTERY: (False, "running on battery, plug it in"),
        Supply.UPS: (False, "the mains is out, running on the UPS"),
        Supply.UNKNOWN: (None, "the power source cannot be told"),
    }
    holds, reason = answers[readings.power.supply]
    return Condition("mains", holds, reason)


def _charge(readings: Readings, settings: ConditionSettings, running: bool) -> Condition:
    charge = readings.power.charge
    if charge is None:
        return Condition("charge", True, "no battery to spare")
    floor = settings.battery_floor + (0 if running else START_CHARGE_MARGIN)
    if readings.power.draining and charge < floor:
        return Condition("charge", False, f"battery at {charge}% and draining, wait for {floor}%")
    return Condition("charge", True, f"battery at {charge}%")


def _low_power(readings: Readings, settings: ConditionSettings) -> Condition:
    if readings.low_power_mode and not settings.low_power_mode:
        return Condition("low_power", False, "Low Power Mode is on")
    return Condition("low_power", True, "Low Power Mode is off")


def _away(readings: Readings, settings: ConditionSettings) -> Condition:
    presence = readings.presence
    if presence.display_held:
        return Condition("away", False, f"{presence.display_held} keeps the display awake")
    if presence.locked:
        return Condition("away", True, "the screen is locked")
    if presence.nobody_logged_in:
        return Condition("away", True, "nobody is logged in")
    if presence.idle_seconds is None:
        return Condition("away", None, "it cannot be told whether you are away")
    minutes = presence.idle_seconds / 60
    if presence.display_held is None and minutes >= settings.idle_minutes:
        return Condition("away", None, "it cannot be told whether a call or film is on")
    if minutes < settings.idle_minutes:
        wanted = f"{settings.idle_minutes:g} minutes"
        return Condition("away", False, f"you are here, waiting for {wanted} without input")
    return Condition("away", True, f"no input for {minutes:.0f} minutes")


def _cool(readings: Readings, running: bool) -> Condition:
    if readings.heat is None:
        return Condition("cool", None, "the heat cannot be told")
    limit = Heat.HEAVY if running else Heat.MODERATE
    if readings.heat >= limit:
        return Condition("cool", False, f"the machine is hot ({readings.heat.name.lower()})")
    return Condition("cool", True, "the machine is cool")


def _memory(readings: Readings, running: bool) -> Condition:
    if readings.pressure is None:
        return Condition("memory", None, "memory pressure cannot be told")
    bad = (Pressure.CRITICAL,) if running else (Pressure.WARNING, Pressure.CRITICAL)
    if readings.pressure in bad:
        return Condition("memory", False, "memory is short")
    return Condition("memory", True, "memory is free")


def _disk(readings: Readings, settings: ConditionSettings, running: bool) -> Condition:
    if readings.free_disk_bytes is None:
        return Condition("disk", None, "free disk space cannot be told")
    free = readings.free_disk_bytes / 1e9
    wanted = settings.free_disk_gigabytes * (1 if running else START_DISK_FACTOR)
    if free < wanted:
        return Condition("disk", False, f"{free:.1f} GB free on the disk, {wanted:g} GB are wanted")
    return Condition("disk", True, f"{free:.0f} GB free on the disk")


def _hours(settings: ConditionSettings, now: datetime) -> Condition:
    if not settings.quiet_hours:
        return Condition("hours", True, "no quiet hours are set")
    begin, end = parse_quiet_hours(settings.quiet_hours)
    moment = now.time().replace(tzinfo=None)
    inside = begin <= moment < end if begin <= end else moment >= begin or moment < end
    if inside:
        return Condition("hours", False, f"quiet hours until {end:%H:%M}")
    return Condition("hours", True, f"outside the quiet hours {settings.quiet_hours}")


def _budget(readings: Readings, settings: ConditionSettings) -> Condition:
    hours = readings.trained_seconds_today / 3600
    if hours >= settings.hours_per_day:
        return Condition("budget", False, f"trained {hours:.1f} hours in the last day already")
    return Condition("budget", True, f"trained {hours:.1f} hours in the last day")


def parse_quiet_hours(text: str) -> tuple[time, time]:
    """Read "HH:MM-HH:MM"; the end may lie beyond midnight.

    Raises:
        ConfigurationError: it is of another form.
    """
    read: Callable[[str], time] = time.fromisoformat
    try:
        begin, end = text.split("-")
        return read(begin.strip()), read(end.strip())
    except ValueError as error:
        raise ConfigurationError(
            f"[conditions] quiet_hours is {text!r}.", 'Write it like "23:00-06:30".'
        ) from error
