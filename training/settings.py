"""Everything that can be set about training, in one place, with the values that were found to work.

A small base (the pocket model) learns at ten times the rate of a large one. Which of the two is meant is told by the
number of its parameters. The adapter's rank follows how much there is to learn (docs/memory.md, How much room).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from personald.errors import UsageError
from training import memory
from training.adapter import Shape
from training.base import Base
from training.dataset import StudySettings
from training.gates import Thresholds
from training.loop_settings import LoopSettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Table = TypeVar("Table", bound="DataclassInstance")

SMALL_PARAMETERS = 50_000_000
"""Below so many parameters a base is small."""

TOKENS_PER_STEP = 1024
"""At most, padding included."""

ROWS_PER_STEP = 8
"""Half as many took a third longer and were remembered no better, twice as many were remembered worse
(docs/memory.md, How much room)."""

RANK = 16
"""Where little is learnt."""

LARGE_RANK, MANY_ROWS = 32, 10_000
"""Where more rows than this are learnt: an adapter must have room for what it is told (Schulman et al., "LoRA Without
Regret", 2025), and 500 facts had too little in rank 8 (docs/memory.md)."""

STRENGTH = 4 * math.sqrt(2)
"""α of the rank-stabilised scale α/√r, at which every rank learns at the same rate (rsLoRA, arXiv 2312.03732)."""

MOST_LOOKS = 50
"""At the probes in a run; a person of ten times the facts has ten times the probes too."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a domain is studied, trained and judged.

    Attributes:
        study: how documents become things to study.
        thresholds: the gates' bounds.
        rank: of the adapter; 0 for what suits the number of rows.
        blocks: how many blocks are adapted, those that matter most (`training.attribution`); 0 for all.
        distill: learn from the base with the passage in its prompt, not from the answers alone (`training.distill`).
        learning_rate: peak rate; 0 for what suits the base's size.
        epochs: how often every row is seen at most.
        fewest_steps: how many steps there may be at least, however few the rows: forty facts took some thousand.
        replay_items: how many different items are replayed.
        kl_weight: how strongly replay is held to the base.
        probe_every: steps between two looks at the probes, at least.
        skill_items: items of each skill for retention.
        least_certainty: an answer with a token less likely than this is a guess and is not given: with p > ½ for each
            token greedy decoding says what was learnt (arXiv 2605.30260), and on the demo's person two of three wrong
            answers to bare questions stood below it, and one right one.
        canary: whether a promoted adapter is on trial first.
        keep: retired versions whose tensors are kept.
        memory_mb: what a step may keep until it is differentiated, in MB; 0 for an eighth of the machine's memory.
        effort: share of the tokens that fit computed at once, in (0, 1]; less after a run that overwhelmed the machine. It
            changes the memory and not the step, so that such a run goes on from its checkpoint.
    """

    study: StudySettings = field(default_factory=StudySettings)
    thresholds: Thresholds = field(default_factory=Thresholds)
    rank: int = 0
    blocks: int = 0
    distill: bool = False
    learning_rate: float = 0.0
    epochs: float = 8.0
    fewest_steps: int = 1200
    replay_items: int = 240
    kl_weight: float = 3.0
    probe_every: int = 50
    skill_items: int = 10
    least_certainty: float = 0.5
    canary: bool = False
    keep: int = 3
    memory_mb: int = 0
    effort: float = 1.0

    @staticmethod
    def from_table(table: Mapping[str, Any]) -> TrainingSettings:
        """Settings from a table of the configuration file; what is not named keeps its default.

        Raises:
            UsageError: a name is unknown, a value has another type, or a number is below 0 or none; in the tables
                within it as well.
        """
        return _with(TrainingSettings(), table, "training")

    def loop(self, base: Base, rows: int) -> LoopSettings:
        """The loop's settings for a base and so many study rows."""
        small = parameters(base) < SMALL_PARAMETERS
        budget = self.memory_mb * 1_000_000 or int(memory.SHARE * memory.machine_bytes())
        fitting = min(memory.tokens_within(base, budget), TOKENS_PER_STEP)
        rate = self.learning_rate or (2e-3 if small else 2e-4)
        rank = self.rank or (LARGE_RANK if rows > MANY_ROWS else RANK)
        steps = max(self.fewest_steps, round(self.epochs * rows / ROWS_PER_STEP))
        return LoopSettings(
            shape=Shape(rank, STRENGTH / math.sqrt(rank)),
            learning_rate=rate,
            steps=steps,
            rows_per_step=ROWS_PER_STEP,
            tokens_per_step=TOKENS_PER_STEP,
            replay_rows=2,
            replay_tokens=96,
            tokens_at_once=max(1, round(self.effort * fitting)),
            kl_weight=self.kl_weight,
            probe_every=max(self.probe_every, steps // MOST_LOOKS),
        )

    def to_json(self) -> dict[str, Any]:
        """All values, for the card."""
        return asdict(self)


def _with(settings: Table, table: Mapping[str, Any], where: str) -> Table:
    """Settings with what a table names; `where` they are told from, for the person."""
    known = [each.name for each in fields(settings)]
    for name in table:
        if name not in known:
            raise UsageError(f"{where} has no setting {name}", f"Known: {', '.join(known)}.")
    changes = {
        name: _value(getattr(settings, name), told, f"{where}.{name}")
        for name, told in table.items()
    }
    return replace(settings, **changes)


def _value(default: Any, told: Any, where: str) -> Any:
    """What was told, if it is of the default's kind."""
    if is_dataclass(default) and not isinstance(default, type):
        if not isinstance(told, Mapping):
            raise UsageError(f"{where} is a table of settings, not {told!r}")
        return _with(default, told, where)
    if isinstance(default, tuple):
        if not isinstance(told, list) or not all(isinstance(each, str) for each in told):
            raise UsageError(f"{where} is a list of texts, not {told!r}")
        return tuple(told)
    value = float(told) if type(default) is float and type(told) is int else told
    if type(value) is not type(default):
        raise UsageError(f"{where} cannot be {told!r}", f"It is as {default!r} is.")
    if type(value) in (int, float) and not 0 <= value < math.inf:
        raise UsageError(f"{where} cannot be {told!r}", "It is 0 or more.")
    return value


def parameters(base: Base) -> int:
    """How many numbers the base has, packed ones of quantised layers counted as stored."""
    from mlx.utils import tree_flatten

    return sum(int(value.size) for _, value in tree_flatten(base.model.parameters()))
