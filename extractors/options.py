"""What a format is told: limits inside one file, and the person's choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from extractors.document import Domain

MEBI = 1024 * 1024


def _nothing() -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Budget:
    """What may still be unpacked of one file, over all archives and mails inside of it, however they are nested.

    Attributes:
        parts: how many more parts may be entered.
        bytes: how many more bytes they may have together.
        origins: the parts entered so far.
    """

    parts: int = 20_000
    bytes: int = 1024 * MEBI
    origins: set[str] = field(default_factory=set)

    def distinct(self, origin: str) -> str:
        """Return an origin that no part had yet: two files of one mail may have the same name."""
        number, found = 1, origin
        while found in self.origins:
            number += 1
            found = f"{origin}/{number}"
        self.origins.add(found)
        return found

    def take(self, size: int) -> bool:
        """Take one part of so many bytes; False when the budget is spent."""
        self.parts -= 1
        self.bytes -= size
        return self.parts >= 0 and self.bytes >= 0


@dataclass(frozen=True, slots=True)
class Options:
    """What a format is told besides the path.

    Attributes:
        scratch: a private folder, emptied after each file, for copies of live databases and parts of archives.
        now: the moment of reading, for windows of recurring events.
        domain: the domain that the person gave the source, or None for each format's own.
        reduced: True in the second attempt at a file that killed a worker: no attachments, no pictures, and the
            frugal library where there are two.
        depth: how many containers (archives, mails) this file lies inside of.
        include_bulk: read newsletters and other bulk mail too.
        include_history: read visited pages of browsers too.
        read_pictures: run character recognition where an engine is installed.
        alive: called between steps that take long (a scanned page), so that the parent goes on waiting.
        budget: what may still be unpacked, shared by all containers of the file.
        outermost: the person's own file that this one lies inside of, None when it is that file.
        neighbour: returns the bytes of the file at a path relative to this one's folder in the container, None when
            there is none; None itself when this file lies in a folder.
        whole: a path and all bytes of its file, where the file is so short that recognising it took them all in.
        max_text_bytes: the largest file read as one text.
        max_text_characters: the longest fulltext of one document; what lies beyond is cut off and said so.
        max_parts: the most parts entered of one message or archive.
        max_depth: how deep containers inside containers are entered.
        max_unpacked_bytes: the most bytes unpacked from one archive or office file.
        max_ratio: the most bytes unpacked for one packed byte (above 1 MiB; the rule and figure of Apache Tika's
            OutputLimits).
    """

    scratch: Path
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    domain: Domain | None = None
    reduced: bool = False
    depth: int = 0
    include_bulk: bool = False
    include_history: bool = False
    read_pictures: bool = True
    alive: Callable[[], None] = _nothing
    budget: Budget = field(default_factory=Budget)
    outermost: Path | None = None
    neighbour: Callable[[str], bytes | None] | None = None
    whole: tuple[Path, bytes] | None = None
    max_text_bytes: int = 64 * MEBI
    max_text_characters: int = 16 * MEBI
    max_parts: int = 5000
    max_depth: int = 6
    max_unpacked_bytes: int = 512 * MEBI
    max_ratio: int = 200
