import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import paretide.cext.bit_flip as kernel
import paretide.cext.reference as oracle
from paretide.cext import tournament
from paretide.errors import ConfigurationError, ShapeError

generators = st.tuples(
    st.sampled_from([np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]),
    st.integers(0, 2**32),
)


def flipped(X, prob, source):
    """Children of which each is after the row of its number: the flips alone."""
    return np.concatenate(
        [kernel.bit_children(row[None], [0], [1.0], 1, prob, source)[0] for row in X]
    )


def flips_of_zeros(n, n_var, prob, source):
    """(n, n_var), True where a bit was flipped; one parent wins without a draw."""
    children, _ = kernel.bit_children(np.zeros((1, n_var), bool), [0], [1.0], n, prob, source)
    return children


@settings(deadline=None)
@given(
    st.integers(1, 12),
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from([0.0, 5e-324, 1e-3, 0.1, 0.5, 0.9, 1.0]),
    generators,
)
def test_children_are_those_of_the_oracle(n, k, n_var, prob, generator):
    make, seed = generator
    rng = np.random.default_rng(seed)
    X, rank, crowding = rng.random((n, n_var)) < 0.5, rng.integers(0, 2, n), rng.choice([0, 1.0], n)
    source, same = make(seed), make(seed)
    children, rows = kernel.bit_children(X, rank, crowding, k, prob, source)
    expected, expected_rows = oracle.bit_children(X, rank, crowding, k, prob, same)
    assert children.dtype == np.bool_
    assert rows.dtype == np.int64
    np.testing.assert_array_equal(children, expected)
    np.testing.assert_array_equal(rows, expected_rows)
    assert source.random_raw() == same.random_raw()


@settings(deadline=None)
@given(
    st.integers(1, 9),
    st.integers(0, 30),
    st.integers(0, 12),
    st.sampled_from([0.0, 1e-3, 0.1, 0.5, 1.0]),
    st.integers(0, 2**32),
    st.integers(0, 5),
)
def test_duplicates_are_drawn_again(n, k, n_var, prob, seed, redraws):
    rng = np.random.default_rng(seed)
    X, rank, crowding = rng.random((n, n_var)) < 0.5, rng.integers(0, 2, n), rng.choice([0, 1.0], n)
    ids = np.arange(n) * 7 + 3
    source, same = np.random.PCG64(seed), np.random.PCG64(seed)
    children, rows = kernel.bit_children(X, rank, crowding, k, prob, source, redraws, ids)
    expected, expected_rows = oracle.breed_distinct(
        lambda k: kernel.bit_children(X, rank, crowding, k, prob, same), X, k, redraws
    )
    np.testing.assert_array_equal(children, expected)
    np.testing.assert_array_equal(rows, np.where(expected_rows < 0, -1, ids[expected_rows]))
    assert source.state == same.state
    distinct = {tuple(row) for row in np.concatenate([X, children]).tolist()}
    assert len(distinct) == len({tuple(row) for row in X.tolist()}) + len(children)


def test_layout_of_the_arguments_does_not_matter(call):
    rng = np.random.default_rng(2)
    X, rank, crowding = rng.random((20, 9)) < 0.5, rng.integers(0, 3, 20), rng.random(20)
    arguments = (X, rank, crowding, 30, 0.1, np.random.PCG64(2))
    children = call(lambda *a: kernel.bit_children(*a)[0], *arguments)
    rows = call(lambda *a: kernel.bit_children(*a)[1], *arguments)
    assert children.dtype == np.bool_
    winners = tournament.binary_tournament(rank, crowding, 30, np.random.PCG64(2))
    np.testing.assert_array_equal(rows, np.stack([winners, np.full(30, -1)], axis=1))


def test_none_and_all():
    X = np.random.default_rng(1).random((20, 30)) < 0.5
    source = np.random.PCG64(1)
    before = source.state
    np.testing.assert_array_equal(flipped(X, 0, source), X)
    assert source.state == before
    np.testing.assert_array_equal(flipped(X, 1, source), ~X)


@pytest.mark.parametrize("n_var", [1, 10, 64])
def test_flips_per_row_are_binomial(n_var):
    prob, n = 1 / max(n_var, 3), 30_000
    flips = flips_of_zeros(n, n_var, prob, np.random.PCG64(n_var)).sum(axis=1)
    most = 6
    seen = np.bincount(np.minimum(flips, most), minlength=most + 1)
    expected = stats.binom.pmf(np.arange(most + 1), n_var, prob)
    expected[most] = stats.binom.sf(most - 1, n_var, prob)
    possible = expected > 0
    assert seen[~possible].sum() == 0
    assert stats.chisquare(seen[possible], n * expected[possible]).pvalue > 1e-3


def test_every_position_is_as_likely_and_independent_of_the_one_before():
    prob, n, n_var = 0.1, 40_000, 12
    flips = flips_of_zeros(n, n_var, prob, np.random.PCG64(9))
    assert abs(flips.mean(axis=0) - prob).max() < 5 * np.sqrt(prob * (1 - prob) / n)
    both = (flips[:, 1:] & flips[:, :-1]).mean()
    assert abs(both - prob**2) < 5 * prob / np.sqrt(n * (n_var - 1))


def test_the_stream_is_the_same_for_the_same_seed_only():
    one, same, other = (flips_of_zeros(50, 50, 0.1, np.random.PCG64(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_wrong_arguments_are_refused():
    X, rank, crowding, source = np.ones((2, 2), bool), [0, 1], [0.0, 1.0], np.random.PCG64()
    with pytest.raises(ShapeError, match="X must be an array of bool; got float64"):
        kernel.bit_children(np.ones((2, 2)), rank, crowding, 2, 0.5, source)
    with pytest.raises(ShapeError, match="X must be an array of bool; got uint8"):
        kernel.bit_children(np.ones((2, 2), np.uint8), rank, crowding, 2, 0.5, source)
    with pytest.raises(ShapeError, match="X must be a 2-D array"):
        kernel.bit_children(np.ones(2, bool), rank, crowding, 2, 0.5, source)
    with pytest.raises(ShapeError, match=r"X must have between 1 and 2\*\*32 - 1 rows; got 0"):
        kernel.bit_children(X[:0], [], [], 2, 0.5, source)
    with pytest.raises(ShapeError, match="rank must have length 2; got 1"):
        kernel.bit_children(X, [0], crowding, 2, 0.5, source)
    with pytest.raises(ConfigurationError, match="k must be >= 0; got -1"):
        kernel.bit_children(X, rank, crowding, -1, 0.5, source)
    with pytest.raises(ConfigurationError, match="redraws must be >= 0; got -1"):
        kernel.bit_children(X, rank, crowding, 2, 0.5, source, -1)
    with pytest.raises(ShapeError, match="ids must have length 2; got 3"):
        kernel.bit_children(X, rank, crowding, 2, 0.5, source, None, [1, 2, 3])
    with pytest.raises(ConfigurationError, match="prob must be a probability in"):
        kernel.bit_children(X, rank, crowding, 2, 1.1, source)
