"""AdamW on one flat vector: a handful of array operations a step, however many tensors an adapter has.

Loshchilov & Hutter 2019 (arXiv 1711.05101) without weight decay, which is Adam (Kingma & Ba 2015, arXiv 1412.6980)
with bias correction; gradients are clipped by their global norm (Pascanu et al. 2013); the rate warms up linearly and
falls along a half cosine (Loshchilov & Hutter 2017, arXiv 1608.03983).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from training.arrays import mx

BETA_1, BETA_2, EPSILON = 0.9, 0.98, 1e-8
"""Kingma & Ba 2015, section 2; β₂ as in RoBERTa (Liu et al. 2019, arXiv 1907.11692, section 3.1), for a run of some
hundred steps must forget the large gradients that it begins with."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The learning rate by step.

    Attributes:
        peak: the highest rate.
        steps: how many steps the whole run has.
        warm_up: share of them in which the rate rises.
        floor: the rate at the end, as a share of the peak.
    """

    peak: float
    steps: int
    warm_up: float = 0.05
    floor: float = 0.05

    def rate(self, step: int) -> float:
        """The rate of step `step`, counted from 0."""
        warm = max(1, round(self.steps * self.warm_up))
        if step < warm:
            return self.peak * (step + 1) / warm
        done = min(1.0, (step - warm) / max(1, self.steps - warm))
        return self.peak * (self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * done)))


@dataclass(frozen=True, slots=True)
class Moments:
    """Adam's memory: running means of the gradient and of its square, and how many steps went in."""

    first: Any
    second: Any
    count: int

    @staticmethod
    def zero(size: int) -> Moments:
        """The moments before the first step."""
        return Moments(mx.zeros((size,)), mx.zeros((size,)), 0)


def clipped(gradient: Any, limit: float) -> tuple[Any, Any]:
    """The gradient scaled down to norm `limit` where it is longer, and its norm before that."""
    norm = mx.sqrt((gradient * gradient).sum())
    return gradient * mx.minimum(limit / (norm + 1e-6), 1.0), norm


def adam(vector: Any, gradient: Any, moments: Moments, rate: float) -> tuple[Any, Moments]:
    """One step: the new vector and the new moments; the old ones are left as they are."""
    count = moments.count + 1
    first = BETA_1 * moments.first + (1 - BETA_1) * gradient
    second = BETA_2 * moments.second + (1 - BETA_2) * gradient * gradient
    size = rate / (1 - BETA_1**count)
    root = mx.sqrt(second / (1 - BETA_2**count)) + EPSILON
    return vector - size * first / root, Moments(first, second, count)
