"""How sure a share is: Wilson's score interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with the 95 % interval of the share behind them.

    The interval is Wilson's (1927, J. Am. Stat. Assoc. 22, 209–212), which stays right for small samples and for
    shares near 0 and 1, where probes of a memory are.
    """

    right: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing."""
        return self.right / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval; (0, 1) of nothing."""
        if not self.of:
            return 0.0, 1.0
        n, p, z = self.of, self.value, Z_95
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def to_json(self) -> dict[str, float]:
        """The numbers by name."""
        low, high = self.interval
        return {"n": self.of, "right": self.right, "value": self.value, "low": low, "high": high}
