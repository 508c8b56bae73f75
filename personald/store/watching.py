"""What the watcher may read back: look-up tokens, and the sealed records of sources, files and failures."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    NONCE_BYTES,
    SHORT_TOKEN_BYTES,
    Kind,
    associated_data,
    pad,
    row_identity,
    seal,
    token,
    unpad,
    unseal,
)

_STAT = struct.Struct(">QqQQ")
_FILE = struct.Struct(">QqQQB")
_LIMIT = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Watch:
    """The watcher's keys at work on one store.

    Attributes:
        keys: the watcher's keys.
        store: the store's 16-byte identity.
        domains: the domain that each domain token stands for.
        tokens: the domain token of each domain.
        whole: the token of the place of a document that is its whole file.
        cipher: AES-256-GCM under the watch key.
    """

    keys: WatcherKeys
    store: bytes
    domains: dict[bytes, Domain] = field(init=False, compare=False)
    tokens: dict[Domain, bytes] = field(init=False, compare=False)
    whole: bytes = field(init=False, compare=False, repr=False)
    cipher: AESGCM = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        tokens = {
            domain: token(self.keys.token_key, b"domain", domain.value.encode(), DOMAIN_TOKEN_BYTES)
            for domain in Domain
        }
        object.__setattr__(self, "tokens", tokens)
        object.__setattr__(
            self, "whole", token(self.keys.token_key, b"part", b"whole", SHORT_TOKEN_BYTES)
        )
        object.__setattr__(self, "cipher", AESGCM(self.keys.watch_key))
        object.__setattr__(self, "domains", {value: domain for domain, value in tokens.items()})

    def path(self, path: Path | str) -> bytes:
        """Return the look-up token of a path."""
        return token(self.keys.token_key, b"path", os.fsencode(path))

    def stat(self, path_token: bytes, stat: FileStat, extractor_version: int) -> bytes:
        """Return the token by which an unchanged file is known without opening anything."""
        packed = _STAT.pack(
            stat.size & _LIMIT, stat.mtime_ns, stat.inode & _LIMIT, extractor_version
        )
        return token(self.keys.token_key, b"stat", path_token + packed, SHORT_TOKEN_BYTES)

    def part(self, file: int, origin: str, repeat: int) -> bytes:
        """Return the token of a document's place in its file.

        Args:
            file: the file's row.
            origin: the document's origin, relative to the file.
            repeat: how many documents of that origin came before it in the same file.
        """
        if origin == FILE_PATH and not repeat:
            return self.whole
        value = b"%d:%d:%b" % (file, repeat, origin.encode("utf-8", "surrogatepass"))
        return token(self.keys.token_key, b"part", value, SHORT_TOKEN_BYTES)

    def content(self, part: bytes, head: bytes, body: bytes) -> bytes:
        """Return the token by which an unchanged document is known; it differs for equal texts in two places."""
        return token(self.keys.token_key, b"content", b"%b%d:%b%b" % (part, len(head), head, body))

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

    def seal_file(self, number: int, state: FileState) -> bytes:
        """Seal what is known of a file: numbers, hash, then path and reason with NUL between them, padded."""
        content = b"%b%b%b\0%b" % (
            _FILE.pack(
                state.stat.size & _LIMIT,
                state.stat.mtime_ns,
                state.stat.inode & _LIMIT,
                state.extractor_version,
                len(state.content_hash),
            ),
            state.content_hash,
            os.fsencode(state.path),
            encode_text(state.reason),
        )
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, pad(content), self._file_data(number))

    def open_file(self, number: int, status: int, sealed: bytes, documents: int = 0) -> FileState:
        """Open what `seal_file` made. Raises DocumentDamaged."""
        content = bytes(unpad(unseal(self.keys.watch_key, sealed, self._file_data(number))))
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

    def _file_data(self, number: int) -> bytes:
        return associated_data(self.store, Kind.FILE, row_identity(number))
