import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

import paretide.cext.bit_flip as kernel
import paretide.cext.reference as oracle
from paretide.errors import ConfigurationError, ShapeError

bit_strings = arrays(np.bool_, st.tuples(st.integers(0, 12), st.integers(0, 12)))
generators = st.tuples(
    st.sampled_from([np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]),
    st.integers(0, 2**32),
)


@settings(deadline=None)
@given(bit_strings, st.sampled_from([0.0, 5e-324, 1e-3, 0.1, 0.5, 0.9, 1.0]), generators)
def test_flips_are_those_of_the_oracle(call, X, prob, generator):
    make, seed = generator
    flipped = call(kernel.bit_flip, X, prob, make(seed))
    assert flipped.dtype == np.bool_
    np.testing.assert_array_equal(flipped, oracle.bit_flip(X, prob, make(seed)))


def test_none_and_all():
    X = np.random.default_rng(1).random((20, 30)) < 0.5
    source = np.random.PCG64(1)
    before = source.state
    np.testing.assert_array_equal(kernel.bit_flip(X, 0, source), X)
    assert source.state == before
    np.testing.assert_array_equal(kernel.bit_flip(X, 1, source), ~X)


@pytest.mark.parametrize("n_var", [1, 10, 64])
def test_flips_per_row_are_binomial(n_var):
    prob, n = 1 / max(n_var, 3), 30_000
    flips = kernel.bit_flip(np.zeros((n, n_var), bool), prob, np.random.PCG64(n_var)).sum(axis=1)
    most = 6
    seen = np.bincount(np.minimum(flips, most), minlength=most + 1)
    expected = stats.binom.pmf(np.arange(most + 1), n_var, prob)
    expected[most] = stats.binom.sf(most - 1, n_var, prob)
    possible = expected > 0
    assert seen[~possible].sum() == 0
    assert stats.chisquare(seen[possible], n * expected[possible]).pvalue > 1e-3


def test_every_position_is_as_likely_and_independent_of_the_one_before():
    prob, n, n_var = 0.1, 40_000, 12
    flips = kernel.bit_flip(np.zeros((n, n_var), bool), prob, np.random.PCG64(9))
    assert abs(flips.mean(axis=0) - prob).max() < 5 * np.sqrt(prob * (1 - prob) / n)
    both = (flips[:, 1:] & flips[:, :-1]).mean()
    assert abs(both - prob**2) < 5 * prob / np.sqrt(n * (n_var - 1))


def test_the_stream_is_the_same_for_the_same_seed_only():
    X = np.zeros((50, 50), bool)
    one, same, other = (kernel.bit_flip(X, 0.1, np.random.PCG64(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_wrong_arguments_are_refused():
    source = np.random.PCG64()
    with pytest.raises(ShapeError, match="X must be an array of bool; got float64"):
        kernel.bit_flip(np.ones((2, 2)), 0.5, source)
    with pytest.raises(ShapeError, match="X must be a 2-D array"):
        kernel.bit_flip(np.ones(2, bool), 0.5, source)
    with pytest.raises(ConfigurationError, match="prob must be a probability in"):
        kernel.bit_flip(np.ones((2, 2), bool), 1.1, source)
