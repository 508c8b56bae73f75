"""What the watcher may read back: look-up tokens, and the sealed records of sources, files and failures."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractors.document import Domain
from personald.keys.derived import WatcherKeys
from personald.store.errors import DocumentDamaged
from personald.store.records import FileStat, FileState, FileStatus
from personald.store.sealing import (
    DOMAIN_TOKEN_BYTES,
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
_LIMIT = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Watch:
    """The watcher's keys at work on one store.

    Attributes:
        keys: the watcher's keys.
        store: the store's 16-byte identity.
        domains: the domain that each domain token stands for.
    """

    keys: WatcherKeys
    store: bytes
    domains: dict[bytes, Domain] = field(init=False, compare=False)
    tokens: dict[Domain, bytes] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        tokens = {
            domain: token(self.keys.token_key, b"domain", domain.value.encode(), DOMAIN_TOKEN_BYTES)
            for domain in Domain
        }
        object.__setattr__(self, "tokens", tokens)
        object.__setattr__(self, "domains", {value: domain for domain, value in tokens.items()})

    def path(self, path: Path | str) -> bytes:
        """Return the look-up token of a path."""
        return token(self.keys.token_key, b"path", os.fsencode(path))

    def stat(self, path_token: bytes, stat: FileStat, extractor_version: int) -> bytes:
        """Return the token by which an unchanged file is known without opening anything."""
        packed = _STAT.pack(
            stat.size & _LIMIT, stat.mtime_ns, stat.inode & _LIMIT, extractor_version
        )
        return token(self.keys.token_key, b"stat", path_token + packed)

    def part(self, file: int, origin: str, repeat: int) -> bytes:
        """Return the token of a document's place in its file.

        Args:
            file: the file's row.
            origin: the document's origin, relative to the file.
            repeat: how many documents of that origin came before it in the same file.
        """
        value = b"%d:%d:%b" % (file, repeat, origin.encode("utf-8", "surrogatepass"))
        return token(self.keys.token_key, b"part", value)

    def content(self, part: bytes, head: bytes, body: bytes) -> bytes:
        """Return the token by which an unchanged document is known; it differs for equal texts in two places."""
        return token(self.keys.token_key, b"content", b"%b%d:%b%b" % (part, len(head), head, body))

    def seal_record(self, kind: Kind, number: int, record: Mapping[str, object]) -> bytes:
        """Seal a small record of row `number` under the watch key."""
        content = json.dumps(record, separators=(",", ":")).encode("ascii")
        return seal(
            self.keys.watch_key,
            pad(content),
            associated_data(self.store, kind, row_identity(number)),
        )

    def open_record(self, kind: Kind, number: int, sealed: bytes) -> dict[str, Any]:
        """Open what `seal_record` made. Raises DocumentDamaged."""
        content = unseal(
            self.keys.watch_key, sealed, associated_data(self.store, kind, row_identity(number))
        )
        record = json.loads(unpad(content))
        if not isinstance(record, dict):
            raise DocumentDamaged("a record is not what it was", "Run `personald doctor --deep`.")
        return record

    def seal_file(self, number: int, state: FileState) -> bytes:
        """Seal what is known of a file."""
        record = {
            "path": state.path,
            "stat": (state.stat.size, state.stat.mtime_ns, state.stat.inode),
            "reason": state.reason,
            "extractor": state.extractor_version,
            "hash": state.content_hash.hex(),
        }
        return self.seal_record(Kind.FILE, number, record)

    def open_file(self, number: int, status: int, sealed: bytes, documents: int = 0) -> FileState:
        """Open what `seal_file` made. Raises DocumentDamaged."""
        record = self.open_record(Kind.FILE, number, sealed)
        try:
            size, mtime_ns, inode = record["stat"]
            return FileState(
                path=str(record["path"]),
                stat=FileStat(int(size), int(mtime_ns), int(inode)),
                status=FileStatus(status),
                reason=str(record["reason"]),
                extractor_version=int(record["extractor"]),
                content_hash=bytes.fromhex(str(record["hash"])),
                documents=documents,
            )
        except (KeyError, ValueError, TypeError):
            raise DocumentDamaged(
                "a file's record is not what it was", "Run `personald doctor --deep`."
            ) from None
