"""All that a training run needs to go on where it was, on disk and back, bit for bit.

A checkpoint is sealed (it holds an adapter), written whole or not at all, and names the run it belongs to: the hash of
everything that determines the run's course. A checkpoint of another run is no checkpoint.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personald.errors import PersonaldError
from training.arrays import mx
from training.optimiser import Moments
from training.sealing import SealBroken, open_sealed, seal, write_whole

PURPOSE = "checkpoint"


class CheckpointUnwritable(PersonaldError):
    """The disk refuses a checkpoint: full, or not to be written."""

    title = "No checkpoint can be written"


@dataclass(frozen=True, slots=True)
class Probed:
    """What the probes said at one step.

    Attributes:
        step: after how many steps.
        score: what the best checkpoint is chosen by, 0 to 1.
        enough: whether training may stop here.
        values: the metrics behind the score, by name.
        loss: mean training loss since the last probing, in nats.
    """

    step: int
    score: float
    enough: bool
    values: dict[str, float]
    loss: float


@dataclass(frozen=True, slots=True)
class State:
    """A run between two steps.

    Attributes:
        step: how many steps are done.
        vector: the adapter, flat.
        moments: the optimiser's memory.
        slow: what the learning rate is multiplied with; halved at every stumble.
        stumbles: how often the loss was not a number.
        at_once: how many tokens are differentiated at once; halved when memory ran out.
        best: the adapter with the best probes so far.
        history: what the probes said, in order.
        losses: sum of the losses since the last probing, and of how many steps.
        epoch, place: which epoch it is, and how many of its batches are done.
        playing: the rows that take part in this epoch, by index.
        hardest: for each row, the loss of its hardest token when it was last seen, in nats.
    """

    step: int
    vector: Any
    moments: Moments
    slow: float
    stumbles: int
    at_once: int
    best: Any
    history: tuple[Probed, ...]
    losses: tuple[float, int]
    epoch: int
    place: int
    playing: tuple[int, ...]
    hardest: tuple[float, ...]


def packed(state: State) -> bytes:
    """The state as one safetensors file."""
    arrays = {
        "vector": state.vector,
        "first": state.moments.first,
        "second": state.moments.second,
        "best": state.best,
    }
    scalars = {
        "step": state.step,
        "count": state.moments.count,
        "slow": state.slow,
        "stumbles": state.stumbles,
        "at_once": state.at_once,
        "losses": state.losses,
        "epoch": state.epoch,
        "place": state.place,
        "playing": state.playing,
        "hardest": state.hardest,
        "history": [[p.step, p.score, p.enough, p.values, p.loss] for p in state.history],
    }
    file = io.BytesIO()
    mx.save_safetensors(file, arrays, {"state": json.dumps(scalars)})
    return file.getvalue()


def unpacked(data: bytes) -> State:
    """The state that `packed` was given."""
    loaded: Any = mx.load(io.BytesIO(data), format="safetensors", return_metadata=True)
    arrays, metadata = loaded
    scalars = json.loads(metadata["state"])
    return State(
        step=scalars["step"],
        vector=arrays["vector"],
        moments=Moments(arrays["first"], arrays["second"], scalars["count"]),
        slow=scalars["slow"],
        stumbles=scalars["stumbles"],
        at_once=scalars["at_once"],
        best=arrays["best"],
        history=tuple(Probed(*entry) for entry in scalars["history"]),
        losses=(scalars["losses"][0], scalars["losses"][1]),
        epoch=scalars["epoch"],
        place=scalars["place"],
        playing=tuple(scalars["playing"]),
        hardest=tuple(scalars["hardest"]),
    )


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """Where one run keeps its state.

    Attributes:
        path: the file.
        key: 32 bytes that it is sealed under.
        run: hash of what determines the run; a file that names another one is ignored.
    """

    path: Path
    key: bytes
    run: str

    def save(self, state: State) -> None:
        """Write the state, replacing the older one.

        Raises:
            CheckpointUnwritable: the disk is full or read-only; the older checkpoint is still there.
        """
        sealed = seal(self.key, f"{PURPOSE}/{self.run}", packed(state))
        try:
            write_whole(self.path, sealed)
        except OSError as error:
            raise CheckpointUnwritable(
                f"{self.path.parent} cannot be written ({error.strerror})", "Free some space."
            ) from error

    def load(self) -> State | None:
        """The state of this very run; None where there is none, or where it is damaged or of another run."""
        try:
            sealed = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return unpacked(open_sealed(self.key, f"{PURPOSE}/{self.run}", sealed))
        except SealBroken:
            return None

    def remove(self) -> None:
        """Forget the state: the run is over."""
        self.path.unlink(missing_ok=True)
