"""What one look did, in files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Counts of files; a file that failed is counted under `failed` only.

    Attributes:
        seen: regular files that were looked at.
        new, changed, deleted, unchanged: what became of them; a renamed or merely touched file is unchanged.
        failed: files of which nothing could be read.
        skipped: for each reason, how many files, folders or parts were passed over on purpose.
    """

    seen: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: Counts) -> Counts:
        for name in ("seen", "new", "changed", "deleted", "unchanged", "failed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.skipped.update(other.skipped)
        return self

    @property
    def changes(self) -> int:
        """How many files made a difference to the store."""
        return self.new + self.changed + self.deleted + self.failed

    def to_json(self) -> dict[str, Any]:
        """What `source scan --json` prints."""
        return {
            "seen": self.seen,
            "new": self.new,
            "changed": self.changed,
            "deleted": self.deleted,
            "unchanged": self.unchanged,
            "skipped": dict(self.skipped),
            "failed": self.failed,
        }
