"""Backup and restore: the whole home in one sealed file that opens with the recovery code on paper.

In the sealed stream come the keys (JSON), then each file: u16 length of its name ‖ name (UTF-8, relative, "/" between
folders) ‖ u64 size ‖ content; an empty name ends it. The database is copied by `VACUUM INTO`, so that it is whole and
holds nothing that was deleted; it is as sealed as the original. Nothing else of a home is taken but what `INCLUDED`
names.

A backup file is a copy that was meant to be kept: forgetting later does not reach it, and says so.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from keyring.backend import KeyringBackend

from personald.keys.derived import RECOVERY_ITEM, DeviceKeys, write_verified
from personald.keys.opening import new_key_place, write_key_place
from personald.keys.recovery import RecoveryCode
from personald.keys.stores import sync_folder
from personald.store import anchor as anchors
from personald.store import schema
from personald.store.errors import BackupDamaged, StoreExists, StoreFull, StoreUncertain
from personald.store.forgetting import Writing, note_backup
from personald.store.sealedfile import SealedReader, SealedWriter
from personald.store.vault import Vault

STORE_FILE = "store.db"
INCLUDED = ("config.toml", "adapters", "sync")
MAX_NAME_BYTES = 1024
MAX_KEYS_BYTES = 64 * 1024
_COPY_BYTES = 1024 * 1024
_NAME = struct.Struct(">H")
_SIZE = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup or a restore carried.

    Attributes:
        documents: versions of documents in the store.
        files: files besides the store.
        bytes: size of the backup file.
    """

    documents: int
    files: int
    bytes: int


def backup(
    home: Path, keys: DeviceKeys, file: Path, clock: Callable[[], float] = time.time
) -> BackupReport:
    """Write the home into one sealed file, whole or not at all.

    Args:
        home: the home's folder.
        keys: all keys of the device.
        file: where to; an existing file is replaced only when the new one is complete.
        clock: seconds since 1970.

    Raises:
        KeysMissing: no recovery code was ever made.
        StoreFull, StoreUncertain: the file could not be written.
        StoreError: the store cannot be read.
    """
    recipient = X25519PublicKey.from_public_bytes(keys.recovery_key())
    draft = file.with_name(file.name + ".new")
    copy = home / "cache" / "backup.db"
    copy.parent.mkdir(mode=0o700, exist_ok=True)
    copy.unlink(missing_ok=True)
    connection = schema.open_file(home / STORE_FILE)
    try:
        with schema.database_errors(home / STORE_FILE), _disk_errors(file):
            connection.execute("VACUUM INTO ?", (str(copy),))
            anchor = _anchor_of(copy, keys)
            names = sorted(_included(home))
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                with SealedWriter(out, recipient) as writer:
                    _write_block(writer, _keys_block(keys, anchor))
                    _write_file(writer, STORE_FILE, copy)
                    for name in names:
                        _write_file(writer, name, home / name)
                    writer.write(_NAME.pack(0))
                out.flush()
                os.fsync(out.fileno())
            draft.replace(file)
            sync_folder(file.parent)
            note_backup(Writing(home / STORE_FILE, connection, keys, clock))
        return BackupReport(anchor.versions, len(names), file.stat().st_size)
    finally:
        connection.close()
        copy.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def restore(
    file: Path,
    code: RecoveryCode,
    home: Path,
    *,
    key_file: Path | None = None,
    passphrase: Callable[[], str] | None = None,
    backend: KeyringBackend | None = None,
) -> BackupReport:
    """Bring a home back from a backup file. The home must not hold a store; nothing is put there before all is verified.

    Args:
        file: the backup.
        code: the recovery code.
        home: where to; it may exist without a store.
        key_file, passphrase, backend: where the keys go; see `personald.keys.create_keys`.

    Raises:
        RecoveryCodeWrong: the code is not this backup's.
        BackupDamaged: the file was changed, is cut off, or is no backup.
        StoreExists, KeysExist: the home is in use.
        StoreFull, StoreUncertain: the disk.
        Locked: the key store cannot be written.
    """
    if (home / STORE_FILE).exists():
        raise StoreExists(f"{home} holds a store", "Restore into another home.")
    place = new_key_place(home, key_file, closed=passphrase is not None)
    staging = home.with_name(home.name + ".restoring")
    with _disk_errors(home):
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700, parents=True)
    try:
        with _disk_errors(file), open(file, "rb") as source:
            reader = SealedReader(source, code.private_key)
            secrets = _read_keys(reader)
            names = list(_read_files(reader, staging))
            reader.finish()
        key_store = place.key_store(passphrase, backend)
        DeviceKeys.install(key_store, secrets.master)
        keys = DeviceKeys.open(key_store)
        keys.install_generation(secrets.store, secrets.generation, secrets.generation_secret)
        write_verified(key_store, RECOVERY_ITEM, code.public_bytes)
        anchor = _anchor_of(staging / STORE_FILE, keys)
        Vault.open(staging / STORE_FILE, keys).close()
        with _disk_errors(home):
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            for entry in sorted(staging.iterdir(), key=lambda path: path.name == STORE_FILE):
                _move(entry, home / entry.name)
            write_key_place(home, place)
        return BackupReport(anchor.versions, len(names) - 1, file.stat().st_size)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_backup(file: Path, code: RecoveryCode) -> int:
    """Read a backup through without restoring it; returns how many files are in it. Raises as `restore` does."""
    with _disk_errors(file), open(file, "rb") as source:
        reader = SealedReader(source, code.private_key)
        _read_keys(reader)
        number = sum(1 for _ in _read_files(reader, None))
        reader.finish()
    return number


# ---- the keys ----


@dataclass(frozen=True, slots=True, repr=False)
class _Secrets:
    master: bytes
    store: bytes
    generation: int
    generation_secret: bytes


def _keys_block(keys: DeviceKeys, anchor: anchors.Anchor) -> bytes:
    secret = keys.generation_secret(anchor.store, anchor.generation)
    return json.dumps(
        {
            "master": base64.b64encode(keys.master()).decode("ascii"),
            "store": anchor.store.hex(),
            "generation": anchor.generation,
            "generation_secret": base64.b64encode(secret).decode("ascii"),
        }
    ).encode("ascii")


def _read_keys(reader: SealedReader) -> _Secrets:
    (size,) = _SIZE.unpack(reader.read(_SIZE.size))
    if size > MAX_KEYS_BYTES:
        raise BackupDamaged("its keys cannot be understood", "Update personald.")
    try:
        parsed = json.loads(reader.read(size))
        return _Secrets(
            base64.b64decode(parsed["master"], validate=True),
            bytes.fromhex(parsed["store"]),
            int(parsed["generation"]),
            base64.b64decode(parsed["generation_secret"], validate=True),
        )
    except (ValueError, KeyError, TypeError):
        raise BackupDamaged("its keys cannot be understood", "Update personald.") from None


def _anchor_of(database: Path, keys: DeviceKeys) -> anchors.Anchor:
    connection = schema.open_file(database)
    try:
        return anchors.read(connection, keys.watcher.anchor_key)
    finally:
        connection.close()


# ---- files in the stream ----


def _included(home: Path) -> Iterator[str]:
    for name in INCLUDED:
        path = home / name
        files = path.rglob("*") if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not file.is_symlink():
                yield file.relative_to(home).as_posix()


def _write_block(writer: SealedWriter, content: bytes) -> None:
    writer.write(_SIZE.pack(len(content)))
    writer.write(content)


def _write_file(writer: SealedWriter, name: str, path: Path) -> None:
    encoded = name.encode()
    size = path.stat().st_size
    writer.write(_NAME.pack(len(encoded)) + encoded + _SIZE.pack(size))
    left = size
    with open(path, "rb") as source:
        while left:
            content = source.read(min(_COPY_BYTES, left))
            if not content:
                raise StoreUncertain(f"{path} became shorter while it was read", "Try again.")
            writer.write(content)
            left -= len(content)


def _read_files(reader: SealedReader, folder: Path | None) -> Iterator[str]:
    """Read every file of the stream into a folder, or only through it; yields their names."""
    while True:
        (length,) = _NAME.unpack(reader.read(_NAME.size))
        if not length:
            return
        name = _safe_name(reader.read(length))
        (left,) = _SIZE.unpack(reader.read(_SIZE.size))
        with contextlib.ExitStack() as stack:
            out = None
            if folder is not None:
                path = folder / name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                out = stack.enter_context(open(path, "xb", opener=_private))
            while left:
                content = reader.read(min(_COPY_BYTES, left))
                left -= len(content)
                if out is not None:
                    out.write(content)
            if out is not None:
                out.flush()
                os.fsync(out.fileno())
        yield name


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _safe_name(raw: bytes) -> str:
    """Return a name that can only lead to where a backup may write. Raises BackupDamaged."""
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BackupDamaged("a file in it has no proper name") from None
    path = PurePosixPath(name)
    inside = path.parts and path.parts[0] in (STORE_FILE, *INCLUDED)
    if not inside or ".." in path.parts or "\0" in name or len(raw) > MAX_NAME_BYTES:
        raise BackupDamaged(f"it would write a file called {name!r}")
    return path.as_posix()


def _move(entry: Path, target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        raise StoreExists(f"there is a {target} already", "Restore into another home.")
    entry.rename(target)


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreFull(f"there is no room for {path}", "Free some space.") from error
        raise StoreUncertain(
            f"{error.filename or path}: {error.strerror}", "Check the path and the disk."
        ) from error
