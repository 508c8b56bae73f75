"""What the watcher may read back: look-up tokens, and the sealed records of sources, files and failures."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from extractors.document import Domain
from personald.keys.derived import WatcherKeys
from personald.store.errors import DocumentDamaged
from personald.store.records import (
    FILE_PATH,
    FileStat,
    FileState,
    FileStatus,
    decode_text,
    encode_text,
    to_json,
)
from personald.store.sealing import (
    DOMAIN_TOKEN_BYTES,
    LENGTH_BYTES,
    NONCE_BYTES,
    SHORT_TOKEN_BYTES,
    Kind,
    associated_data,
    fingerprints,
    pad,
    row_identity,
    seal,
    tokens,
    unpad,
    unseal,
)

_STAT = struct.Struct(">QqQQ")
_FILE = struct.Struct(">QqQQB")
_LIMIT = (1 << 64) - 1


class Watch:
    """The watcher's keys at work on one store.

    Args:
        keys: the watcher's keys.
        store: the store's 16-byte identity.

    Attributes:
        keys, store: as given.
        domains: the domain that each domain token stands for.
        tokens: the domain token of each domain.
        whole: the token of the place of a document that is its whole file.
        content: (place, head, body) → the token by which an unchanged document is known; it differs for equal
            texts in two places.
    """

    def __init__(self, keys: WatcherKeys, store: bytes) -> None:
        self.keys = keys
        self.store = store
        domain_token = tokens(keys.token_key, b"domain", DOMAIN_TOKEN_BYTES)
        self.tokens = {domain: domain_token(domain.value.encode()) for domain in Domain}
        self.domains = {value: domain for domain, value in self.tokens.items()}
        self.content = fingerprints(keys.token_key, b"content")
        self._path_token = tokens(keys.token_key, b"path")
        self._stat_token = tokens(keys.token_key, b"stat", SHORT_TOKEN_BYTES)
        self._part_token = tokens(keys.token_key, b"part", SHORT_TOKEN_BYTES)
        self.whole = self._part_token(b"whole")
        self._cipher = AESGCM(keys.watch_key)
        self._file_prefix = associated_data(store, Kind.FILE, b"")

    def path(self, path: Path | str) -> bytes:
        """Return the look-up token of a path."""
        return self._path_token(os.fsencode(path))

    def stat(self, path_token: bytes, stat: FileStat, extractor_version: int) -> bytes:
        """Return the token by which an unchanged file is known without opening anything."""
        packed = _STAT.pack(
            stat.size & _LIMIT, stat.mtime_ns, stat.inode & _LIMIT, extractor_version
        )
        return self._stat_token(path_token + packed)

    def part(self, file: int, origin: str, repeat: int) -> bytes:
        """Return the token of a document's place in its file.

        Args:
            file: the file's row.
            origin: the document's origin, relative to the file.
            repeat: how many documents of that origin came before it in the same file.
        """
        if origin == FILE_PATH and not repeat:
            return self.whole
        return self._part_token(
            b"%d:%d:%b" % (file, repeat, origin.encode("utf-8", "surrogatepass"))
        )

    def seal_record(self, kind: Kind, number: int, record: Mapping[str, object]) -> bytes:
        """Seal a small record of row `number` under the watch key."""
        return seal(
            self.keys.watch_key,
            pad(to_json(record)),
            associated_data(self.store, kind, row_identity(number)),
        )

    def open_record(self, kind: Kind, number: int, sealed: bytes) -> dict[str, Any]:
        """Open what `seal_record` made. Raises DocumentDamaged."""
        content = unseal(
            self.keys.watch_key, sealed, associated_data(self.store, kind, row_identity(number))
        )
        record = json.loads(bytes(unpad(content)))
        if not isinstance(record, dict):
            raise DocumentDamaged("a record is not what it was", "Run `personald doctor --deep`.")
        return record

    def seal_file(
        self,
        number: int,
        path: Path | str,
        stat: FileStat,
        extractor_version: int = 0,
        content_hash: bytes = b"",
        reason: str = "",
    ) -> bytes:
        """Seal what is known of a file: numbers, hash, then path and reason with NUL between them, padded.

        Args:
            number: the file's row.
            path, stat, extractor_version, content_hash, reason: see `FileState`.
        """
        numbers = _FILE.pack(
            stat.size & _LIMIT,
            stat.mtime_ns,
            stat.inode & _LIMIT,
            extractor_version,
            len(content_hash),
        )
        content = pad(
            b"".join((numbers, content_hash, os.fsencode(path), b"\0", encode_text(reason)))
        )
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(
            nonce, content, self._file_prefix + row_identity(number)
        )

    def open_file(self, number: int, status: int, sealed: bytes, documents: int = 0) -> FileState:
        """Open what `seal_file` made. Raises DocumentDamaged."""
        content = bytes(unpad(self._unsealed_file(number, sealed)))
        size, mtime_ns, inode, extractor_version, hash_bytes = _FILE.unpack_from(content)
        path, _, reason = content[_FILE.size + hash_bytes :].partition(b"\0")
        return FileState(
            path=os.fsdecode(path),
            stat=FileStat(size, mtime_ns, inode),
            status=FileStatus(status),
            reason=decode_text(reason),
            extractor_version=extractor_version,
            content_hash=content[_FILE.size : _FILE.size + hash_bytes],
            documents=documents,
        )

    def open_path(self, number: int, sealed: bytes) -> str:
        """Return only the path out of what `seal_file` made. Raises DocumentDamaged."""
        content = self._unsealed_file(number, sealed)[LENGTH_BYTES:]
        start = _FILE.size + content[_FILE.size - 1]
        return os.fsdecode(content[start : content.index(0, start)])

    def _unsealed_file(self, number: int, sealed: bytes) -> bytes:
        try:
            associated = self._file_prefix + row_identity(number)
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
        except (InvalidTag, ValueError, TypeError):
            raise DocumentDamaged(
                f"the record of file {number} does not open", "Run `personald doctor --deep`."
            ) from None
