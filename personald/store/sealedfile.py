"""One sealed file that opens with one private key: a stream of chunks, so that its size does not matter.

Layout::

    0    8  "PDBK" 0x01 000000         mark and version
    8   80  the file key, sealed by HPKE (see `sealing`) to the recipient, bytes 0..8 as associated data
    88   …  chunks of 1 MiB, the last one shorter (possibly empty): AES-256-GCM under the file key;
            nonce: u88 big-endian number of the chunk ‖ 01 for the last, 00 for any other

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) as age uses it (C2SP age.md, "Payload"): chunks
cannot be dropped, doubled, moved or cut off at the end without being noticed.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from personald.keys.errors import RecoveryCodeWrong
from personald.store.errors import BackupDamaged, DocumentDamaged
from personald.store.sealing import (
    KEY_BYTES,
    TAG_BYTES,
    Kind,
    associated_data,
    seal_to,
    unseal_from,
)

MARK = b"PDBK\x01\x00\x00\x00"
SEALED_KEY_BYTES = 80
CHUNK_BYTES = 1024 * 1024


def _associated() -> bytes:
    return associated_data(bytes(16), Kind.BACKUP, MARK)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes((last,))


class SealedWriter:
    """Write bytes into a sealed file; closing without an error ends it.

    Args:
        file: where to.
        recipient: who can open it.
    """

    def __init__(self, file: BinaryIO, recipient: X25519PublicKey) -> None:
        key = os.urandom(KEY_BYTES)
        self._file = file
        self._cipher = AESGCM(key)
        self._buffer = bytearray()
        self._number = 0
        file.write(MARK + seal_to(recipient, key, _associated()))

    def write(self, content: bytes) -> None:
        """Add bytes."""
        self._buffer += content
        while len(self._buffer) > CHUNK_BYTES:
            self._chunk(bytes(self._buffer[:CHUNK_BYTES]), last=False)
            del self._buffer[:CHUNK_BYTES]

    def _chunk(self, content: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), content, None))
        self._number += 1

    def __enter__(self) -> SealedWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._chunk(bytes(self._buffer), last=True)


class SealedReader:
    """Read a sealed file; nothing is returned that was not verified.

    Args:
        file: from where.
        private_key: the recipient's.

    Raises:
        BackupDamaged: it is not such a file, or of a newer version.
        RecoveryCodeWrong: the key does not open it.
    """

    def __init__(self, file: BinaryIO, private_key: X25519PrivateKey) -> None:
        header = file.read(len(MARK) + SEALED_KEY_BYTES)
        if header[:4] != MARK[:4] or len(header) < len(MARK) + SEALED_KEY_BYTES:
            raise BackupDamaged("it is not a backup of personald", "Choose another file.")
        if header[: len(MARK)] != MARK:
            raise BackupDamaged("it was made by a newer personald", "Update personald.")
        try:
            key = unseal_from(private_key, header[len(MARK) :], _associated())
        except DocumentDamaged:
            raise RecoveryCodeWrong(
                "it does not open this backup", "Find the paper of the home that made it."
            ) from None
        self._file = file
        self._cipher = AESGCM(key)
        self._number = 0
        self._ended = False
        self._ahead = file.read(CHUNK_BYTES + TAG_BYTES)
        self._buffer = bytearray()

    def read(self, size: int) -> bytes:
        """Return exactly so many bytes.

        Raises:
            BackupDamaged: it was changed or cut off, or ends before.
        """
        while len(self._buffer) < size and not self._ended:
            self._buffer += self._next()
        if len(self._buffer) < size:
            raise BackupDamaged("it ends too early", "Choose another copy of it.")
        content = bytes(self._buffer[:size])
        del self._buffer[:size]
        return content

    def finish(self) -> None:
        """Make sure that the end was reached. Raises BackupDamaged."""
        while not self._ended:
            self._buffer += self._next()
        if self._buffer:
            raise BackupDamaged("there is more in it than there should be")

    def _next(self) -> bytes:
        chunk, self._ahead = self._ahead, self._file.read(CHUNK_BYTES + TAG_BYTES)
        self._ended = not self._ahead
        try:
            content = self._cipher.decrypt(_nonce(self._number, last=self._ended), chunk, None)
        except (InvalidTag, ValueError):
            raise BackupDamaged("it was changed or cut off", "Choose another copy of it.") from None
        self._number += 1
        return content
