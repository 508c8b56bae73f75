"""Which key store a home uses: decided once at `init`, written beside the keys' place, never changed silently.

`<home>/keys.json` holds no secret: the kind of key store, its account or path, and which interpreter was allowed to
read it. A home whose file says "keychain" never looks for a key file, and the other way round.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from personald.keys.derived import RECOVERY_ITEM, DeviceKeys, WatcherKeys, write_verified
from personald.keys.errors import KeyFileDamaged, KeysExist, KeysMissing
from personald.keys.recovery import RecoveryCode
from personald.keys.stores import KeychainKeyStore, KeyFileStore, KeyStore, sync_folder

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PLACE_FILE = "keys.json"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a home's keys are.

    Attributes:
        kind: "keychain", "file" or "passphrase" (a file closed with one).
        account: the keychain account's prefix; "" for files.
        path: the key file; "" for the keychain.
        interpreter: real path of the interpreter that made the keys.
    """

    kind: str
    account: str
    path: str
    interpreter: str

    def key_store(
        self,
        passphrase: Callable[[], str] | None = None,
        backend: KeyringBackend | None = None,
    ) -> KeyStore:
        """Return the key store, ready for use.

        Raises:
            Locked: there is no keychain, or the kind is unknown to this version.
        """
        if self.kind == "keychain":
            return KeychainKeyStore(self.account, backend)
        if self.kind == "file":
            return KeyFileStore(Path(self.path))
        if self.kind == "passphrase":
            if passphrase is None:
                raise KeysMissing(
                    f"the key file {self.path} is closed with a passphrase",
                    "Run this command where you can be asked for it.",
                )
            return KeyFileStore(Path(self.path), passphrase)
        raise KeyFileDamaged(
            f"{PLACE_FILE} names an unknown kind of key store, {self.kind!r}", "Update personald."
        )


def create_keys(
    home: Path,
    *,
    key_file: Path | None = None,
    passphrase: Callable[[], str] | None = None,
    backend: KeyringBackend | None = None,
) -> tuple[DeviceKeys, RecoveryCode]:
    """Make the keys of a new home and its recovery code.

    Args:
        home: the home's folder; it must exist.
        key_file: keep the keys in this file; None for the keychain.
        passphrase: close the key file with what this returns; it is asked again at every opening.
        backend: a keyring backend; None for the system's.

    Returns:
        All keys, and the recovery code, to be shown once; only its public half is kept.

    Raises:
        KeysExist: the home has keys.
        Locked: the place cannot be used.
    """
    place = new_key_place(home, key_file, closed=passphrase is not None)
    key_store = place.key_store(passphrase, backend)
    keys = DeviceKeys.create(key_store)
    code = RecoveryCode.generate()
    write_verified(key_store, RECOVERY_ITEM, code.public_bytes)
    write_key_place(home, place)
    return keys, code


def new_key_place(home: Path, key_file: Path | None, *, closed: bool) -> KeyPlace:
    """Choose the place for a new home's keys; nothing is written yet.

    Args:
        home: the home's folder.
        key_file: keep the keys in this file; None for the keychain.
        closed: whether the file is closed with a passphrase.

    Raises:
        KeysExist: the home has keys.
    """
    if (home / PLACE_FILE).exists():
        raise KeysExist(f"{home} has keys already", "Use another home.")
    return KeyPlace(
        kind="keychain" if key_file is None else "passphrase" if closed else "file",
        account=secrets.token_hex(6) if key_file is None else "",
        path="" if key_file is None else str(key_file.absolute()),
        interpreter=os.path.realpath(sys.executable),
    )


def open_keys(
    home: Path,
    *,
    passphrase: Callable[[], str] | None = None,
    backend: KeyringBackend | None = None,
) -> DeviceKeys:
    """Open all keys of a home: for the trainer and for commands that the owner runs.

    Raises:
        KeysMissing, ForeignKeys, KeychainLocked, KeychainDenied, KeychainAbsent, KeyFileDamaged, KeyFileExposed,
        PassphraseWrong: each with its own line and remedy; all exit with code 5.
    """
    return DeviceKeys.open(read_key_place(home).key_store(passphrase, backend))


def open_watcher_keys(
    home: Path,
    *,
    passphrase: Callable[[], str] | None = None,
    backend: KeyringBackend | None = None,
) -> WatcherKeys:
    """Open only what the watching process needs. Raises as `open_keys` does."""
    return WatcherKeys.open(read_key_place(home).key_store(passphrase, backend))


def read_key_place(home: Path) -> KeyPlace:
    """Read `<home>/keys.json`.

    Raises:
        KeysMissing: the home was never initialised.
        KeyFileDamaged: the file cannot be understood.
    """
    path = home / PLACE_FILE
    try:
        parsed = json.loads(path.read_bytes())
        return KeyPlace(
            str(parsed["kind"]),
            str(parsed["account"]),
            str(parsed["path"]),
            str(parsed["interpreter"]),
        )
    except OSError:
        raise KeysMissing(f"{home} was never initialised", "Run `personald init`.") from None
    except (ValueError, KeyError, TypeError):
        raise KeyFileDamaged(
            f"{path} cannot be understood", "Use `personald restore FILE`."
        ) from None


def write_key_place(home: Path, place: KeyPlace) -> None:
    """Write `<home>/keys.json`, whole or not at all."""
    temporary = home / (PLACE_FILE + ".new")
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(
            {
                "kind": place.kind,
                "account": place.account,
                "path": place.path,
                "interpreter": place.interpreter,
            },
            file,
            indent=1,
        )
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(home / PLACE_FILE)
    sync_folder(home)


def interpreter_changed(home: Path) -> str | None:
    """Say in one line when another interpreter than the one of `init` is running, else None.

    The macOS keychain ties an item's access list to the program that made it; after an update of Python or a move of
    the environment it asks again, or refuses where nobody can be asked. Raises as `read_key_place` does.
    """
    place = read_key_place(home)
    running = os.path.realpath(sys.executable)
    if place.kind != "keychain" or place.interpreter == running:
        return None
    return (
        f"the keys were made by {place.interpreter}, and this is {running}: the keychain may ask once more;"
        " answer “Always Allow”"
    )
