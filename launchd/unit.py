"""The systemd user unit: the text of its file, and a pure reader of `systemctl show`."""

from __future__ import annotations

import importlib.resources
import string

from launchd.service import Service
from personald.commands import Output

PROPERTIES = "LoadState,ActiveState,SubState,MainPID,ExecMainCode,ExecMainStatus,NRestarts,Result"

# Values of ExecMainCode: si_code of waitid(2).
CLD_EXITED = "1"
CLD_KILLED = "2"
CLD_DUMPED = "3"


def render(service: Service) -> str:
    """The unit file."""
    template = importlib.resources.files("launchd").joinpath("templates/personald.service")
    command = " ".join(quote(word) for word in (str(service.program), *service.arguments))
    return string.Template(template.read_text("utf-8")).substitute(command=command)


def quote(word: str) -> str:
    """One word of ExecStart, so that nothing in it has a meaning (systemd.service(5), "Command lines").

    The template's ":" before the program switches off variables, so that "$" needs no care.
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def parse_show(output: Output) -> dict[str, str]:
    """Read `systemctl --user show`: KEY=value lines; empty when it failed."""
    if not output.ok:
        return {}
    lines = (line.partition("=") for line in output.stdout.decode("utf-8", "replace").splitlines())
    return {key: value for key, separator, value in lines if separator}
