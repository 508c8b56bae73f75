"""`personald agent`: the launchd agent (macOS) or systemd user unit (Linux) that keeps the daemon running."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personald.cli.frame import Frame, common

if TYPE_CHECKING:
    from launchd.service import Manager, Service, Step

LINES = 50


@click.group("agent")
def agent() -> None:
    """The background service: install, uninstall, start, stop, status, logs."""


@agent.command("install")
@common
def install(frame: Frame) -> None:
    """Start the daemon now and at every login; puts the menu-bar plugin in place where there is a menu bar for it."""
    from launchd import menubar

    _ = frame.settings
    frame.home.make()
    service = _service(frame)
    step = _manager(service).install()
    plugins: tuple[Path, ...] = ()
    if step.good and sys.platform == "darwin":
        arguments = (
            *("-m", "personald", "--home", str(frame.home.path)),
            *("status", "--menubar"),
        )
        folders = menubar.plugin_folders(Path.home())
        plugins = menubar.install(menubar.render(service, arguments), folders)
    _finish(frame, step, plugins, "Installed")


@agent.command("uninstall")
@common
def uninstall(frame: Frame) -> None:
    """Stop it and leave nothing of it; the home stays."""
    from launchd import menubar

    step = _manager(_service(frame)).uninstall()
    plugins: tuple[Path, ...] = ()
    if step.good and sys.platform == "darwin":
        plugins = menubar.uninstall(menubar.plugin_folders(Path.home()))
    _finish(frame, step, plugins, "Uninstalled")


@agent.command("start")
@common
def start(frame: Frame) -> None:
    """Start what is installed."""
    _ = frame.settings
    _finish(frame, _manager(_service(frame)).start(), (), "Started")


@agent.command("stop")
@common
def stop(frame: Frame) -> None:
    """Stop it until `start` or the next login."""
    _finish(frame, _manager(_service(frame)).stop(), (), "Stopped")


@agent.command("status")
@common
def status(frame: Frame) -> None:
    """Its process, how it ended last, and what that means."""
    state = _manager(_service(frame)).status()

    def render() -> None:
        click.echo(state.meaning)
        if state.runs is not None:
            click.echo(f"starts: {state.runs}")

    frame.show(asdict(state), render)


@agent.command("logs")
@click.option("--lines", default=LINES, show_default=True, help="How many of the last lines.")
@common
def logs(frame: Frame, lines: int) -> None:
    """The last lines of the daemon's log, and of what it said before its log was open."""
    from personald.logs import FILE

    found: dict[str, list[str]] = {}
    for name in ("agent.log", FILE):
        file = _log_folder(frame) / name if name == "agent.log" else frame.home.logs / name
        if file.exists():
            with file.open(encoding="utf-8", errors="replace") as opened:
                found[name] = [line.rstrip("\n") for line in deque(opened, maxlen=lines)]

    def render() -> None:
        for said in found.values():
            for line in said:
                click.echo(line)

    frame.show(found, render)


def _service(frame: Frame) -> Service:
    from launchd.service import Service, label_for
    from personald.config import find_home

    usual = find_home(None, {"HOME": str(Path.home())}).path
    folder = _log_folder(frame)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Service(
        Path(sys.executable),
        ("-m", "personald", "run", "--home", str(frame.home.path)),
        folder,
        label_for(frame.home.path, usual),
    )


def _log_folder(frame: Frame) -> Path:
    """The home's own, unless launchd may not write there."""
    from launchd.plist import GUARDED_FOLDERS

    person = Path.home()
    guarded = any(frame.home.logs.is_relative_to(person / name) for name in GUARDED_FOLDERS)
    if sys.platform == "darwin" and guarded:
        return person / "Library" / "Logs" / "personald"
    return frame.home.logs


def _manager(service: Service) -> Manager:
    from launchd.choice import manager_for

    return manager_for(service, sys.platform, Path.home())


def _finish(frame: Frame, step: Step, plugins: tuple[Path, ...], done: str) -> None:
    """Show how a step ended.

    Raises:
        AgentError: it did not do what was asked.
    """
    from launchd.service import AgentError, Outcome

    if not step.good:
        raise AgentError(f"{step.detail}.", "See `personald agent status` and `agent logs`.")
    already = step.outcome is Outcome.ALREADY
    result = {
        "outcome": step.outcome.value,
        "detail": step.detail,
        "plugins": [str(plugin) for plugin in plugins],
    }

    def render() -> None:
        detail = f": {step.detail}" if step.detail else ""
        click.echo(f"{'Nothing to do' if already else done}{detail}.")
        for plugin in plugins:
            click.echo(f"Menu-bar plugin: {plugin}")

    frame.show(result, render)
