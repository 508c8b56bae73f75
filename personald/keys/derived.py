"""Every key of the device, derived from one 32-byte master by HKDF-SHA256 (RFC 5869) with distinct info strings.

Two secrets never derive from the master, because they must be able to die: the *generations*. A generation holds the
key-encryption key of the vault and the private key that opens the watcher's inbox. Forgetting makes generation n+1,
re-seals what stays, and deletes n from the key store; whatever an old copy of the database holds stays shut.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from personald.keys.errors import ForeignKeys, KeysExist, KeysMissing
from personald.keys.stores import KeyStore

KEY_BYTES = 32

MASTER_ITEM = "device"
WATCHER_ITEM = "watcher"
RECOVERY_ITEM = "recovery"
ANCHOR_ITEM = "anchor"
GENERATION_ITEM = "generation"

Randomness = Callable[[int], bytes]


def derive(secret: bytes, purpose: str) -> bytes:
    """Return the 32-byte key for one purpose: HKDF-SHA256 (RFC 5869), no salt, info "personald 1 " + purpose."""
    return HKDF(
        hashes.SHA256(), KEY_BYTES, salt=None, info=f"personald 1 {purpose}".encode()
    ).derive(secret)


@dataclass(frozen=True, slots=True, repr=False)
class WatcherKeys:
    """What the process that watches and stores may hold: enough to write and to know its own files, not to read.

    Attributes:
        watch_key: seals what the watcher may read back: source paths, file states, reasons of failure.
        token_key: keys the equality look-ups (tokens) of paths, contents and domains.
        anchor_key: keys the anchor that binds all rows together.
    """

    watch_key: bytes
    token_key: bytes
    anchor_key: bytes

    @classmethod
    def from_secret(cls, secret: bytes) -> WatcherKeys:
        """Derive the watcher's keys from its own 32-byte secret."""
        return cls(derive(secret, "watch"), derive(secret, "token"), derive(secret, "anchor"))

    @classmethod
    def open(cls, key_store: KeyStore) -> WatcherKeys:
        """Read the watcher's secret, and nothing else, from a key store.

        Raises:
            KeysMissing: there is none.
            Locked: the key store cannot be read at present.
        """
        return cls.from_secret(_required(key_store, WATCHER_ITEM))


@dataclass(frozen=True, slots=True, repr=False)
class Generation:
    """One life span of the vault's keys.

    Attributes:
        number: 1, 2, 3, …
        kek: seals the pages of data keys.
        index_key: seals the search index.
        private_key: opens the pages that the watcher sealed.
    """

    number: int
    kek: bytes
    index_key: bytes
    private_key: X25519PrivateKey

    @classmethod
    def from_secret(cls, number: int, secret: bytes) -> Generation:
        """Derive a generation's keys from its own random 32-byte secret."""
        return cls(
            number,
            derive(secret, "kek"),
            derive(secret, "index"),
            X25519PrivateKey.from_private_bytes(derive(secret, "inbox")),
        )

    @property
    def public_key(self) -> X25519PublicKey:
        """What the watcher seals to."""
        return self.private_key.public_key()


@dataclass(frozen=True, slots=True, repr=False)
class DeviceKeys:
    """All keys of the device: for the trainer, and for the owner's own commands.

    Attributes:
        watcher: the watcher's narrow set.
        adapter_key: seals the registry of adapters and the caches of training.
        identity_seed: seed of the device's identity towards its other devices.
        key_store: where the generations live.
    """

    watcher: WatcherKeys
    adapter_key: bytes
    identity_seed: bytes
    key_store: KeyStore = field(compare=False)

    @classmethod
    def create(cls, key_store: KeyStore, randomness: Randomness = os.urandom) -> DeviceKeys:
        """Make a device's master, store it once, read it back, and derive everything.

        Raises:
            KeysExist: the key store holds a master already.
        """
        if key_store.get(MASTER_ITEM) is not None:
            raise KeysExist(
                f"{key_store.place} already holds this device's keys",
                "Use `personald restore` to replace them, or another home.",
            )
        cls.install(key_store, randomness(KEY_BYTES))
        return cls.open(key_store)

    @classmethod
    def install(cls, key_store: KeyStore, master: bytes) -> None:
        """Write a master (a new one, or one from a backup) and the watcher's secret derived from it."""
        write_verified(key_store, MASTER_ITEM, master)
        write_verified(key_store, WATCHER_ITEM, derive(master, "watcher"))

    @classmethod
    def open(cls, key_store: KeyStore) -> DeviceKeys:
        """Read the master and derive everything.

        Raises:
            KeysMissing: there is none.
            Locked: the key store cannot be read at present.
        """
        master = _required(key_store, MASTER_ITEM)
        return cls(
            watcher=WatcherKeys.from_secret(derive(master, "watcher")),
            adapter_key=derive(master, "adapter"),
            identity_seed=derive(master, "identity"),
            key_store=key_store,
        )

    @property
    def watch_key(self) -> bytes:
        """See `WatcherKeys`."""
        return self.watcher.watch_key

    @property
    def token_key(self) -> bytes:
        """See `WatcherKeys`."""
        return self.watcher.token_key

    def generation(self, store: bytes, number: int) -> Generation:
        """Return generation `number` of the store with this 16-byte identity.

        Raises:
            ForeignKeys: the key store has no such generation: it was replaced, or the database is an old copy.
        """
        secret = self.key_store.get(_generation_item(store, number))
        if secret is None:
            raise ForeignKeys(
                f"{self.key_store.place} has no key of generation {number} for this store",
                "The database is an old copy or belongs to other keys; use `personald restore` or"
                " start a new home and let it read your sources again.",
            )
        return Generation.from_secret(number, secret)

    def new_generation(
        self, store: bytes, number: int, randomness: Randomness = os.urandom
    ) -> Generation:
        """Make generation `number`, write it and read it back. An unused one of that number is replaced."""
        secret = randomness(KEY_BYTES)
        write_verified(self.key_store, _generation_item(store, number), secret)
        return Generation.from_secret(number, secret)

    def generation_secret(self, store: bytes, number: int) -> bytes:
        """Return the bare secret of a generation, for a backup. Raises ForeignKeys as `generation` does."""
        self.generation(store, number)
        return _required(self.key_store, _generation_item(store, number))

    def install_generation(self, store: bytes, number: int, secret: bytes) -> None:
        """Write a generation's secret that came out of a backup."""
        write_verified(self.key_store, _generation_item(store, number), secret)

    def drop_generation(self, store: bytes, number: int) -> None:
        """Delete generation `number` for good; nothing sealed under it can be opened again."""
        self.key_store.delete(_generation_item(store, number))

    def master(self) -> bytes:
        """Return the bare master, for a backup."""
        return _required(self.key_store, MASTER_ITEM)

    def recovery_key(self) -> bytes:
        """Return the 32 bytes of the recovery code's public key. Raises KeysMissing when none was made."""
        return _required(self.key_store, RECOVERY_ITEM)


def write_verified(key_store: KeyStore, item: str, secret: bytes) -> None:
    """Write one item and read it back: a keychain that silently drops a secret must be caught before it is needed.

    Raises:
        KeysMissing: what comes back is not what was written.
    """
    key_store.set(item, secret)
    if key_store.get(item) != secret:
        raise KeysMissing(
            f"{key_store.place} did not keep what was written to it",
            "Check that the keychain is a real one: `personald doctor`.",
        )


def _required(key_store: KeyStore, item: str) -> bytes:
    secret = key_store.get(item)
    if secret is None:
        raise KeysMissing(
            f"{key_store.place} holds no key of personald for this home",
            "Put it back where it was, or use `personald restore FILE` with a backup; `personald init --home DIR` begins anew.",
        )
    if len(secret) != KEY_BYTES:
        raise ForeignKeys(
            f"what {key_store.place} holds is {len(secret)} bytes long, not {KEY_BYTES}",
            "Something else wrote it; use `personald restore FILE`.",
        )
    return secret


def _generation_item(store: bytes, number: int) -> str:
    return f"{GENERATION_ITEM}.{store.hex()[:12]}.{number}"
