"""Which service manager fits this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from launchd.agent import LaunchAgent
from launchd.service import Manager, Service
from launchd.systemd import UserUnit


def manager_for(
    service: Service, platform: str, person: Path, environment: Mapping[str, str] = os.environ
) -> Manager:
    """launchd on macOS, the user's systemd elsewhere.

    Args:
        service: what to keep running.
        platform: `sys.platform`.
        person: the user's home folder.
        environment: environment variables; XDG_CONFIG_HOME moves the folder of unit files.
    """
    if platform == "darwin":
        return LaunchAgent(service, person, os.getuid())
    configured = environment.get("XDG_CONFIG_HOME", "")
    folder = Path(configured) if configured.startswith("/") else person / ".config"
    return UserUnit(service, folder / "systemd" / "user")
