"""How one run of the training loop is done, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.adapter import Shape

TOKENS_AT_ONCE = 384
"""Where nothing is known of the machine: on the pocket base steps of 420 tokens were 15 % faster in one part than in parts
of 256, and took twice the memory; this lies between. A night takes what fits (`training.memory.tokens_within`)."""


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How to train.

    Attributes:
        shape: the adapter's form.
        learning_rate: the peak rate.
        steps: how many steps at most.
        rows_per_step: study rows in a step.
        tokens_per_step: tokens in a study batch at most, padding included.
        tokens_at_once: tokens that are differentiated at once at most; decides the memory (see `training.memory`).
        replay_rows, replay_tokens: the same for the replay batch; 20–25 % of the rows.
        rest: a row that is learnt takes part in every so-manieth epoch.
        kl_weight: λ.
        top: how many of the base's most likely tokens replay is held to.
        clip: longest gradient.
        probe_every: steps between two looks at the probes.
        checkpoint_seconds: at most so long between two checkpoints.
    """

    shape: Shape = field(default_factory=Shape)
    learning_rate: float = 2e-3
    steps: int = 600
    rows_per_step: int = 16
    tokens_per_step: int = 2048
    tokens_at_once: int = TOKENS_AT_ONCE
    replay_rows: int = 5
    replay_tokens: int = 320
    rest: int = 3
    kl_weight: float = 3.0
    top: int = 24
    clip: float = 1.0
    probe_every: int = 50
    checkpoint_seconds: float = 60.0
