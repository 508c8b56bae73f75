"""The form of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from personald.errors import PersonaldError


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        name: what was looked at.
        works: yes, no, or None when it cannot be told, is not in use or does not apply here.
        detail: what was seen.
        remedy: what to do when it does not work.
    """

    name: str
    works: bool | None
    detail: str
    remedy: str = ""

    @staticmethod
    def of(name: str, error: PersonaldError) -> Finding:
        """The finding that an error is."""
        return Finding(name, False, f"{error.title}: {error.detail}", error.remedy)
