"""What training minimises: cross-entropy on the answer's tokens, and staying near the base elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.arrays import mx
from training.kernels import log_sum_exp


@dataclass(frozen=True, slots=True)
class TopK:
    """The most likely next tokens at some positions, as another model sees them.

    Attributes:
        ids: token ids (positions × k).
        log_probs: their natural log-probabilities (positions × k), float32.
    """

    ids: Any
    log_probs: Any

    def to_json(self) -> list[Any]:
        """Both arrays as lists, log-probabilities to four digits."""
        return [self.ids.tolist(), [[round(p, 4) for p in row] for row in self.log_probs.tolist()]]

    @staticmethod
    def from_json(entry: list[Any]) -> TopK:
        """The arrays that `to_json` gave."""
        return TopK(mx.array(entry[0]), mx.array(entry[1]))

    def __getitem__(self, chosen: Any) -> TopK:
        return TopK(self.ids[chosen], self.log_probs[chosen])


def top_k(logits: Any, k: int) -> TopK:
    """The k most likely tokens of every row of logits (positions × vocabulary), in no particular order."""
    k = min(k, logits.shape[-1])
    ids = mx.argpartition(-logits, kth=k - 1, axis=-1)[:, :k]
    log_probs = mx.take_along_axis(logits, ids, axis=-1) - log_sum_exp(logits)
    return TopK(ids, log_probs)


def token_losses(logits: Any, targets: Any) -> Any:
    """Negative log-probability (nats) of each target id (positions) under logits (positions × vocabulary)."""
    picked = mx.take_along_axis(logits, targets[:, None], axis=-1)[:, 0]
    return log_sum_exp(logits)[:, 0] - picked


def kept_near(logits: Any, reference: TopK) -> Any:
    """Mean KL(reference ‖ model) in nats over positions, on the reference's top k and one bin for all the rest.

    Lumping the tail into one bin gives a lower bound of the full divergence that is zero exactly when the two agree
    on the top k and on the mass outside it (the log-sum inequality).
    """
    model = mx.take_along_axis(logits, reference.ids, axis=-1) - log_sum_exp(logits)
    probs = mx.exp(reference.log_probs)
    top = (probs * (reference.log_probs - model)).sum(axis=-1)
    tail = mx.maximum(1 - probs.sum(axis=-1), 1e-6)
    model_tail = mx.maximum(1 - mx.exp(model).sum(axis=-1), 1e-6)
    return (top + tail * (mx.log(tail) - mx.log(model_tail))).mean()


def soft_cross_entropy(logits: Any, teacher: TopK) -> Any:
    """Mean of −Σ p·log q over the teacher's top k, p renormalised to them (prompt distillation, arXiv 2412.14964)."""
    model = mx.take_along_axis(logits, teacher.ids, axis=-1) - log_sum_exp(logits)
    probs = mx.softmax(teacher.log_probs, axis=-1)
    return -(probs * model).sum(axis=-1).mean()
