"""Is the owner away: parsers of ioreg (input idle, screen lock), `pmset -g assertions`, and `loginctl show-session`."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Presence:
    """A reading.

    Attributes:
        idle_seconds: since the last key or pointer event; None when unknown.
        locked: the screen is locked; None when unknown.
        display_held: who keeps the display awake (a call, a film), "" for nobody; None when unknown.
        nobody_logged_in: there is no session on this machine at all (a server).
    """

    idle_seconds: float | None = None
    locked: bool | None = None
    display_held: str | None = None
    nobody_logged_in: bool = False


_IDLE = re.compile(rb'"HIDIdleTime"\s*=\s*(\d+)')
_LOCKED = re.compile(
    rb'"IOConsoleLocked"\s*=\s*(Yes|No)\b|"CGSSessionScreenIsLocked"\s*=\s*(Yes|No)\b'
)
_HOLDS_DISPLAY = re.compile(
    rb"^\s+pid \d+\((.*)\): \[0x[0-9a-f]+\] [\d:]+ "
    rb"(?:PreventUserIdleDisplaySleep|NoDisplaySleepAssertion) named:",
    re.MULTILINE,
)


def parse_hid_idle(output: bytes) -> float | None:
    """Read `ioreg -r -c IOHIDSystem -d 1 -w 0`: seconds since the last input, the smallest of all nodes; None: untold."""
    times = [int(match) for match in _IDLE.findall(output)]
    return min(times) / 1e9 if times else None


def parse_console_locked(output: bytes) -> bool | None:
    """Read `ioreg -n Root -d1 -w 0`: yes when any of the two keys says so; None when neither is there."""
    answers = [match.group(1) or match.group(2) for match in _LOCKED.finditer(output)]
    return b"Yes" in answers if answers else None


def parse_display_holders(output: bytes) -> str | None:
    """Read `pmset -g assertions`: the names of programs that keep the display awake; "" for none, None: not readable.

    Names may hold blanks and parentheses. `caffeinate` without a call or film counts as well: somebody asked for it.
    """
    if b"Assertion status system-wide:" not in output:
        return None
    names = {match.decode("utf-8", "replace") for match in _HOLDS_DISPLAY.findall(output)}
    return ", ".join(sorted(names))


def parse_session(output: bytes, now_microseconds: int) -> Presence:
    """Read `loginctl show-session`.

    Args:
        output: KEY=value lines.
        now_microseconds: CLOCK_MONOTONIC, in which IdleSinceHintMonotonic is told.

    `IdleHint=no` is not evidence of presence: wlroots compositors never set it. So it is unknown unless the screen is
    locked.
    """
    lines = (line.partition("=") for line in output.decode("utf-8", "replace").splitlines())
    fields = {key: value for key, _, value in lines}
    locked = {"yes": True, "no": False}.get(fields.get("LockedHint", ""))
    since = fields.get("IdleSinceHintMonotonic", "")
    if fields.get("IdleHint") == "yes" and since.isdigit():
        return Presence(max(now_microseconds - int(since), 0) / 1e6, locked, "")
    return Presence(None, locked, "")


def parse_sessions(output: bytes) -> tuple[str, ...]:
    """Read `loginctl list-sessions --no-legend`: the ids of the sessions."""
    return tuple(
        line.split()[0].decode("ascii", "replace") for line in output.splitlines() if line.split()
    )
