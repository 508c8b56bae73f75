"""Install, start, stop and remove the systemd user unit; the twin of `agent` for desktops and home servers."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launchd import unit
from launchd.service import (
    Outcome,
    Service,
    ServiceState,
    Step,
    meaning_of_exit,
    meaning_of_signal,
    words_of,
)
from personald.commands import Output, run

UP_WITHIN_SECONDS = 10.0
POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class UserUnit:
    """One service under the user's own systemd.

    Attributes:
        service: what to keep running.
        folder: where user units lie, usually ~/.config/systemd/user.
        command: runs one command.
        sleep, monotonic: the clock.
    """

    service: Service
    folder: Path
    command: Callable[[list[str]], Output] = run
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    @property
    def name(self) -> str:
        """The unit's name."""
        return f"{self.service.label}.service"

    @property
    def file(self) -> Path:
        """Where the unit file lies."""
        return self.folder / self.name

    def install(self) -> Step:
        """Write the unit file, load it, enable it for every login and see it run."""
        if not self.service.program.is_absolute() or not self.service.program.exists():
            return Step(Outcome.FAILED, f"the program {self.service.program} is not there")
        wanted = unit.render(self.service)
        shown = self._show()
        if not shown:
            return _no_session()
        same = self.file.is_file() and self.file.read_text("utf-8") == wanted
        if same and shown.get("ActiveState") == "active":
            return Step(Outcome.ALREADY, f"it runs already, as process {shown.get('MainPID')}")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(wanted, "utf-8")
        self._systemctl("daemon-reload")
        self._systemctl("reset-failed", self.name)
        self._systemctl("enable", self.name)
        return self._see_it_run(self._systemctl("restart", self.name))

    def uninstall(self) -> Step:
        """Stop the unit, forget it and delete its file."""
        there = self.file.exists()
        if self._show().get("LoadState") == "loaded":
            self._systemctl("disable", "--now", self.name)
            if self._pid() is not None:
                return Step(Outcome.FAILED, "systemd does not stop it")
        self.file.unlink(missing_ok=True)
        self._systemctl("daemon-reload")
        self._systemctl("reset-failed", self.name)
        return Step(Outcome.DONE if there else Outcome.ALREADY)

    def start(self) -> Step:
        """Start the installed unit."""
        if not self.file.is_file():
            return Step(Outcome.FAILED, "it is not installed; run `personald agent install`")
        if not self._show():
            return _no_session()
        pid = self._pid()
        if pid is not None:
            return Step(Outcome.ALREADY, f"it runs already, as process {pid}")
        self._systemctl("reset-failed", self.name)
        return self._see_it_run(self._systemctl("start", self.name))

    def stop(self) -> Step:
        """Stop the unit; it comes back with `start` or at the next login."""
        if self._pid() is None:
            return Step(Outcome.ALREADY, "it does not run")
        answer = self._systemctl("stop", self.name)
        if self._pid() is None:
            return Step(Outcome.DONE)
        return Step(Outcome.FAILED, words_of(answer))

    def status(self) -> ServiceState:
        """What systemd says of it, and what that means."""
        shown = self._show()
        installed = self.file.is_file()
        pid = _pid(shown)
        code, status = shown.get("ExecMainCode", "0"), int(shown.get("ExecMainStatus") or 0)
        ended_by = _signal_name(status) if code in (unit.CLD_KILLED, unit.CLD_DUMPED) else ""
        last_exit = status if code == unit.CLD_EXITED and pid is None else None
        restarts = shown.get("NRestarts", "")
        return ServiceState(
            installed,
            shown.get("LoadState") == "loaded",
            pid,
            last_exit,
            "" if pid is not None else ended_by,
            int(restarts) + 1 if restarts.isdigit() else None,
            _meaning(shown, pid, last_exit, ended_by, installed),
        )

    def _systemctl(self, *words: str) -> Output:
        return self.command(["systemctl", "--user", *words])

    def _show(self) -> dict[str, str]:
        return unit.parse_show(self._systemctl("show", self.name, f"--property={unit.PROPERTIES}"))

    def _pid(self) -> int | None:
        return _pid(self._show())

    def _see_it_run(self, answer: Output) -> Step:
        deadline = self.monotonic() + UP_WITHIN_SECONDS
        while True:
            state = self.status()
            if state.pid is not None:
                return Step(Outcome.DONE, f"it runs as process {state.pid}")
            if self.monotonic() >= deadline:
                return Step(Outcome.FAILED, state.meaning or words_of(answer))
            self.sleep(POLL_SECONDS)


def _pid(shown: dict[str, str]) -> int | None:
    pid = shown.get("MainPID", "")
    return int(pid) if pid.isdigit() and int(pid) > 0 else None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _meaning(
    shown: dict[str, str], pid: int | None, last_exit: int | None, ended_by: str, installed: bool
) -> str:
    if not shown:
        return "systemd cannot be asked: there is no user session"
    if pid is not None:
        return f"running as process {pid}"
    if not installed:
        return "not installed"
    if shown.get("Result") == "start-limit-hit":
        return "it ended again and again, and systemd gave up; see `personald agent logs`"
    if ended_by:
        return f"not running: {meaning_of_signal(ended_by)}"
    if last_exit is not None:
        return f"not running: {meaning_of_exit(last_exit)}"
    return "installed, but stopped"


def _no_session() -> Step:
    return Step(
        Outcome.NO_SESSION,
        "systemd has no session for you: log in, or run `loginctl enable-linger` once",
    )
