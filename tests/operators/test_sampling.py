import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretide.operators.sampling.uniform import bits, uniform

seeds = st.integers(0, 2**32)
columns = st.lists(
    st.tuples(st.floats(-1e100, 1e100), st.floats(1e-9, 1e100), st.sampled_from([0, 0, 2, 3, 7])),
    min_size=1,
    max_size=6,
)


def chi_square(counts):
    expected = counts.sum() / counts.size
    return ((counts - expected) ** 2 / expected).sum()


def unlikely(freedom):
    return freedom + 5 * math.sqrt(2 * freedom)


@settings(deadline=None)
@given(columns, st.integers(0, 20), seeds)
def test_samples_lie_inside(columns, n, seed):
    low, width, categories = (np.array(c) for c in zip(*columns, strict=True))
    low = np.where(categories > 0, 0.0, low)
    high = np.where(categories > 0, categories - 1.0, low + width)
    Z = uniform(n, low, high, categories, np.random.default_rng(seed))
    assert Z.shape == (n, len(columns))
    assert Z.dtype == np.float64
    np.testing.assert_array_equal(np.clip(Z, low, high), Z)
    listed = categories > 0
    np.testing.assert_array_equal(Z[:, listed], np.rint(Z[:, listed]))


def test_samples_are_uniform_and_columns_independent():
    n = 6400
    Z = uniform(
        n,
        np.array([-1.0, 0, 0]),
        np.array([3.0, 3, 1]),
        np.array([0, 4, 2]),
        np.random.default_rng(11),
    )
    cells = np.stack([(Z[:, 0] + 1) // 1, Z[:, 1], Z[:, 2]], axis=1).astype(int)
    counts = np.zeros((4, 4, 2))
    np.add.at(counts, tuple(cells.T), 1)
    assert chi_square(counts) < unlikely(31)


def test_bits_are_fair_and_independent():
    X = bits(6400, 6, np.random.default_rng(12))
    assert X.dtype == np.bool_
    assert chi_square(np.bincount(X @ (1 << np.arange(6)), minlength=64)) < unlikely(63)


@pytest.mark.parametrize("n", [0, 1, 17])
def test_one_seed_gives_one_sample(n):
    bounds = np.zeros(3), np.full(3, 2.0), np.array([0, 3, 0])
    one, other = (uniform(n, *bounds, np.random.default_rng(5)) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    one, other = (bits(n, 3, np.random.default_rng(5)) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    if n == 17:
        assert one.tobytes() != bits(n, 3, np.random.default_rng(6)).tobytes()
