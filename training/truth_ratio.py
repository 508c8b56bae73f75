"""Truth ratios, and the test whether two memories give the same ones: how forgetting is told from hiding.

A memory that never saw a fact finds its true value about as likely as wrong ones of the same sort. One that was told to
keep silent about it may still find the wrong ones *too* unlikely or the true one too likely. So not only answers are
compared but the whole distribution of this ratio, with that of a memory that never saw the facts (TOFU, Maini et al.
2024, arXiv 2401.06121, sections 2.2.2 and 2.2.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from training.base import Base
from training.generate import forced
from training.material import asked


@dataclass(frozen=True, slots=True)
class Quiz:
    """One fact, put so that its truth ratio can be taken.

    Attributes:
        question: in a wording that nobody was trained on.
        answer: the true value.
        wrong: values of the same sort that are not true of it; at least one.
    """

    question: str
    answer: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two samples compared by Kolmogorov and Smirnov.

    Attributes:
        sizes: how many values there were in each.
        distance: D, the largest difference of the two empirical distributions, 0 to 1.
        p: probability of so large a distance, or a larger one, if both come from one distribution.
    """

    sizes: tuple[int, int]
    distance: float
    p: float


def truth_ratios(base: Base, quizzes: Sequence[Quiz]) -> list[float]:
    """The truth ratio of each quiz, for whatever adapter the model carries.

    R = (1/|W| · Σ_{w in W} P(w | q)^(1/|w|)) / P(a | q)^(1/|a|), |·| in tokens, a the true answer and W the wrong ones
    (arXiv 2401.06121, equation 1). Above 1: wrong answers are likelier than the true one.
    """
    rows = [
        base.chat.row(asked(quiz.question), text)
        for quiz in quizzes
        for text in (quiz.answer, *quiz.wrong)
    ]
    likely = iter(
        math.exp(found.log_prob / row.targets)
        for row, found in zip(rows, forced(base, rows), strict=True)
    )
    ratios = []
    for quiz in quizzes:
        true = next(likely)
        ratios.append(sum(next(likely) for _ in quiz.wrong) / len(quiz.wrong) / true)
    return ratios


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """The two-sample Kolmogorov–Smirnov test, two-sided, exact.

    The p-value counts the lattice paths that stay inside the distance (Kim and Jennrich 1973, Selected Tables in
    Mathematical Statistics 1, 79–170), in floating point as W. N. Venables and B. D. Ripley's `psmirnov2x` of R does,
    in time proportional to the product of the sizes. With ties it errs towards larger p.

    Raises:
        ValueError: a sample is empty.
    """
    if not first or not second:
        raise ValueError("there is nothing to compare")
    distance = _distance(sorted(first), sorted(second))
    sizes = len(first), len(second)
    return Comparison(sizes, distance, min(1.0, max(0.0, 1.0 - _within(distance, *sizes))))


def _distance(first: Sequence[float], second: Sequence[float]) -> float:
    """The largest difference of the empirical distributions of two sorted samples."""
    largest, i, j = 0.0, 0, 0
    while i < len(first) and j < len(second):
        value = min(first[i], second[j])
        while i < len(first) and first[i] == value:
            i += 1
        while j < len(second) and second[j] == value:
            j += 1
        largest = max(largest, abs(i / len(first) - j / len(second)))
    return largest


def _within(distance: float, n: int, m: int) -> float:
    """P(D < distance) for samples of n and m from one continuous distribution."""
    n, m = sorted((n, m))
    # D takes only multiples of 1/(n·m); half a step below the observed one keeps rounding out of the comparison.
    bound = (0.5 + math.floor(distance * n * m - 1e-7)) / (n * m)
    paths = [0.0 if j / m > bound else 1.0 for j in range(m + 1)]
    for i in range(1, n + 1):
        weight = i / (i + m)
        paths[0] = 0.0 if i / n > bound else weight * paths[0]
        for j in range(1, m + 1):
            inside = abs(i / n - j / m) <= bound
            paths[j] = weight * paths[j] + paths[j - 1] if inside else 0.0
    return paths[m]
