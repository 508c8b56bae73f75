"""The one error tree: what went wrong, in which detail, and what the person can do about it.

Every room derives its own errors from `PersonaldError`. The command line prints one as a single line on standard
error and exits with its `exit_code`; the daemon records it as a problem that `status` and `doctor` show.
This module is ground: it imports nothing of the project, and every room may import it.
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """Exit codes of the command line, a contract with scripts."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_NOW = 3
    REFUSED = 4
    LOCKED = 5
    INTERRUPTED = 130


class PersonaldError(Exception):
    """An error that a person can read.

    Args:
        detail: what happened to what, in one sentence, naming the thing at fault.
        remedy: what to do about it, in one sentence; empty when nothing can be done.

    Subclasses set `title` (a few words, the same for every instance) and, where it differs, `exit_code`; only an error
    that was told by another process has them of its own.
    """

    title: str = "Something went wrong"
    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = " ".join(detail.split())
        self.remedy = " ".join(remedy.split())

    def __str__(self) -> str:
        """One line: title, detail and remedy."""
        line = f"{self.title}: {self.detail}"
        if self.remedy:
            line = f"{line.rstrip('.')}. {self.remedy}"
        return line


class UsageError(PersonaldError):
    """The command was called in a way that cannot be carried out."""

    title = "Wrong usage"
    exit_code = ExitCode.USAGE


class NotNow(PersonaldError):
    """The conditions for it do not hold at present."""

    title = "Not now"
    exit_code = ExitCode.NOT_NOW


class RefusedByGate(PersonaldError):
    """A gate refused a candidate; the active adapter stays."""

    title = "Refused by a gate"
    exit_code = ExitCode.REFUSED


class Locked(PersonaldError):
    """The keys cannot be had at present."""

    title = "Locked"
    exit_code = ExitCode.LOCKED
