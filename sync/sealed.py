"""Objects: bytes sealed for several devices, in chunks, under a name that is the hash of the whole file.

Layout (all numbers big-endian)::

    0   8  "PDOB" 01 kind suite 00
    8   4  chunk size
    12  2  number of recipients n, 1..64
    14 32  salt
    46 32  commitment = HKDF(file key, salt, "pd1 commit")
    78  n × (16 + 80)  device id ‖ HPKE(file key), info = lp("pd1 wrap", vault, device id, salt)
    ..  32  HMAC-SHA-256(HKDF(file key, salt, "pd1 header"), all bytes before)
    ..      chunks: ChaCha20-Poly1305, key = HKDF(file key, salt, "pd1 payload"),
            nonce = 88-bit counter ‖ (01 for the last chunk | 00)

The payload is padded (`framing.pad`) before it is cut into chunks. The chunk construction is STREAM as the age format
uses it (C2SP age.md); the commitment makes the file key the only one that opens the file, although ChaCha20-Poly1305
alone is not key-committing (C2SP chunked-encryption).
"""

from __future__ import annotations

import enum
import hmac
import struct
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sync.errors import NotForThisDevice, Rejected
from sync.framing import length_prefixed, pad, unpad
from sync.identity import DEVICE_ID_BYTES, Identity, PublicIdentity, derive, receiving_key

MAGIC = b"PDOB\x01"
SUITE_X25519 = 1
CHUNK_BYTES = 65536
MAX_RECIPIENTS = 64
TAG_BYTES = 16
WRAPPED_BYTES = 80
FIXED_HEADER_BYTES = 78
MAC_BYTES = 32

_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class Kind(enum.IntEnum):
    """What an object holds."""

    BLOB = 1
    MANIFEST = 2


def seal(
    data: bytes,
    kind: Kind,
    vault: bytes,
    recipients: Sequence[PublicIdentity],
    random: bytes,
) -> bytes:
    """Seal `data` for `recipients`.

    Args:
        data: the payload, any size.
        kind: bound into the header.
        vault: the 16 bytes that name this group of devices; an object of another group does not open.
        recipients: 1..64 devices, no device twice.
        random: 64 fresh random bytes: the file key and the salt.

    Returns:
        The bytes of the object's file.
    """
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise ValueError("an object has 1 to 64 recipients")
    file_key, salt = random[:32], random[32:64]
    header = MAGIC + bytes([kind, SUITE_X25519, 0])
    header += struct.pack(">IH", CHUNK_BYTES, len(recipients)) + salt
    header += derive(file_key, b"pd1 commit", salt=salt)
    for device in sorted(recipients, key=lambda item: item.device_id):
        device_id = bytes.fromhex(device.device_id)
        info = length_prefixed(b"pd1 wrap", vault, device_id, salt)
        header += device_id + _HPKE.encrypt(file_key, receiving_key(device), info=info)
    header += _header_mac(file_key, salt, header)
    return header + _encrypt_chunks(pad(data), derive(file_key, b"pd1 payload", salt=salt))


def unseal(data: bytes, kind: Kind, vault: bytes, identity: Identity) -> bytes:
    """Open an object that was sealed for this device.

    Raises:
        NotForThisDevice: it is sealed for others only.
        Rejected: it is not an object of this kind and group, or not intact.
    """
    if len(data) < FIXED_HEADER_BYTES or data[:5] != MAGIC:
        raise Rejected("It is not an object of this format.")
    if data[5] != kind or data[6] != SUITE_X25519 or data[7] != 0:
        raise Rejected("It is of another kind, or of a newer version of the format.")
    chunk_bytes, count = struct.unpack_from(">IH", data, 8)
    if chunk_bytes != CHUNK_BYTES or not 1 <= count <= MAX_RECIPIENTS:
        raise Rejected("Its header is out of range.")
    salt = data[14:46]
    header_end = FIXED_HEADER_BYTES + count * (DEVICE_ID_BYTES + WRAPPED_BYTES)
    if len(data) < header_end + MAC_BYTES:
        raise Rejected("Its header is cut short.")
    file_key = _unwrap(data[FIXED_HEADER_BYTES:header_end], salt, vault, identity)
    if not hmac.compare_digest(data[46:78], derive(file_key, b"pd1 commit", salt=salt)):
        raise Rejected("Its key is not the one that it commits to.")
    mac = data[header_end : header_end + MAC_BYTES]
    if not hmac.compare_digest(mac, _header_mac(file_key, salt, data[:header_end])):
        raise Rejected("Its header was altered.")
    chunks = data[header_end + MAC_BYTES :]
    return unpad(_decrypt_chunks(chunks, derive(file_key, b"pd1 payload", salt=salt)))


def _header_mac(file_key: bytes, salt: bytes, header: bytes) -> bytes:
    return hmac.digest(derive(file_key, b"pd1 header", salt=salt), header, "sha256")


def _unwrap(stanzas: bytes, salt: bytes, vault: bytes, identity: Identity) -> bytes:
    own = bytes.fromhex(identity.device_id)
    size = DEVICE_ID_BYTES + WRAPPED_BYTES
    for start in range(0, len(stanzas), size):
        if stanzas[start : start + DEVICE_ID_BYTES] != own:
            continue
        info = length_prefixed(b"pd1 wrap", vault, own, salt)
        try:
            key = _HPKE.decrypt(
                stanzas[start + DEVICE_ID_BYTES : start + size], identity.receiving, info=info
            )
        except (InvalidTag, ValueError) as error:
            raise Rejected("Its key for this device does not open.") from error
        if len(key) != 32:
            raise Rejected("Its key has the wrong length.")
        return key
    raise NotForThisDevice("It was not sealed for this device.")


def _nonce(counter: int, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _encrypt_chunks(data: bytes, key: bytes) -> bytes:
    cipher = ChaCha20Poly1305(key)
    starts = range(0, len(data), CHUNK_BYTES)
    return b"".join(
        cipher.encrypt(
            _nonce(number, start + CHUNK_BYTES >= len(data)),
            data[start : start + CHUNK_BYTES],
            None,
        )
        for number, start in enumerate(starts)
    )


def _decrypt_chunks(data: bytes, key: bytes) -> bytes:
    cipher = ChaCha20Poly1305(key)
    size = CHUNK_BYTES + TAG_BYTES
    if len(data) < TAG_BYTES + 8:
        raise Rejected("Its payload is cut short.")
    plain = []
    for number, start in enumerate(range(0, len(data), size)):
        chunk = data[start : start + size]
        try:
            plain.append(cipher.decrypt(_nonce(number, start + size >= len(data)), chunk, None))
        except (InvalidTag, ValueError) as error:
            raise Rejected("Its payload was altered.") from error
    return b"".join(plain)
