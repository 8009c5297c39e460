import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.operators.mating import binary_tournament


@settings(deadline=None)
@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(
            arrays(np.int64, n, elements=st.integers(0, 3)),
            arrays(np.float64, n, elements=st.sampled_from([0.0, 0.5, np.inf])),
        )
    ),
    st.integers(0, 40),
    st.integers(0, 2**32),
)
def test_the_one_worse_than_all_others_never_wins(population, k, seed):
    rank, crowding = population
    winners = binary_tournament(rank, crowding, k, np.random.default_rng(seed))
    assert winners.shape == (k,)
    assert winners.dtype == np.int64
    order = np.lexsort((-crowding, rank))
    worst, next_worst = order[-1], order[-2]
    if (rank[worst], -crowding[worst]) != (rank[next_worst], -crowding[next_worst]):
        assert worst not in winners


def test_the_best_wins_as_often_as_it_is_drawn():
    # Of n contestants, two distinct ones drawn: the i-th best wins with 2 (n - i) / (n (n - 1)).
    n, k = 5, 10_000
    rank, crowding = np.array([0, 0, 1, 1, 2]), np.array([np.inf, 0.5, 0.75, 0.25, 9.0])
    winners = binary_tournament(rank, crowding, k, np.random.default_rng(1))
    expected = k * 2 * (n - 1 - np.arange(n)) / (n * (n - 1))
    counts = np.bincount(winners, minlength=n)
    assert counts[-1] == 0
    assert ((counts - expected)[:-1] ** 2 / expected[:-1]).sum() < 16.3  # 3 degrees, 0.999


def test_equals_win_by_a_fair_coin():
    winners = binary_tournament(
        np.zeros(4, dtype=np.int64), np.zeros(4), 4000, np.random.default_rng(2)
    )
    assert ((np.bincount(winners, minlength=4) - 1000) ** 2 / 1000).sum() < 16.3


@pytest.mark.parametrize("k", [0, 1, 5])
def test_alone_one_always_wins(k):
    winners = binary_tournament(np.zeros(1, dtype=np.int64), np.ones(1), k, np.random.default_rng())
    assert winners.tolist() == [0] * k
