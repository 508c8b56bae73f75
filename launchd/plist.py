"""The property list of the launchd agent. Keys: launchd.plist(5)."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

from launchd.service import Service

# launchd opens log files before the privacy rules let it into these; the job then dies with 78 (EX_CONFIG).
GUARDED_FOLDERS = ("Desktop", "Documents", "Downloads")

THROTTLE_SECONDS = 30
EXIT_SECONDS = 30
NICENESS = 10


def property_list(service: Service) -> dict[str, Any]:
    """The agent's keys and values.

    `ProcessType` is left out: "Background" clamps Metal to a fraction of its speed, for children too; what it would
    bring is asked for by `Nice` and `LowPriorityIO`. `MaterializeDatalessFiles` off: an evicted iCloud file gives an
    error instead of a download. `Umask` is a decimal number in property lists: 63 is octal 077. When the agent ends,
    launchd ends its children (`AbandonProcessGroup` off): no trainer outlives its daemon.
    """
    return {
        "Label": service.label,
        "ProgramArguments": [str(service.program), *service.arguments],
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": THROTTLE_SECONDS,
        "ExitTimeOut": EXIT_SECONDS,
        "LimitLoadToSessionType": "Aqua",
        "LowPriorityIO": True,
        "Nice": NICENESS,
        "Umask": 0o077,
        "AbandonProcessGroup": False,
        "MaterializeDatalessFiles": False,
        "StandardOutPath": str(service.logs / "agent.log"),
        "StandardErrorPath": str(service.logs / "agent.log"),
        "WorkingDirectory": "/",
    }


def render(service: Service) -> bytes:
    """The property list as XML."""
    return plistlib.dumps(property_list(service), sort_keys=False)


def faults(service: Service, person: Path) -> tuple[str, ...]:
    """What launchd would refuse, in words; empty when nothing.

    Args:
        service: what is to be installed.
        person: the home folder of its user.
    """
    found = []
    if not service.program.is_absolute():
        found.append(f"the program {service.program} has no absolute path")
    elif not service.program.exists():
        found.append(f"the program {service.program} is not there")
    if not service.logs.is_dir():
        found.append(f"the log folder {service.logs} is not there")
    for name in GUARDED_FOLDERS:
        if service.logs.is_relative_to(person / name):
            found.append(f"launchd may not write logs under {person / name}")
    return tuple(found)
