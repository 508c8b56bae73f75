"""How one value is sealed: AES-256-GCM with associated data that says whose value it is, HPKE for the inbox, padding.

Formats::

    field     nonce(12) ‖ AES-256-GCM ciphertext ‖ tag(16)
              associated data: "pd1" ‖ store(16) ‖ kind(1) ‖ the row's identity (fixed length for each kind)
    document  field under the version's own data key; identity: uid(16) ‖ version(u64); plaintext is padded
    page      up to 256 data keys of 32 bytes one after another; under the generation's key-encryption key as a
              field, or from the watcher by HPKE (RFC 9180, X25519, HKDF-SHA256, AES-256-GCM) with the same
              associated data as `info`
    padding   u64 length ‖ content ‖ zeros, up to a Padmé length (PURBs, arXiv:1806.03160, section 4)

Kinds are numbers, never reused. A nonce is 12 random bytes: a data key seals a handful of fields and the key of a
generation seals pages, far below the 2^32 invocations of NIST SP 800-38D, section 8.3.
"""

from __future__ import annotations

import enum
import hashlib
import os
import struct
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from personald.store.errors import DocumentDamaged

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
STORE_BYTES = 16
UID_BYTES = 16
TOKEN_BYTES = 16
DOMAIN_TOKEN_BYTES = 8
# Tokens that are only compared within one file, or with one other value: 2^-64 for a chance match is enough.
SHORT_TOKEN_BYTES = 8
PAGE_KEYS = 256

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_LENGTH = struct.Struct(">Q")
# What stands before the content in a padded value.
LENGTH_BYTES = _LENGTH.size
_IDENTITY = struct.Struct(">16sQ")
_PREFIX = b"pd1"


class Kind(enum.IntEnum):
    """What a sealed value is; the byte goes into the associated data, so that no value can stand for another."""

    HEAD = 1
    BODY = 2
    PAGE = 3
    INBOX_PAGE = 4
    SOURCE = 5
    FILE = 6
    FAILURE = 7
    SKIPPED = 8
    SHARD = 9
    BACKUP = 10
    NOTE = 11


def associated_data(store: bytes, kind: Kind, identity: bytes) -> bytes:
    """Say whose value it is: every part has a fixed length for its kind, so the whole cannot be read two ways."""
    return _PREFIX + store + bytes((kind,)) + identity


def document_identity(uid: bytes, version: int) -> bytes:
    """Return the identity of one version of one document."""
    return _IDENTITY.pack(uid, version)


def row_identity(number: int) -> bytes:
    """Return the identity of a row that has a number of its own."""
    return _LENGTH.pack(number)


def seal(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Seal one field."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Open one field.

    Raises:
        DocumentDamaged: it was changed, belongs elsewhere, or was sealed under another key.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
    except (InvalidTag, ValueError, OverflowError, TypeError):
        raise DocumentDamaged(
            "a sealed value does not open", "Run `personald doctor --deep`."
        ) from None


def seal_to(public_key: X25519PublicKey, plaintext: bytes, associated: bytes) -> bytes:
    """Seal to the trainer: whoever seals cannot open it again."""
    return _SUITE.encrypt(plaintext, public_key, info=associated)


def unseal_from(private_key: X25519PrivateKey, sealed: bytes, associated: bytes) -> bytes:
    """Open what `seal_to` made.

    Raises:
        DocumentDamaged: as `unseal` does.
    """
    try:
        return _SUITE.decrypt(sealed, private_key, info=associated)
    except (InvalidTag, ValueError, TypeError):
        raise DocumentDamaged(
            "a sealed page of keys does not open", "Run `personald doctor --deep`."
        ) from None


def _padding_mask(bits: int) -> int:
    """Return which bits of a length of so many bits must be zero in its Padmé length."""
    exponent = max(bits - 1, 0)
    return (1 << (exponent - exponent.bit_length())) - 1 if exponent else 0


_PADDING_MASKS = tuple(map(_padding_mask, range(65)))


def padded_length(length: int) -> int:
    """Return the Padmé length: at most 12 % more, and only the top O(log log length) bits of it vary."""
    return length + (-length & _PADDING_MASKS[length.bit_length()])


def pad(content: bytes) -> bytes:
    """Hide the exact length of content."""
    length = len(content)
    whole = LENGTH_BYTES + length
    return b"".join(
        (_LENGTH.pack(length), content, bytes(-whole & _PADDING_MASKS[whole.bit_length()]))
    )


def unpad(padded: bytes | memoryview) -> memoryview:
    """Return the content that `pad` was given.

    Raises:
        DocumentDamaged: the length does not fit; only a faulty writer can cause this, as the seal protects it.
    """
    if len(padded) < LENGTH_BYTES:
        raise DocumentDamaged("a sealed value is too short", "Run `personald doctor --deep`.")
    end = LENGTH_BYTES + _LENGTH.unpack_from(padded)[0]
    if end > len(padded):
        raise DocumentDamaged("a sealed value has a false length", "Run `personald doctor --deep`.")
    return memoryview(padded)[LENGTH_BYTES:end]


def token(key: bytes, kind: bytes, value: bytes, size: int = TOKEN_BYTES) -> bytes:
    """Return the look-up token of a value: keyed BLAKE2b (RFC 7693), told apart by kind (at most 16 bytes)."""
    return hashlib.blake2b(value, digest_size=size, key=key, person=kind).digest()


def tokens(key: bytes, kind: bytes, size: int = TOKEN_BYTES) -> Callable[[bytes], bytes]:
    """Return `token` for one key and kind, with the key taken in once: it is called several times for each file."""
    keyed = hashlib.blake2b(digest_size=size, key=key, person=kind)

    def make(value: bytes) -> bytes:
        state = keyed.copy()
        state.update(value)
        return state.digest()

    return make


def fingerprints(key: bytes, kind: bytes) -> Callable[[bytes, bytes, bytes], bytes]:
    """Return a function of (prefix, head, body) whose 16 bytes differ whenever one of the three does.

    A universal hash of the long parts, then a keyed hash of the short rest: a pseudo-random function as a whole
    (Wegman, Carter, "New hash functions and their use in authentication and set equality", JCSS 22, 1981). The
    universal hash is GHASH (NIST SP 800-38D, section 6.4), which AES-GCM computes ten times as fast as BLAKE2b reads:
    head and body go through it as plaintext and associated data under a fixed nonce, which hides nothing but keeps
    them apart, and only the tag is used. The tag is never written: a fixed nonce would give the hash key away.
    """
    cipher = AESGCM(token(key, kind, b"universal hash", KEY_BYTES))
    make = tokens(key, kind)
    nonce = bytes(NONCE_BYTES)

    def fingerprint(prefix: bytes, head: bytes, body: bytes) -> bytes:
        return make(prefix + cipher.encrypt(nonce, head, body)[-TAG_BYTES:])

    return fingerprint
