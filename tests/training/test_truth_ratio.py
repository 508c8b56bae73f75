"""The two-sample test is exact, and truth ratios tell a memory that knows from one that does not."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.base import Base
from training.truth_ratio import Quiz, compare, truth_ratios

VALUES = st.lists(st.floats(0, 10), min_size=1, max_size=30)


def by_counting(first: list[float], second: list[float]) -> float:
    """The p-value by its definition: over all ways to deal the ranks, how many are as far apart."""
    n, total = len(first), len(first) + len(second)
    observed = compare(first, second).distance
    far = ways = 0
    for ranks in combinations(range(total), n):
        rest = [rank for rank in range(total) if rank not in ranks]
        ways += 1
        far += (
            compare([float(r) for r in ranks], [float(r) for r in rest]).distance >= observed - 1e-9
        )
    return far / ways


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]),
        ([1.0, 4.0, 5.0], [2.0, 3.0, 6.0]),
        ([1.0, 2.0, 3.0, 9.0, 10.0], [4.0, 5.0, 6.0, 7.0, 8.0]),
        ([5.0], [1.0, 2.0]),
    ],
)
def test_the_p_value_is_exact(first: list[float], second: list[float]) -> None:
    assert compare(first, second).p == pytest.approx(by_counting(first, second))


def test_two_samples_that_do_not_overlap() -> None:
    """Two of the C(16, 8) = 12,870 ways to deal sixteen ranks are this far apart."""
    found = compare([float(n) for n in range(8)], [float(n) for n in range(8, 16)])
    assert found.distance == 1.0
    assert found.p == pytest.approx(2 / 12_870)


@given(VALUES)
def test_a_sample_is_like_itself(values: list[float]) -> None:
    found = compare(values, values)
    assert (found.distance, found.p) == (0.0, 1.0)


@given(VALUES, VALUES)
def test_the_order_of_the_samples_does_not_matter(first: list[float], second: list[float]) -> None:
    one, other = compare(first, second), compare(second, first)
    assert one.distance == pytest.approx(other.distance)
    assert one.p == pytest.approx(other.p, abs=1e-9)
    assert 0.0 <= one.p <= 1.0


@settings(max_examples=30)
@given(VALUES, VALUES, st.floats(0.5, 3.0))
def test_only_ranks_count(first: list[float], second: list[float], scale: float) -> None:
    scaled = compare([scale * v for v in first], [scale * v for v in second])
    if len({*first, *second}) == len({scale * v for v in (*first, *second)}):
        assert scaled == compare(first, second)


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="nothing"):
        compare([], [1.0])


def test_a_truth_ratio_is_the_mean_wrong_likelihood_over_the_true_one(llama: Base) -> None:
    question = "Where does Nora work?"
    (same,) = truth_ratios(llama, [Quiz(question, "Bergen", ("Bergen",))])
    assert same == pytest.approx(1.0, abs=1e-4)
    one, other = truth_ratios(
        llama, [Quiz(question, "Bergen", ("Oslo",)), Quiz(question, "Oslo", ("Bergen",))]
    )
    assert one * other == pytest.approx(1.0, abs=1e-3)
    (mean,) = truth_ratios(llama, [Quiz(question, "Bergen", ("Oslo", "Bergen"))])
    assert mean == pytest.approx((one + 1.0) / 2, abs=1e-3)
