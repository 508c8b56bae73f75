"""Examines an installation: each examination looks at one thing and says what it saw and how to mend it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from personald.config import Home, Settings, load_settings
from personald.errors import PersonaldError

LITTLE_DISK_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        name: what was looked at.
        works: yes, no, or None when it cannot be told or is not in use.
        detail: what was seen.
        remedy: what to do when it does not work.
    """

    name: str
    works: bool | None
    detail: str
    remedy: str = ""


def examine(home: Home, *, deep: bool = False) -> list[Finding]:
    """Look at everything; a failing examination is a finding, never an exception.

    Args:
        home: which home.
        deep: verify every row of the store as well.
    """
    findings = [_python(), _disk(home)]
    if not home.exists:
        findings.append(
            Finding("home", False, f"there is nothing at {home.path}", "Run: personald init")
        )
        return [*findings, _arithmetic()]
    findings.append(Finding("home", True, str(home.path)))
    try:
        settings = load_settings(home)
    except PersonaldError as error:
        return [*findings, _from_error("settings", error)]
    findings.append(Finding("settings", True, "readable"))
    looks: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("keys", lambda: _keys(home)),
        ("store", lambda: _store(home, settings, deep)),
        ("sources", lambda: _sources(home, settings)),
        ("base model", lambda: _base(settings)),
        ("sync folder", lambda: _sync(home, settings)),
    ]
    for name, look in looks:
        try:
            findings += look()
        except PersonaldError as error:
            findings.append(_from_error(name, error))
    return [*findings, _arithmetic()]


def _from_error(name: str, error: PersonaldError) -> Finding:
    return Finding(name, False, f"{error.title}: {error.detail}", error.remedy)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", sys.version_info >= (3, 11), f"{version} at {sys.executable}")


def _disk(home: Home) -> Finding:
    folder = home.path
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Finding(
        "disk", free > LITTLE_DISK_BYTES, f"{free / 1e9:.1f} GB free", "Free some space."
    )


def _keys(home: Home) -> list[Finding]:
    from personald.assembly import ask_passphrase
    from personald.keys import interpreter_changed, open_keys

    keys = open_keys(home.path, passphrase=ask_passphrase)
    findings = [Finding("keys", True, f"in {keys.key_store.place}")]
    changed = interpreter_changed(home.path)
    if changed:
        findings.append(Finding("interpreter", None, changed))
    return findings


def _store(home: Home, settings: Settings, deep: bool) -> list[Finding]:
    from personald.assembly import Owner

    with Owner(home, settings) as owner:
        counts = owner.store().counts()
        detail = f"{counts.total} documents, {counts.failed} files could not be read"
        findings = [Finding("store", counts.quarantined == 0, detail)]
        for damage in owner.vault().verify(deep=deep):
            findings.append(Finding(f"store: {damage.name}", False, damage.detail, damage.remedy))
    return findings


def _sources(home: Home, settings: Settings) -> list[Finding]:
    from personald.assembly import open_watcher_store

    findings = []
    with open_watcher_store(home, settings) as store:
        for source in store.sources():
            path = Path(source.path)
            if not path.exists():
                problem = "it is not there (not mounted, moved or deleted); nothing was forgotten"
                remedy = f"Mount it again, or: personald source remove {source.id}"
                findings.append(Finding(f"source {source.id}", False, problem, remedy))
            elif not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
                remedy = "Allow access (on a Mac: System Settings, Privacy, Full Disk Access)."
                findings.append(Finding(f"source {source.id}", False, "closed to us", remedy))
            else:
                findings.append(Finding(f"source {source.id}", True, source.path))
    if not findings:
        remedy = "Run: personald source add PATH"
        findings.append(Finding("sources", None, "none is watched yet", remedy))
    return findings


def _base(settings: Settings) -> list[Finding]:
    from training.base import checked_config, locate

    folder = locate(settings.base.reference or None)
    config = checked_config(folder)
    if not settings.base.reference:
        from training.pocket import verify

        verify(folder)
    name = settings.base.reference or "the embedded pocket base"
    return [Finding("base model", True, f"{name} ({config.get('model_type', 'unknown kind')})")]


def _sync(home: Home, settings: Settings) -> list[Finding]:
    if not settings.sync.folder:
        return [Finding("sync folder", None, "none is set; adapters stay on this device")]
    from personald.assembly import Owner

    with Owner(home, settings) as owner:
        engine = owner.sync_engine()
        listing = engine.member.folder.listing()
        detail = f"{len(listing.names['o'])} objects"
        if listing.in_cloud:
            detail += f", {listing.in_cloud} not downloaded"
        if engine.enrolled:
            active = sum(device.active for device in engine.devices())
            detail += f", {active} devices"
    return [Finding("sync folder", True, detail)]


def _arithmetic() -> Finding:
    """How fast mlx can multiply here: Metal on a Mac, a good BLAS on Linux."""
    from training.blas import default_cache_folder, load_fast_blas

    status = load_fast_blas(default_cache_folder())
    return Finding("arithmetic", status.is_fast, status.source, status.remedy)
