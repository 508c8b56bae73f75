"""What this device remembers of the shared folder, so that nothing goes backwards: one sealed file, replaced as a whole."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.errors import SyncError

VERSION = 1
NONCE_BYTES = 12
_CONTEXT = b"pd1 sync state"


class StateDamaged(SyncError):
    """The device's own memory of the shared folder cannot be read."""

    title = "This device's sync memory is damaged"


@dataclass(slots=True)
class Head:
    """The newest manifest accepted of another device: its number, the hash of its plaintext, its entries and name."""

    sequence: int
    digest: str
    device_name: str
    accepted_at: int
    entries: dict[str, dict[str, Any]]


@dataclass(slots=True)
class OwnBlob:
    """What this device offers under a name: see `manifest.Entry`, with the recipients it was sealed for."""

    lamport: int
    object_name: str
    payload_hash: str
    size: int
    meta: str
    recipients: str


@dataclass(slots=True)
class PendingPairing:
    """A pairing that is under way; `role` is "host" or "guest"."""

    role: str
    secret: str
    vault: str
    expires_at: int
    confirmed: bool = False
    digits: str = ""


@dataclass(slots=True)
class State:
    """Mutable by intent: the engine changes it and saves it as a whole.

    Attributes:
        vault: the group; "" before this device belongs to one.
        statements: who belongs, as far as it was ever said and verified here: roster frames by their names. The folder
            cannot take a statement back, least of all a revocation.
        sequence, previous: number and hash of this device's newest manifest.
        published_at: when that was, seconds since 1970.
        published: fingerprint of what it said, so that an unchanged state is not said again.
        own: name → what this device offers.
        retired: own object → when it fell out of use, seconds since 1970.
        heads: device → newest accepted manifest.
        installed: name → [lamport, device] last handed to the caller and installed.
        frozen: device → why it is no longer listened to.
        pairing: what is under way.
    """

    vault: str = ""
    statements: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    previous: str = ""
    published_at: int = 0
    published: str = ""
    own: dict[str, OwnBlob] = field(default_factory=dict)
    retired: dict[str, int] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    installed: dict[str, tuple[int, str]] = field(default_factory=dict)
    frozen: dict[str, str] = field(default_factory=dict)
    pairing: PendingPairing | None = None


class StateFile:
    """Loads and saves the state.

    Args:
        path: the file; its folder is made on demand.
        key: 32 bytes; the file holds device names and numbers, sealed with AES-256-GCM.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._cipher = AESGCM(key)

    def load(self) -> State:
        """The state last saved; a fresh one when there is none.

        Raises:
            StateDamaged: there is one that does not open with this key.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return State()
        try:
            plain = self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _CONTEXT)
            return _from_plain(json.loads(plain))
        except (InvalidTag, ValueError, KeyError, TypeError) as error:
            raise StateDamaged(
                f"{self._path} does not open with this device's key.",
                "Delete it and pair this device again.",
            ) from error

    def save(self, state: State) -> None:
        """Replace the file, durably: after a crash either the old or the new state is there."""
        plain = json.dumps({"version": VERSION, **asdict(state)}).encode()
        nonce = os.urandom(NONCE_BYTES)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(nonce + self._cipher.encrypt(nonce, plain, _CONTEXT))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _from_plain(value: dict[str, Any]) -> State:
    if value.pop("version") != VERSION:
        raise ValueError("another version")
    pairing = value.pop("pairing")
    return State(
        **{
            **value,
            "own": {name: OwnBlob(**item) for name, item in value["own"].items()},
            "heads": {device: Head(**item) for device, item in value["heads"].items()},
            "installed": {name: (pair[0], pair[1]) for name, pair in value["installed"].items()},
        },
        pairing=PendingPairing(**pairing) if pairing else None,
    )
