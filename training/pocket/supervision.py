"""Which tokens of a batch are learnt, and how well each skill's answers are by now."""

import numpy as np
import numpy.typing as npt

from training.pocket.corpus import Batch
from training.pocket.replicas import Work
from training.pocket.tokenizer import PAD_ID

#: Positions that carry loss in a batch: every answer token first, a random choice of others after.
_TRAINED_POSITIONS = 1280
_CONFIDENT = 0.5


def trained_positions(
    batch: Batch, seed: int, number: int, context_weight: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Which positions carry loss, their targets and weights.

    All answer tokens come first; the rest is a random choice of the other tokens, which are
    English too. The choice depends on the seed and the batch's number in the run alone.

    Args:
        batch: the rows.
        seed: of the run.
        number: the batch's in the run.
        context_weight: 0 to 1, what a token that is no answer counts beside one that is.

    Returns:
        Flat positions ``(k,)`` in rising order, targets ``(k,)``, weights ``(k,)``.
    """
    random = np.random.default_rng((seed, number))
    ids, answer = batch.ids, batch.answer
    priority = np.zeros(ids.shape)
    follows = (ids[:, 1:] != PAD_ID).astype(np.float64)
    priority[:, :-1] = follows * (1 + random.random(follows.shape) + 2.0 * answer[:, 1:])
    flat = priority.reshape(-1)
    chosen = np.sort(np.argpartition(-flat, _TRAINED_POSITIONS)[:_TRAINED_POSITIONS])
    targets = np.roll(ids.reshape(-1), -1)[chosen].astype(np.int64)
    value = flat[chosen]
    weights = np.where(value >= 3, 1.0, np.where(value >= 1, context_weight, 0.0))
    return chosen, targets, weights.astype(np.float32)


class SkillLedger:
    """Running answer loss and exactness per skill, from the training batches themselves."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[float, bool]]] = {}
        self.answer_losses: list[float] = []

    def add(self, batch: Batch, work: Work, losses: npt.NDArray[np.float32]) -> None:
        """Take in one batch: an answer counts as exact when every token of it had p > ½."""
        is_answer = np.roll(batch.answer.reshape(-1), -1)[work.positions]
        values = losses[is_answer]
        rows = work.positions[is_answer] // batch.ids.shape[1]
        self.answer_losses.append(float(values.mean()))
        sums = np.bincount(rows, values, minlength=len(batch.skills))
        counts = np.bincount(rows, minlength=len(batch.skills))
        worst = np.zeros(len(batch.skills))
        np.maximum.at(worst, rows, values)
        limit = -np.log(_CONFIDENT)
        for row, skill in enumerate(batch.skills):
            if counts[row]:
                entry = (float(sums[row] / counts[row]), bool(worst[row] < limit))
                self._rows.setdefault(skill, []).append(entry)

    def take(self) -> dict[str, tuple[float, float, int]]:
        """Mean loss, share exact and number of rows per skill since the last call."""
        result = {
            skill: (
                round(sum(loss for loss, _ in rows) / len(rows), 4),
                round(sum(exact for _, exact in rows) / len(rows), 3),
                len(rows),
            )
            for skill, rows in sorted(self._rows.items())
        }
        self._rows = {}
        return result
