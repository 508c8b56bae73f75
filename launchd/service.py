"""What is installed, how a step with it can end, and what its state means."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from personald.commands import Output
from personald.errors import PersonaldError

LABEL = "org.personald.agent"


class AgentError(PersonaldError):
    """The service could not be installed, started or removed."""

    title = "The agent cannot be managed"


class Outcome(enum.Enum):
    """How a step ended; what the service manager says afterwards decides, never an exit status alone."""

    DONE = "done"
    ALREADY = "already"
    NO_SESSION = "no session"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Service:
    """What is to be kept running.

    Attributes:
        program: absolute path of the interpreter or script.
        arguments: what it is started with.
        logs: folder for what it says before its own log is open; must exist when it starts.
        label: its name; letters, digits, dots and hyphens.
    """

    program: Path
    arguments: tuple[str, ...]
    logs: Path
    label: str = LABEL


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What the service manager says of it.

    Attributes:
        installed: its file is in place.
        loaded: the service manager knows it.
        pid: its process; None when it does not run.
        last_exit: exit status of its last run; None when it never ended or was ended by a signal.
        last_signal: name of the signal that ended it, "" for none.
        runs: how often it was started; None when untold.
        meaning: one line for the person.
    """

    installed: bool
    loaded: bool
    pid: int | None
    last_exit: int | None
    last_signal: str
    runs: int | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Step:
    """The end of a step: how, and one line about it."""

    outcome: Outcome
    detail: str = ""

    @property
    def good(self) -> bool:
        """True when things are as they were wanted."""
        return self.outcome in (Outcome.DONE, Outcome.ALREADY)


class Manager(Protocol):
    """A service manager for one service: launchd or systemd."""

    def install(self) -> Step:
        """Put the file in place, load it and start it."""
        ...

    def uninstall(self) -> Step:
        """Stop it and leave nothing."""
        ...

    def start(self) -> Step:
        """Start what is installed."""
        ...

    def stop(self) -> Step:
        """Stop it until `start` or the next login."""
        ...

    def status(self) -> ServiceState:
        """Look, and change nothing."""
        ...


def label_for(home: Path, usual: Path) -> str:
    """A label of its own for each home: the plain one for the usual home, else with a digest of the path."""
    if home == usual:
        return LABEL
    return f"{LABEL}.{hashlib.sha256(str(home).encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


# Exit statuses of the daemon (sysexits.h) and of launchd itself, and what they mean to a person.
_EXITS = {
    0: "it ended by itself, in order",
    1: "it ended with an error; the log says which",
    5: "the keychain was not available",
    69: "another daemon already serves this home",
    70: "it crashed; the log says where",
    75: "it ended to be started anew",
    78: "the program or its log folder cannot be used; run `personald agent install` again",
    126: "the program may not be executed; run `personald agent install` again",
    127: "the program is gone; run `personald agent install` again",
}


def meaning_of_exit(status: int) -> str:
    """What an exit status of the daemon means."""
    return _EXITS.get(status, f"it ended with status {status}")


def meaning_of_signal(name: str) -> str:
    """What a signal that ended the daemon means; `name` as the service manager tells it ("Killed: 9", "TERM")."""
    if "9" in name or "KILL" in name.upper():
        return "it was killed, by somebody or for want of memory"
    if "15" in name or "TERM" in name.upper():
        return "it was asked to end"
    return f"it was ended by a signal ({name})"


def words_of(output: Output) -> str:
    """What a command of the service manager said, in one short line."""
    text = (output.stderr or output.stdout).decode("utf-8", "replace")
    return " ".join(text.split())[:200] or f"exit status {output.code}"
