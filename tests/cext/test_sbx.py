import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import paretide.cext.reference as oracle
import paretide.cext.sbx as kernel
from paretide.errors import ConfigurationError, ShapeError

probabilities = st.sampled_from([0.0, 0.5, 0.9, 1.0])


def parents(seed, k, n_var):
    """Draw bounds, some of them equal, and parents, some of them equal, near or at a bound."""
    rng = np.random.default_rng(seed)
    lower = rng.normal(0, 10.0, n_var)
    upper = lower + rng.choice([0.0, 1e-3, 1.0, 1e3], n_var)
    A, B = (lower + rng.choice([0.0, 0.3, 1.0, np.nan], (k, n_var)) * (upper - lower) for _ in "AB")
    for X in (A, B):
        X[np.isnan(X)] = rng.uniform(lower, upper, (k, n_var))[np.isnan(X)]
        np.clip(X, lower, upper, out=X)
    return A, B, lower, upper


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(0, 8),
    st.integers(0, 6),
    st.sampled_from([0.0, 2.0, 15.0, 100.0]),
    probabilities,
    probabilities,
)
def test_children_are_those_of_the_oracle(call, seed, k, n_var, eta, prob, prob_var):
    A, B, lower, upper = parents(seed, k, n_var)
    arguments = (A, B, lower, upper, eta, prob, prob_var)
    children = call(kernel.sbx, *arguments, np.random.PCG64(seed))
    expected = oracle.sbx(*arguments, np.random.PCG64(seed))
    # Only the last bits of a power may depend on the C library.
    np.testing.assert_allclose(children, expected, rtol=1e-12, atol=1e-12)
    assert children.shape == (2 * k, n_var)
    assert ((lower <= children) & (children <= upper)).all()


def test_what_is_not_crossed_stays_the_same_to_the_bit():
    A, B, lower, upper = parents(1, 200, 5)
    A[0, 0] = -0.0 if lower[0] <= 0 <= upper[0] else A[0, 0]
    same = kernel.sbx(A, B, lower, upper, 15, 0.0, 1.0, np.random.PCG64(1))
    assert same[0::2].tobytes() == A.tobytes()
    assert same[1::2].tobytes() == B.tobytes()
    some = kernel.sbx(A, B, lower, upper, 15, 0.8, 0.5, np.random.PCG64(1))
    changed = (some[0::2] != A) | (some[1::2] != B)
    fixed = (lower == upper) | (abs(A - B) <= 1e-14)
    assert not (changed & fixed).any()
    # Binomial: pairs crossed 0.8 (of five variables one at least), variables of those 0.5.
    free = ~fixed
    assert abs(changed[free].mean() - 0.4) < 0.08


def test_the_mean_of_a_pair_is_kept_where_bounds_are_alike():
    A, B = np.full((500, 1), 0.4), np.full((500, 1), 0.6)
    children = kernel.sbx(A, B, [0.0], [1.0], 5, 1.0, 1.0, np.random.PCG64(2))
    np.testing.assert_allclose(children.reshape(500, 2).sum(axis=1), 1.0)


@pytest.mark.parametrize("eta", [0.0, 2.0, 15.0])
def test_the_spread_is_distributed_as_published(eta):
    low, near, far, high = 0.0, 0.2, 0.5, 1.2
    k = 20_000
    A, B = np.full((k, 1), near), np.full((k, 1), far)
    children = kernel.sbx(A, B, [low], [high], eta, 1.0, 1.0, np.random.PCG64(7)).reshape(k, 2)
    down, up = children.min(axis=1), children.max(axis=1)

    def spread(beta):  # Deb and Agrawal (1995), integrated
        return np.where(
            beta <= 1, 0.5 * beta ** (eta + 1), 1 - 0.5 * np.maximum(beta, 1) ** -(eta + 1)
        )

    for beta, room in (
        ((near + far - 2 * down) / (far - near), near - low),
        ((2 * up - near - far) / (far - near), high - far),
    ):
        most = 1 + 2 * room / (far - near)
        fit = stats.kstest(beta, lambda b, most=most: spread(b) / spread(np.array(most)))
        assert fit.pvalue > 1e-3
    swapped = (children[:, 0] > children[:, 1]).mean()
    assert abs(swapped - 0.5) < 0.015


def test_parents_outside_by_a_rounding_error_still_give_numbers():
    A, B = np.array([[-1e-17]]), np.array([[1.0 + 1e-15]])
    for seed in range(50):
        children = kernel.sbx(A, B, [0.0], [1.0], 2, 1.0, 1.0, np.random.PCG64(seed))
        assert ((children >= 0) & (children <= 1)).all()


def test_wrong_arguments_are_refused():
    A, source = np.zeros((2, 3)), np.random.PCG64()
    low, high = np.zeros(3), np.ones(3)
    with pytest.raises(ShapeError, match=r"B must have shape \(2, 3\); got \(2, 2\)"):
        kernel.sbx(A, A[:, :2], low, high, 2, 1, 1, source)
    with pytest.raises(ShapeError, match="lower must have length 3; got 1"):
        kernel.sbx(A, A, low[:1], high, 2, 1, 1, source)
    with pytest.raises(ConfigurationError, match=r"variable 1 has lower 0\.0 and upper -1\.0"):
        kernel.sbx(A, A, low, [1, -1, 1], 2, 1, 1, source)
    with pytest.raises(ConfigurationError, match="finite upper - lower"):
        kernel.sbx(A, A, low, [1, np.inf, 1], 2, 1, 1, source)
    with pytest.raises(ConfigurationError, match="eta must be finite and >= 0; got -1"):
        kernel.sbx(A, A, low, high, -1, 1, 1, source)
    with pytest.raises(ConfigurationError, match="prob_var must be a probability"):
        kernel.sbx(A, A, low, high, 2, 1, 1.5, source)
    with pytest.raises(ConfigurationError, match="prob must be a probability"):
        kernel.sbx(A, A, low, high, 2, np.nan, 1, source)
