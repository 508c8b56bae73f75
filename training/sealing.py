"""Everything this room leaves on a disk is sealed: AES-256-GCM under a key of the caller's, written whole or not at all.

A sealed file is `PDS1`, a random 96-bit nonce, and the ciphertext with its 128-bit tag (NIST SP 800-38D). What the
bytes are for goes in as associated data, so that a file put in another's place does not open. Each purpose has a
key of its own, derived by HKDF-SHA-256 (RFC 5869) from the one passed in.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from personald.errors import PersonaldError

MAGIC = b"PDS1"
NONCE_BYTES = 12
KEY_BYTES = 32


class SealBroken(PersonaldError):
    """A sealed file is damaged, is another file, or belongs to another key."""

    title = "A sealed file does not open"


def derive(key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose.

    Raises:
        ValueError: `key` is not 32 bytes.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return HKDF(
        SHA256(), KEY_BYTES, salt=None, info=f"personald training {purpose}".encode()
    ).derive(key)


def seal(key: bytes, purpose: str, plain: bytes) -> bytes:
    """`plain`, encrypted; `purpose` must be given again to open it."""
    nonce = os.urandom(NONCE_BYTES)
    return MAGIC + nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())


def open_sealed(key: bytes, purpose: str, sealed: bytes) -> bytes:
    """What `seal` was given.

    Raises:
        SealBroken: the bytes were altered, or key or purpose differ.
    """
    start = len(MAGIC) + NONCE_BYTES
    try:
        if sealed[: len(MAGIC)] != MAGIC:
            raise InvalidTag
        return AESGCM(key).decrypt(sealed[len(MAGIC) : start], sealed[start:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(
            f"the sealed data for {purpose!r} is damaged or belongs to another key"
        ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that, whatever happens, either the old or the new content is there; readable by its owner only.

    Raises:
        OSError: the disk is full or the folder cannot be written; the old content is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
