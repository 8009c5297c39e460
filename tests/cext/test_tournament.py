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
@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 3), generators)
def test_winners_are_those_of_the_oracle(call, n, k, levels, generator):
    make, seed = generator
    rng = np.random.default_rng(seed)
    rank = rng.integers(0, levels, n)
    crowding = rng.choice([0.5, 1.0, np.inf], n)
    winners = call(kernel.binary_tournament, rank, crowding, k, make(seed))
    assert winners.dtype == np.int64
    np.testing.assert_array_equal(winners, oracle.binary_tournament(rank, crowding, k, make(seed)))


def test_the_stream_goes_on_where_it_stopped():
    rank, crowding = np.zeros(9, dtype=np.int64), np.zeros(9)
    once, twice = np.random.PCG64(3), np.random.PCG64(3)
    whole = kernel.binary_tournament(rank, crowding, 20, once)
    halves = [kernel.binary_tournament(rank, crowding, 10, twice) for _ in range(2)]
    np.testing.assert_array_equal(whole, np.concatenate(halves))
    assert once.state == twice.state


def test_equals_win_equally_often():
    winners = kernel.binary_tournament([0] * 7, [1.0] * 7, 70_000, np.random.PCG64(1))
    counts = np.bincount(winners, minlength=7)
    # Each is binomial(70000, 1/7): deviation 93.
    assert abs(counts - 10_000).max() < 450


def test_the_better_of_two_distinct_contestants_wins():
    n, k = 5, 50_000
    winners = kernel.binary_tournament(np.arange(n), np.zeros(n), k, np.random.PCG64(2))
    shares = np.bincount(winners, minlength=n) / k
    # The best of a pair drawn without replacement is i in n - 1 - i of n (n - 1) / 2 pairs.
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
        together = np.concatenate([call.result() for call in calls])
    whole = kernel.binary_tournament(rank, crowding, 80_000, np.random.PCG64(5))
    # The calls took the stream one after the other, in whatever order.
    np.testing.assert_array_equal(np.sort(together), np.sort(whole))
