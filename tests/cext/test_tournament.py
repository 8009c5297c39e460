from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide.cext.reference as oracle
import paretide.cext.tournament as kernel
from paretide.errors import ConfigurationError, ShapeError

generators = st.tuples(
    st.sampled_from([np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]),
    st.integers(0, 2**32),
)


@settings(deadline=None)
@given(
    st.integers(1, 30), st.integers(0, 70), st.integers(1, 3), st.integers(0, 4), generators
)  # fmt: skip
def test_winners_are_those_of_the_oracle(call, n, k, levels, m, generator):
    make, seed = generator
    rng = np.random.default_rng(seed)
    rank = rng.integers(0, levels, n)
    crowding = rng.choice([0.5, 1.0, np.inf], n)
    of_dominance = (rng.integers(0, levels + 1, (n, m)) + 0.0, rng.integers(0, levels, n) + 0.0)
    for also in ((), of_dominance):
        source, same = make(seed), make(seed)
        winners = call(kernel.binary_tournament, rank, crowding, k, make(seed), *also)
        assert winners.dtype == np.int64
        expected = oracle.binary_tournament(rank, crowding, k, same, *also)
        np.testing.assert_array_equal(winners, expected)
        kernel.binary_tournament(rank, crowding, k, source, *also)
        assert source.random_raw() == same.random_raw()


@pytest.mark.parametrize("n", [2, 3, 10, 31])
def test_everybody_meets_as_often_as_everybody_else(n):
    # The best wins whenever it meets anybody: once in a permutation, but for the one left out.
    winners = kernel.binary_tournament(
        np.arange(n), np.zeros(n), 60 * (n // 2), np.random.PCG64(1)
    ).reshape(60, n // 2)
    won = (winners == 0).sum(axis=1)
    assert won.max() == 1
    assert (won == 1).all() if n % 2 == 0 else abs((won == 0).mean() - 1 / n) < 0.25
    assert all(len(set(row)) == n // 2 for row in winners.tolist())


def test_constrained_dominance_decides_before_crowding():
    def wins(F, violation, crowding=(0.0, 1.0)):
        F, violation = np.array(F) + 0.0, np.array(violation) + 0.0
        # The ranks are nonsense: nobody looks at them.
        return set(kernel.binary_tournament(
            [0, 9], crowding, 20, np.random.PCG64(1), F, violation
        ).tolist())  # fmt: skip

    assert wins([[0, 0], [0, 1]], [0, 0]) == {0}  # dominates
    assert wins([[0, 2], [0, 1]], [0, 0], (1.0, 0.0)) == {1}
    assert wins([[0, 1], [1, 0]], [0, 0]) == {1}  # the larger distance
    assert wins([[1, 1], [1, 1]], [0, 0]) == {1}
    assert wins([[1, 1], [1, 1]], [0, 0], (1.0, 1.0)) == {0, 1}  # a coin
    assert wins([[9, 9], [0, 0]], [0, 1]) == {0}  # feasible
    assert wins([[9, 9], [0, 0]], [1, 2]) == {0}  # less violation
    assert wins([[0, 0], [9, 9]], [2, 2]) == {1}  # neither


def test_equals_win_equally_often():
    winners = kernel.binary_tournament([0] * 7, [1.0] * 7, 70_000, np.random.PCG64(1))
    counts = np.bincount(winners, minlength=7)
    # Each is binomial(70000, 1/7): deviation 93.
    assert abs(counts - 10_000).max() < 450


def test_the_better_of_two_distinct_contestants_wins():
    n, k = 5, 50_000
    winners = kernel.binary_tournament(np.arange(n), np.zeros(n), k, np.random.PCG64(2))
    shares = np.bincount(winners, minlength=n) / k
    # The best of a pair without order is i in n - 1 - i of n (n - 1) / 2 pairs.
    np.testing.assert_allclose(shares, [0.4, 0.3, 0.2, 0.1, 0.0], atol=0.012)
    # Equal ranks: the larger distance wins just as the lower rank did, of the same pairs.
    distances = np.arange(n)[::-1] * 1.0
    by_distance = kernel.binary_tournament([0] * n, distances, k, np.random.PCG64(2))
    np.testing.assert_array_equal(by_distance, winners)


def test_one_contestant_wins_without_a_draw():
    source = np.random.PCG64(4)
    before = source.state
    np.testing.assert_array_equal(kernel.binary_tournament([3], [0.0], 4, source), [0] * 4)
    assert source.state == before


def test_wrong_arguments_are_refused():
    source = np.random.PCG64()
    with pytest.raises(ShapeError, match="rank must have between 1"):
        kernel.binary_tournament([], [], 2, source)
    with pytest.raises(ShapeError, match="crowding must have length 2"):
        kernel.binary_tournament([0, 1], [0.0], 2, source)
    for F, violation, message in (
        (np.ones((2, 2)), None, "F and violation go together"),
        (None, np.ones(2), "F and violation go together"),
        (np.ones((3, 2)), np.ones(2), "F must have 2 rows, as many as rank; got 3"),
        (np.ones(2), np.ones(2), "F must be a 2-D array"),
        (np.ones((2, 2)), np.ones(1), "violation must have length 2; got 1"),
    ):
        with pytest.raises(ShapeError, match=message):
            kernel.binary_tournament([0, 1], [0.0, 1.0], 2, source, F, violation)
    with pytest.raises(ShapeError, match="rank must be an array of int64"):
        kernel.binary_tournament([0.0, 1.0], [0.0, 1.0], 2, source)
    with pytest.raises(ConfigurationError, match="k must be >= 0; got -1"):
        kernel.binary_tournament([0, 1], [0.0, 1.0], -1, source)
    with pytest.raises(TypeError, match=r"such as rng\.bit_generator; got Generator"):
        kernel.binary_tournament([0, 1], [0.0, 1.0], 1, np.random.Generator(source))


def test_threads_that_share_a_generator_share_its_stream():
    rank, crowding = np.zeros(2**20, dtype=np.int64), np.zeros(2**20)
    source = np.random.PCG64(5)
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(kernel.binary_tournament, rank, crowding, 20_000, source) for _ in range(4)
        ]
        together = [call.result().tolist() for call in calls]
    same = np.random.PCG64(5)
    apart = [kernel.binary_tournament(rank, crowding, 20_000, same).tolist() for _ in range(4)]
    # The calls took the stream one after the other, in whatever order.
    assert sorted(together) == sorted(apart)
