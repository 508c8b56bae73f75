"""All examinations in order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from personald.commands import Output, run
from personald.config import Home, load_settings
from personald.doctor import contents, machine, watching
from personald.doctor.finding import Finding
from personald.errors import PersonaldError


def examine(
    home: Home,
    *,
    deep: bool = False,
    platform: str = sys.platform,
    command: Callable[..., Output] = run,
    clock: Callable[[], float] = time.time,
) -> list[Finding]:
    """Look at everything; a failing examination is a finding, never an exception.

    Args:
        home: which home.
        deep: verify every row of the store as well.
        platform: `sys.platform`.
        command: runs one command.
        clock: seconds since 1970.
    """
    findings = [machine.python(), machine.disk(home)]
    if not home.exists:
        absent = Finding("home", False, f"there is nothing at {home.path}", "Run: personald init")
        return [*findings, absent, machine.arithmetic()]
    findings.append(Finding("home", True, str(home.path)))
    try:
        settings = load_settings(home)
    except PersonaldError as error:
        return [*findings, Finding.of("settings", error)]
    findings.append(Finding("settings", True, "readable"))
    said, daemon = watching.daemon(home)
    findings += [machine.clock(home, clock()), daemon]
    findings += watching.full_disk_access(Path.home(), platform, said)
    looks: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("keys", lambda: contents.keys(home)),
        ("store", lambda: contents.store(home, settings, deep)),
        ("sources", lambda: watching.sources(home, settings, platform, said)),
        ("base model", lambda: contents.base(settings)),
        ("sync folder", lambda: contents.sync(home, settings)),
    ]
    for name, look in looks:
        try:
            findings += look()
        except PersonaldError as error:
            findings.append(Finding.of(name, error))
    return [*findings, machine.arithmetic(), machine.metal(home, platform, command)]
