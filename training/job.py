"""What a night is asked to do, where it stands, and how it ended: what travels between the worker and its caller."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from training.gates import Verdict
from training.registry import AdapterVersion
from training.settings import TrainingSettings


class Phase(enum.StrEnum):
    """What the worker is at."""

    LOADING = "loading"
    READING = "reading"
    MEASURING = "measuring the base"
    TRAINING = "training"
    TESTING = "testing"
    COMPARING = "comparing"
    DONE = "done"


class Result(enum.StrEnum):
    """How a job ended."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"
    EMPTY = "nothing to learn"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Job:
    """What to train.

    Attributes:
        domain: which domain.
        base_reference: which base (see `load_base`).
        settings: how.
        full: train although nothing has changed.
        compare: also measure plain next-token training on the same documents for the same steps.
        seed: what every choice follows from.
    """

    domain: str
    base_reference: str | None = None
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    full: bool = False
    compare: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands.

    Attributes:
        domain: whose job.
        phase: what it is at.
        done, total: steps of that phase.
        eta_seconds: until the end of that phase, as far as can be told; None if not.
        loss: training loss in nats; None before the first.
        probes: what the probes said last, by metric.
    """

    domain: str
    phase: Phase
    done: int = 0
    total: int = 0
    eta_seconds: float | None = None
    loss: float | None = None
    probes: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return {**dataclasses.asdict(self), "phase": self.phase.value, "probes": dict(self.probes)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended.

    Attributes:
        result: the end in one word.
        version: the adapter version that it made, or that serves unchanged.
        verdict: the gates' decision; None when nothing was judged.
        metrics: every share measured, by name, as JSON numbers.
        rows, facts: sizes of the dataset.
        seconds: how long it took.
        root: the dataset's root.
        dropped: facts left out, by reason.
    """

    result: Result
    version: AdapterVersion | None
    verdict: Verdict | None
    metrics: Mapping[str, Any]
    rows: int
    facts: int
    seconds: float
    root: str
    dropped: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `personald train --json` prints of a domain."""
        return {
            "result": self.result.value,
            "verdict": self.verdict.to_json() if self.verdict else None,
            "version": self.version.name if self.version else None,
            "id": self.version.id if self.version else None,
            "metrics": dict(self.metrics),
            "rows": self.rows,
            "facts": self.facts,
            "seconds": self.seconds,
            "root": self.root,
            "dropped": dict(self.dropped),
        }


Emit = Callable[[Progress], None]
"""Is told where a job stands."""

ShouldStop = Callable[[], bool]
"""Is asked between steps; True ends the job."""


class Stopped(Exception):
    """The job was asked to stop; not an error."""
