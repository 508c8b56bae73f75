"""A pure reader of `launchctl print`.

Its output is not an interface ("This output is NOT API", launchctl(1)), and nested blocks repeat names such as `state`
and `pid`. Only lines with exactly one leading tab belong to the service itself; everything that is not there stays
unknown.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from personald.commands import Output

# Exit statuses of launchctl(1), as seen: no such service, and no such domain (nobody is logged in at the screen).
NO_SERVICE = 113
NO_DOMAIN = 125

_LINE = re.compile(rb"^\t([a-z][a-z ]*[a-z]) = (.*)$", re.MULTILINE)
_NUMBER = re.compile(r"^(\d+)\b")


class Presence(enum.Enum):
    """Does launchd know the service?"""

    LOADED = "loaded"
    ABSENT = "absent"
    NO_SESSION = "no session"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Report:
    """What `launchctl print` says of a service.

    Attributes:
        presence: whether launchd knows it at all; the rest is empty unless LOADED.
        state: "running", "not running", "waiting", "spawn scheduled" or another word of launchd's.
        pid: of its process; None when it does not run.
        last_exit: exit status; None when it never exited, or was killed.
        last_signal: such as "Killed: 9"; "" for none.
        runs: how often it was started.
    """

    presence: Presence
    state: str = ""
    pid: int | None = None
    last_exit: int | None = None
    last_signal: str = ""
    runs: int | None = None


def parse_print(output: Output) -> Report:
    """Read what `launchctl print gui/UID/LABEL` left behind."""
    if output.code == NO_SERVICE or b"Could not find service" in output.stderr:
        return Report(Presence.ABSENT)
    if output.code == NO_DOMAIN or b"Domain does not support" in output.stderr:
        return Report(Presence.NO_SESSION)
    text = output.stdout.rstrip()
    if not output.ok or b" = {" not in text.split(b"\n", 1)[0] or not text.endswith(b"\n}"):
        return Report(Presence.UNKNOWN)
    fields: dict[str, str] = {}
    for key, value in _LINE.findall(text):
        fields.setdefault(key.decode("ascii"), value.decode("utf-8", "replace").strip())
    return Report(
        Presence.LOADED,
        fields.get("state", ""),
        _number(fields.get("pid", "")),
        _number(fields.get("last exit code", "")),
        fields.get("last terminating signal", ""),
        _number(fields.get("runs", "")),
    )


def _number(text: str) -> int | None:
    match = _NUMBER.match(text)
    return int(match.group(1)) if match else None
