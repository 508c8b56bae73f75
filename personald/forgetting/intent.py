"""The note of a forgetting under way, so that a kill at any moment leaves nothing half-forgotten.

It is written, sealed, before the first thing is destroyed, and deleted when the last is. Every step in between can be
done twice. Whoever opens the home's store or registry meanwhile finds the note of a process that is dead (its lock is
free), and finishes the work first.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from personald.errors import PersonaldError
from training.sealing import SealBroken, derive, open_sealed, seal, write_whole

LOCK = "lock"
PURPOSE = "forgetting intent"


class IntentDamaged(PersonaldError):
    """The note does not open: damaged, or another key's."""

    title = "A forgetting was interrupted and its note is damaged"


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be forgotten.

    Attributes:
        receipt: id of the receipt that tells of it.
        documents: their ids.
        domains: in which they lie.
    """

    receipt: str
    documents: tuple[str, ...]
    domains: tuple[str, ...]


class IntentFile:
    """Where the note lies.

    Args:
        path: where; its folder is made when first written to.
        key: 32 bytes that the note is sealed under a derived key of.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = derive(key, PURPOSE)

    def write(self, intent: Intent) -> None:
        """Write the note, whole or not at all."""
        body = json.dumps(asdict(intent)).encode()
        write_whole(self._path, seal(self._key, PURPOSE, body))

    def read(self) -> Intent | None:
        """The note; None when there is none.

        Raises:
            IntentDamaged: it does not open.
        """
        try:
            sealed = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            body = json.loads(open_sealed(self._key, PURPOSE, sealed))
        except SealBroken as error:
            raise IntentDamaged(
                f"{self._path} does not open.",
                "Delete that file, and forget again what you wanted forgotten.",
            ) from error
        return Intent(body["receipt"], tuple(body["documents"]), tuple(body["domains"]))

    def remove(self) -> None:
        """The work is done."""
        self._path.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the right to forget within the block; False when another process that is alive holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(
            self._path.with_name(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)
