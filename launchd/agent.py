"""Install, start, stop and remove the launchd agent.

`launchctl bootout` returns before the job is gone, and a `bootstrap` in that gap fails with 5 (Input/output error); so
does one that in truth succeeded, on recent systems. Hence every step is: ask, wait until `launchctl print` says so, ask
again at most twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launchd import plist, printing
from launchd.printing import Presence, Report, parse_print
from launchd.service import (
    Outcome,
    Service,
    ServiceState,
    Step,
    meaning_of_exit,
    meaning_of_signal,
    words_of,
)
from personald.commands import NOT_FOUND, Output, run

TRIES = 3
POLL_SECONDS = 0.25
# Longer than ExitTimeOut: launchd kills the job after that.
GONE_WITHIN_SECONDS = plist.EXIT_SECONDS + 5.0
UP_WITHIN_SECONDS = 10.0
# So many starts with an error each time are told as a crash loop.
CRASH_LOOP_RUNS = 5


@dataclass(frozen=True, slots=True)
class LaunchAgent:
    """One service under launchd, in the graphical session of one user.

    Attributes:
        service: what to keep running.
        person: the user's home folder; the property list lies in its Library/LaunchAgents.
        uid: the user's number.
        command: runs one command.
        sleep, monotonic: the clock.
    """

    service: Service
    person: Path
    uid: int
    command: Callable[[list[str]], Output] = run
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    @property
    def file(self) -> Path:
        """Where the property list lies."""
        return self.person / "Library" / "LaunchAgents" / f"{self.service.label}.plist"

    def install(self) -> Step:
        """Write the property list, check it, load it afresh and see it run."""
        faults = plist.faults(self.service, self.person)
        if faults:
            return Step(Outcome.FAILED, "; ".join(faults))
        wanted = plist.render(self.service)
        before = self._print()
        if before.presence is Presence.NO_SESSION:
            return _no_session()
        if (
            before.presence is Presence.LOADED
            and before.pid is not None
            and self.file.is_file()
            and self.file.read_bytes() == wanted
        ):
            return Step(Outcome.ALREADY, f"it runs already, as process {before.pid}")
        self._write(wanted)
        checked = self.command(["plutil", "-lint", str(self.file)])
        if checked.code not in (0, NOT_FOUND):
            return Step(Outcome.FAILED, f"plutil refuses the property list: {words_of(checked)}")
        # A changed property list is read only by a new bootstrap; kickstart keeps the old one.
        if before.presence is not Presence.ABSENT and not self._boot_out():
            return Step(Outcome.FAILED, "launchd does not let go of the old agent")
        return self._boot_in()

    def uninstall(self) -> Step:
        """Unload the agent and delete its property list."""
        there = self.file.exists()
        loaded = self._print().presence in (Presence.LOADED, Presence.UNKNOWN)
        if loaded and not self._boot_out():
            return Step(Outcome.FAILED, "launchd does not let go of the agent")
        self.file.unlink(missing_ok=True)
        return Step(Outcome.DONE if there or loaded else Outcome.ALREADY)

    def start(self) -> Step:
        """Start the installed agent."""
        if not self.file.is_file():
            return Step(Outcome.FAILED, "it is not installed; run `personald agent install`")
        report = self._print()
        if report.presence is Presence.NO_SESSION:
            return _no_session()
        if report.pid is not None:
            return Step(Outcome.ALREADY, f"it runs already, as process {report.pid}")
        if report.presence is Presence.LOADED:
            self.command(["launchctl", "kickstart", self._target])
            return self._see_it_run("launchctl kickstart had no effect")
        return self._boot_in()

    def stop(self) -> Step:
        """Unload the agent; it comes back with `start` or at the next login."""
        report = self._print()
        if report.presence in (Presence.ABSENT, Presence.NO_SESSION):
            return Step(Outcome.ALREADY, "it does not run")
        if self._boot_out():
            return Step(Outcome.DONE)
        return Step(Outcome.FAILED, "launchd does not let go of the agent")

    def status(self) -> ServiceState:
        """What launchd says of it, and what that means."""
        report = self._print()
        return ServiceState(
            self.file.is_file(),
            report.presence is Presence.LOADED,
            report.pid,
            report.last_exit,
            report.last_signal,
            report.runs,
            _meaning(report, installed=self.file.is_file()),
        )

    @property
    def _domain(self) -> str:
        return f"gui/{self.uid}"

    @property
    def _target(self) -> str:
        return f"{self._domain}/{self.service.label}"

    def _print(self) -> Report:
        return parse_print(self.command(["launchctl", "print", self._target]))

    def _write(self, content: bytes) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".new")
        draft.write_bytes(content)
        # launchd refuses property lists that others may write to.
        draft.chmod(0o644)
        draft.replace(self.file)

    def _boot_out(self) -> bool:
        self.command(["launchctl", "bootout", self._target])
        return self._wait(lambda report: report.presence is Presence.ABSENT, GONE_WITHIN_SECONDS)

    def _boot_in(self) -> Step:
        # A label that was disabled once stays so for ever, and bootstrap then fails without saying why.
        self.command(["launchctl", "enable", self._target])
        said = ""
        for attempt in range(TRIES):
            answer = self.command(["launchctl", "bootstrap", self._domain, str(self.file)])
            if answer.code == printing.NO_DOMAIN:
                return _no_session()
            said = words_of(answer)
            if self._print().presence is Presence.LOADED:
                return self._see_it_run(said)
            self.sleep(2.0**attempt)
        return Step(Outcome.FAILED, said or "launchd does not load it and does not say why")

    def _see_it_run(self, said: str) -> Step:
        if self._wait(lambda report: report.pid is not None, UP_WITHIN_SECONDS):
            return Step(Outcome.DONE, f"it runs as process {self._print().pid}")
        report = self._print()
        return Step(Outcome.FAILED, _meaning(report, installed=True) or said)

    def _wait(self, until: Callable[[Report], bool], seconds: float) -> bool:
        deadline = self.monotonic() + seconds
        while not until(self._print()):
            if self.monotonic() >= deadline:
                return False
            self.sleep(POLL_SECONDS)
        return True


def _meaning(report: Report, *, installed: bool) -> str:
    if report.presence is Presence.NO_SESSION:
        return "nobody is logged in at the screen, so that launchd cannot be asked"
    if report.presence is Presence.UNKNOWN:
        return "launchctl gave an answer that cannot be read"
    if report.presence is Presence.ABSENT:
        return "installed, but stopped" if installed else "not installed"
    if report.pid is not None:
        return f"running as process {report.pid}"
    last = ""
    if report.last_signal:
        last = meaning_of_signal(report.last_signal)
    elif report.last_exit is not None:
        last = meaning_of_exit(report.last_exit)
    if report.state == "spawn scheduled" and (report.runs or 0) >= CRASH_LOOP_RUNS:
        return f"it ends again and again ({report.runs} starts): {last}"
    waiting = "about to be started again" if report.state == "spawn scheduled" else "not running"
    return f"{waiting}: {last}" if last else waiting


def _no_session() -> Step:
    return Step(
        Outcome.NO_SESSION,
        "nobody is logged in at the screen: run this in a terminal of a graphical session",
    )
