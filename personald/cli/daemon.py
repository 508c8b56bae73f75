"""`personald run`, `status`, `pause`, `resume`: the daemon in the foreground, and what is said to it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common
from personald.cli.quick import snapshot_of, tell
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.status import Snapshot

# A pause until tomorrow ends at this hour, local time.
MORNING = 8
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command("run")
@common
def run(frame: Frame) -> None:
    """The daemon, in the foreground; ends with SIGTERM or Ctrl-C."""
    settings = frame.settings
    from personald.daemon import UPGRADED, Daemon

    code = Daemon(frame.home, settings).run()
    if code == UPGRADED:
        words = (sys.executable, "-m", "personald", "run", "--home", str(frame.home.path))
        os.execv(sys.executable, words)
    sys.exit(code)


@click.command("status")
@click.option("--menubar", is_flag=True, help="Print lines for SwiftBar or xbar.")
@common
def status(frame: Frame, menubar: bool) -> None:
    """What it is doing, and why it is not training now."""
    if not frame.home.exists:
        _ = frame.settings
    snapshot = take_snapshot(frame)
    if menubar:
        _print(tell(snapshot, frame.home, menubar=True))
    else:
        frame.show(snapshot.to_json(), lambda: _print(tell(snapshot, frame.home, menubar=False)))


@click.command("pause")
@click.option("--for", "duration", help="How long, such as 30m, 2h or 1d; else until `resume`.")
@click.option("--until-tomorrow", is_flag=True, help=f"Until {MORNING}:00 tomorrow.")
@common
def pause(frame: Frame, duration: str | None, until_tomorrow: bool) -> None:
    """Train no more for a while; reading goes on."""
    _ = frame.settings
    seconds = parse_duration(duration) if duration else None
    if until_tomorrow:
        seconds = seconds_until_tomorrow(datetime.now())
    result = _tell(frame, "pause", {"seconds": seconds})
    until = result["paused_until"]
    words = "until `personald resume`" if until == "resume" else f"until {until}"
    frame.show(result, lambda: click.echo(f"Paused {words}."))


@click.command("resume")
@common
def resume(frame: Frame) -> None:
    """Train again when the conditions hold."""
    _ = frame.settings
    result = _tell(frame, "resume", {})
    frame.show(result, lambda: click.echo("Resumed."))


def take_snapshot(frame: Frame) -> Snapshot:
    """What the daemon says, or what can be told without one."""
    from personald import ipc

    try:
        return snapshot_of(ipc.call(frame.home.run, "status"))
    except ipc.NotRunning:
        from personald.state import StateFile
        from personald.status import without_daemon

        state = StateFile(frame.home.state).load()
        return without_daemon(frame.home, frame.settings, state, time.time())


def parse_duration(text: str) -> float:
    """Seconds in "30m", "2h", "1d", "1h30m".

    Raises:
        UsageError: it is of another form.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text.strip().lower())
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text.strip().lower():
        raise UsageError(f"{text!r} is no duration.", "Write it like 30m, 2h or 1d.")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def seconds_until_tomorrow(now: datetime) -> float:
    """From a local time to the next morning but one night."""
    morning = (now + timedelta(days=1)).replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return (morning - now).total_seconds()


def _tell(frame: Frame, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Tell the daemon; without one note it where the next will find it."""
    from personald import ipc

    try:
        result: dict[str, Any] = ipc.call(frame.home.run, name, arguments)
        return result
    except ipc.NotRunning:
        return _note(frame, name, arguments)


def _note(frame: Frame, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    from dataclasses import replace

    from personald.state import StateFile
    from personald.status import moment

    file = StateFile(frame.home.state)
    if name == "resume":
        file.change(lambda state: replace(state, paused_until=None, crashes=()))
        return {"paused_until": None}
    seconds = arguments["seconds"]
    until = float("inf") if seconds is None else time.time() + seconds
    file.change(lambda state: replace(state, paused_until=until))
    return {"paused_until": "resume" if seconds is None else moment(until)}


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
