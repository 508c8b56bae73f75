"""Where the rooms are wired together: a home becomes keys, store, vault, registry, base model and sync engine.

`Watcher` is what the daemon may hold: it can seal documents and cannot read them back. `Owner` is what the trainer
child and the commands hold that their owner runs: everything, opened when it is first asked for, closed at the end.
"""

from __future__ import annotations

import getpass
import hashlib
import platform
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from personald.config import Home, Settings
from personald.errors import UsageError
from personald.keys import DeviceKeys, open_keys, open_watcher_keys
from personald.sensitive import detect
from personald.store import Store, Vault

if TYPE_CHECKING:
    from sync.engine import Engine
    from training.base import Base
    from training.registry import Registry


def ask_passphrase() -> str:
    """Ask on the terminal for the passphrase of a closed key file.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise UsageError("The key file is closed with a passphrase.", "Run this on a terminal.")
    return getpass.getpass("Passphrase of the key file: ")


def open_watcher_store(home: Home, settings: Settings) -> Store:
    """The store as the daemon opens it: it seals what it is given and cannot read it back.

    Raises:
        Locked, StoreMissing, StoreDamaged, …: see `personald.keys` and `personald.store.errors`.
    """
    _ = settings
    keys = open_watcher_keys(home.path, passphrase=ask_passphrase)
    return Store.open(home.store, keys, detect=detect)


class Owner:
    """Everything of one home, for its owner; use it as a context manager.

    Args:
        home: which home.
        settings: its settings.
        clock: seconds since 1970.
        passphrase: asks for the passphrase of a closed key file.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        passphrase: Callable[[], str] = ask_passphrase,
    ) -> None:
        self.home = home
        self.settings = settings
        self.clock = clock
        self._passphrase = passphrase
        self._open = ExitStack()
        self._keys: DeviceKeys | None = None
        self._store: Store | None = None
        self._vault: Vault | None = None
        self._registry: Registry | None = None
        self._base: Base | None = None
        self._engine: Engine | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def keys(self) -> DeviceKeys:
        """The device's keys; raises `Locked` when they cannot be had."""
        if self._keys is None:
            self._keys = open_keys(self.home.path, passphrase=self._passphrase)
        return self._keys

    def store(self) -> Store:
        """The writing side of the store."""
        if self._store is None:
            self._store = self._open.enter_context(
                Store.open(self.home.store, self.keys(), detect=detect)
            )
        return self._store

    def vault(self) -> Vault:
        """The reading side of the store."""
        if self._vault is None:
            self._vault = self._open.enter_context(Vault.open(self.home.store, self.keys()))
            self._finish_forgetting()
        return self._vault

    def registry(self) -> Registry:
        """The adapter versions of this device; imports mlx."""
        if self._registry is None:
            from training.registry import Registry

            self._registry = Registry(self.home.adapters, self.keys().adapter_key)
            self._finish_forgetting()
        return self._registry

    def _finish_forgetting(self) -> None:
        """Do what a killed `personald forget` left undone, before anything of this home is read."""
        if self.home.forgetting_intent.exists():
            from personald.forgetting.carrying_out import resume

            resume(self)

    def base(self) -> Base:
        """The base model that the settings name, loaded once; imports mlx."""
        if self._base is None:
            from training.base import load_base

            self._base = load_base(self.settings.base.reference or None)
        return self._base

    def sync_engine(self) -> Engine:
        """This device's view of the shared folder.

        Raises:
            UsageError: no folder is set.
        """
        if self._engine is None:
            self._engine = open_sync_engine(
                self.home, self.settings, self.keys().identity_seed, self.clock
            )
        return self._engine


def open_sync_engine(
    home: Home, settings: Settings, seed: bytes, clock: Callable[[], float]
) -> Engine:
    """The sync engine of a home.

    Args:
        home: which home.
        settings: names the folder and this device.
        seed: 32 secret bytes that the device's sync keys follow from.
        clock: seconds since 1970.

    Raises:
        UsageError: no folder is set.
    """
    from pathlib import Path

    from sync.engine import Engine
    from sync.folder import SyncFolder
    from sync.identity import Identity
    from sync.member import Member
    from sync.state import StateFile

    if not settings.sync.folder:
        raise UsageError(
            "No sync folder is set.", "Name one: personald init --sync-folder, or [sync] folder."
        )
    state_key = hashlib.sha256(b"personald sync state" + seed).digest()
    member = Member(
        SyncFolder(Path(settings.sync.folder), home.sync / "staging"),
        Identity.from_seed(seed),
        StateFile(home.sync / "state", state_key),
        clock,
        settings.sync.name or platform.node() or "unnamed",
    )
    return Engine(member)
