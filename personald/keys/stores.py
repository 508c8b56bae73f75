"""Where secrets lie: the system keychain, a file that the person asked for, or memory.

A key store maps item names to bytes. It knows nothing of what the items mean. There is no fall-back from one kind
to another: a machine without a keychain is an error with a remedy, never a secret in the clear.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from personald.keys.errors import (
    KeychainAbsent,
    KeychainDenied,
    KeychainLocked,
    KeyFileDamaged,
    KeyFileExposed,
    KeysMissing,
)
from personald.keys.passphrase import (
    close_with_passphrase,
    is_closed,
    open_with_passphrase,
    salt_of,
)

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "personald"
FILE_MARK = "personald keys 1"
PRIVATE_MODE = 0o600

# Security framework statuses as keyring prints them (Security/SecBase.h): errSecInteractionNotAllowed,
# errSecAuthFailed, errSecUserCanceled.
LOCKED_STATUSES = ("-25308",)
DENIED_STATUSES = ("-25293", "-67030")


class KeyStore(Protocol):
    """A place that keeps named secrets."""

    @property
    def place(self) -> str:
        """What to call it in a message: "the keychain", "the key file /…"."""
        ...

    def get(self, name: str) -> bytes | None:
        """Return the secret of that name, None when there is none; raise `Locked` when it cannot be known."""
        ...

    def set(self, name: str, secret: bytes) -> None:
        """Keep a secret under that name."""
        ...

    def delete(self, name: str) -> None:
        """Forget the secret of that name; no matter if there is none."""
        ...


class MemoryKeyStore:
    """Secrets in memory, for tests and for a restore that has not been accepted yet."""

    place = "the keys in memory"

    def __init__(self) -> None:
        self.items: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        """See `KeyStore`."""
        return self.items.get(name)

    def set(self, name: str, secret: bytes) -> None:
        """See `KeyStore`."""
        self.items[name] = secret

    def delete(self, name: str) -> None:
        """See `KeyStore`."""
        self.items.pop(name, None)


class KeychainKeyStore:
    """Secrets in the system's keychain, through keyring: one generic password for each item.

    Args:
        account: the home's own prefix, so that two homes on one machine do not share keys.
        backend: a keyring backend; None for the one that keyring chooses on this machine.

    The macOS backend of keyring 25.7 replaces an item by deleting and adding it, so that a crash between the two
    loses it; no item of personald's is ever replaced by another value for that reason.
    """

    place = "the keychain"

    def __init__(self, account: str, backend: KeyringBackend | None = None) -> None:
        # Imported where there is a keychain: it takes 5 MB of a daemon that keeps its keys in a file.
        import keyring

        self.account = account
        self._backend = backend if backend is not None else keyring.get_keyring()
        if type(self._backend).__module__ in ("keyring.backends.null", "keyring.backends.fail"):
            raise _absent()

    def get(self, name: str) -> bytes | None:
        """See `KeyStore`. Raises KeychainLocked, KeychainDenied or KeychainAbsent."""
        with _keychain_errors():
            text: str | None = self._backend.get_password(SERVICE, self._item(name))
        if text is None:
            return None
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return text.encode()

    def set(self, name: str, secret: bytes) -> None:
        """See `KeyStore`. Raises as `get` does."""
        with _keychain_errors():
            self._backend.set_password(
                SERVICE, self._item(name), base64.b64encode(secret).decode("ascii")
            )

    def delete(self, name: str) -> None:
        """See `KeyStore`. Raises as `get` does."""
        if self.get(name) is None:
            return
        with _keychain_errors():
            self._backend.delete_password(SERVICE, self._item(name))

    def _item(self, name: str) -> str:
        return f"{self.account}/{name}"


@contextlib.contextmanager
def _keychain_errors() -> Iterator[None]:
    """Turn keyring's errors into one clear line each."""
    import keyring.errors

    try:
        yield
    except keyring.errors.NoKeyringError:
        raise _absent() from None
    except keyring.errors.KeyringLocked:
        # keyring raises this for errSecUserCanceled (-128) too: the person closed the question.
        raise KeychainLocked(
            "it is locked, or the question was closed", "Unlock it and try again."
        ) from None
    except keyring.errors.KeyringError as error:
        message = str(error)
        if any(status in message for status in LOCKED_STATUSES):
            raise KeychainLocked(
                "nobody is there to be asked (no screen session)",
                "Log in at the screen, or run `security unlock-keychain` first.",
            ) from None
        if any(status in message for status in DENIED_STATUSES):
            raise KeychainDenied(
                "it does not let this interpreter read personald's key",
                "The interpreter may have been updated: run `personald doctor`.",
            ) from None
        raise KeychainLocked(message or "it gave no reason", "Run `personald doctor`.") from None


def _absent() -> KeychainAbsent:
    return KeychainAbsent(
        "this machine has no keychain that keyring knows",
        "Start its service, or log in at the screen; a new home can keep its keys in a file of yours:"
        " `personald init --key-file FILE`.",
    )


class KeyFileStore:
    """Secrets in one JSON file with mode 600, written whole and atomically.

    Args:
        path: the file; its folder must exist.
        passphrase: asked for when the file is closed with one, and when it is made; None for an open file.

    An old value may survive in the file system's free blocks and snapshots; a keychain, or a passphrase, is better.
    """

    def __init__(self, path: Path, passphrase: Callable[[], str] | None = None) -> None:
        self.path = path
        self._passphrase = passphrase
        self._salt = b""

    @property
    def place(self) -> str:
        """See `KeyStore`."""
        return f"the key file {self.path}"

    def get(self, name: str) -> bytes | None:
        """See `KeyStore`. Raises KeyFileDamaged, KeyFileExposed, PassphraseWrong or KeysMissing."""
        return self._read().get(name)

    def set(self, name: str, secret: bytes) -> None:
        """See `KeyStore`. Raises as `get` does."""
        with self._alone():
            items = self._read() if self.path.exists() else {}
            self._write({**items, name: secret})

    def delete(self, name: str) -> None:
        """See `KeyStore`. Raises as `get` does."""
        with self._alone():
            items = self._read()
            if items.pop(name, None) is not None:
                self._write(items)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a lock beside the file, so that two processes do not lose each other's item."""
        try:
            lock = os.open(
                self.path.with_name(self.path.name + ".lock"),
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
                PRIVATE_MODE,
            )
        except OSError as error:
            raise _unusable(self.path, error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, bytes]:
        try:
            with open(self.path, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unusable(self.path, error) from None
        if stat.S_IMODE(mode) & 0o077:
            raise KeyFileExposed(
                f"others on this machine may read {self.path} (mode {stat.S_IMODE(mode):o})",
                f"Run `chmod 600 {self.path}`; if others did read it, start a new home.",
            )
        try:
            if is_closed(content):
                self._salt = salt_of(content)
                content = open_with_passphrase(content, self._ask())
            parsed = json.loads(content)
            if parsed["format"] != FILE_MARK:
                raise ValueError("another format")
            return {
                str(name): base64.b64decode(value, validate=True)
                for name, value in parsed["items"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeyFileDamaged(
                f"{self.path} is not a key file of personald",
                "Put the right file back, or use `personald restore FILE`.",
            ) from None

    def _write(self, items: dict[str, bytes]) -> None:
        content = json.dumps(
            {
                "format": FILE_MARK,
                "items": {
                    name: base64.b64encode(value).decode("ascii") for name, value in items.items()
                },
            },
            indent=1,
        ).encode()
        if self._passphrase is not None:
            content = close_with_passphrase(content, self._passphrase(), self._salt)
        temporary = self.path.with_name(self.path.name + ".new")
        try:
            with open(
                os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_MODE), "wb"
            ) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise _unusable(self.path, error) from None

    def _ask(self) -> str:
        if self._passphrase is None:
            raise KeysMissing(
                f"{self.path} is closed with a passphrase",
                "Run this where you can be asked for it.",
            )
        return self._passphrase()


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder last through a loss of power (fsync(2) on the directory)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> KeysMissing:
    return KeysMissing(
        f"the key file {path} cannot be used: {error.strerror or error}",
        "Check the folder, its permissions and the space left on the disk.",
    )
