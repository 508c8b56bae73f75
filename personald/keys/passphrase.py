"""A secret closed with a passphrase: Argon2id (RFC 9106) makes the key, AES-256-GCM closes the content.

Layout, in bytes::

    0   8  "PDPASS" 0x01 0x00         mark and version
    8   4  u32 memory in KiB          parameters of Argon2id, so that they may grow later
    12  4  u32 iterations
    16  4  u32 lanes
    20 16  salt
    36 12  nonce
    48  …  AES-256-GCM of the content, bytes 0..48 as associated data
"""

from __future__ import annotations

import functools
import os
import struct
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from personald.keys.errors import KeyFileDamaged, PassphraseWrong

MARK = b"PDPASS\x01\x00"
HEADER = struct.Struct(">8sIII16s12s")

SALT_BYTES = 16
# RFC 9106, section 4: the second recommended option, for machines where 2 GiB is too much.
MEMORY_KIB = 64 * 1024
ITERATIONS = 3
LANES = 4
# What a file may ask of us at most: a hostile file must not take all memory.
MAX_MEMORY_KIB = 1024 * 1024
MAX_ITERATIONS = 64
MAX_LANES = 64


def is_closed(content: bytes) -> bool:
    """True when this is content that a passphrase closes."""
    return content.startswith(MARK[:6])


def salt_of(closed: bytes) -> bytes:
    """Return the salt of closed content, b"" of anything else."""
    if not is_closed(closed) or len(closed) < HEADER.size:
        return b""
    return bytes(HEADER.unpack_from(closed)[4])


def close_with_passphrase(content: bytes, passphrase: str, salt: bytes = b"") -> bytes:
    """Close content with a passphrase.

    Args:
        content: what to close.
        passphrase: as it was typed.
        salt: of the file that this replaces, so that the key need not be derived again; b"" for a fresh one.
    """
    salt = salt or os.urandom(SALT_BYTES)
    header = HEADER.pack(MARK, MEMORY_KIB, ITERATIONS, LANES, salt, os.urandom(12))
    return header + _cipher(header, passphrase).encrypt(header[-12:], content, header)


def open_with_passphrase(closed: bytes, passphrase: str) -> bytes:
    """Open what `close_with_passphrase` made.

    Raises:
        KeyFileDamaged: it is cut off, of another version, or asks for absurd parameters.
        PassphraseWrong: the passphrase does not fit, or the content was changed.
    """
    header = closed[: HEADER.size]
    if len(closed) < HEADER.size + 16:
        raise KeyFileDamaged("it ends too early", "Put a whole copy back.")
    mark, memory, iterations, lanes, _salt, nonce = HEADER.unpack(header)
    if mark != MARK:
        raise KeyFileDamaged("it was made by a newer personald", "Update personald.")
    if not (
        8 * lanes <= memory <= MAX_MEMORY_KIB
        and 1 <= iterations <= MAX_ITERATIONS
        and 1 <= lanes <= MAX_LANES
    ):
        raise KeyFileDamaged("its parameters are absurd", "Put an unchanged copy back.")
    try:
        return _cipher(header, passphrase).decrypt(nonce, closed[HEADER.size :], header)
    except InvalidTag:
        raise PassphraseWrong("it does not open the file", "Try again.") from None


def _cipher(header: bytes, passphrase: str) -> AESGCM:
    _mark, memory, iterations, lanes, salt, _nonce = HEADER.unpack(header)
    # NFKC, so that the same words typed on another keyboard give the same key.
    secret = unicodedata.normalize("NFKC", passphrase).encode()
    return AESGCM(_derive(secret, memory, iterations, lanes, salt))


@functools.lru_cache(maxsize=2)
def _derive(secret: bytes, memory: int, iterations: int, lanes: int, salt: bytes) -> bytes:
    """Return the key; kept, because each of the items in a key file is read on its own."""
    return Argon2id(
        salt=salt, length=32, iterations=iterations, lanes=lanes, memory_cost=memory
    ).derive(secret)
