"""What the home holds, and what it needs: keys, store, base model, sync folder."""

from __future__ import annotations

import os

from personald.config import Home, Settings
from personald.doctor.finding import Finding


def keys(home: Home) -> list[Finding]:
    """Whether the keys can be had, and by this very interpreter without a question."""
    from personald.assembly import ask_passphrase
    from personald.keys import interpreter_changed, open_keys

    opened = open_keys(home.path, passphrase=ask_passphrase)
    findings = [Finding("keys", True, f"in {opened.key_store.place}")]
    changed = interpreter_changed(home.path)
    if changed:
        findings.append(Finding("interpreter", None, changed))
    return findings


def store(home: Home, settings: Settings, deep: bool) -> list[Finding]:
    """Whether the store is sound.

    Args:
        home: which home.
        settings: its settings.
        deep: verify every row.
    """
    from personald.assembly import Owner

    with Owner(home, settings) as owner:
        counts = owner.store().counts()
        detail = f"{counts.total} documents, {counts.failed} files could not be read"
        if counts.quarantined:
            detail += f", {counts.quarantined} are damaged and set aside"
        damages = list(owner.vault().verify(deep=deep))
        if deep and not damages:
            detail += ", every row is as it was written"
        remedy = "Run `personald doctor --mend`: they are read again from their sources."
        findings = [Finding("store", counts.quarantined == 0, detail, remedy)]
        for damage in damages:
            name = f"store: {damage.name}" if damage.name else "store"
            findings.append(Finding(name, False, damage.detail, damage.remedy))
    return findings


def base(settings: Settings) -> list[Finding]:
    """Whether the base model is there and whole."""
    from training.base import checked_config, locate

    folder = locate(settings.base.reference or None)
    config = checked_config(folder)
    if not settings.base.reference:
        from training.pocket import verify

        verify(folder)
    name = settings.base.reference or "the embedded pocket base"
    return [Finding("base model", True, f"{name} ({config.get('model_type', 'unknown kind')})")]


def sync(home: Home, settings: Settings) -> list[Finding]:
    """Whether the shared folder is there and can be written, and what lies in it is whole."""
    if not settings.sync.folder:
        return [Finding("sync folder", None, "none is set; adapters stay on this device")]
    from personald.assembly import Owner

    with Owner(home, settings) as owner:
        engine = owner.sync_engine()
        listing = engine.member.folder.listing()
        if not os.access(settings.sync.folder, os.W_OK):
            remedy = "Adapters of others arrive, ours do not leave: make it writable."
            return [Finding("sync folder", False, "it cannot be written", remedy)]
        detail = f"{len(listing.names['o'])} objects"
        folder = engine.member.folder
        damaged = sum(folder.read("o", name) is None for name in listing.names["o"])
        if damaged:
            remedy = "Run personald sync now on the devices that made them; they write them anew."
            return [Finding("sync folder", False, f"{damaged} of {detail} are damaged", remedy)]
        if listing.in_cloud:
            detail += f", {listing.in_cloud} not downloaded"
        if engine.enrolled:
            active = sum(device.active for device in engine.devices())
            detail += f", {active} devices"
    return [Finding("sync folder", True, detail)]
