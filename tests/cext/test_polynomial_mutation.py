import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import paretide.cext.polynomial_mutation as kernel
import paretide.cext.reference as oracle
from paretide.errors import ConfigurationError, ShapeError


def candidates(seed, n, n_var):
    rng = np.random.default_rng(seed)
    lower = rng.normal(0, 10.0, n_var)
    upper = lower + rng.choice([0.0, 1e-3, 1.0, 1e3], n_var)
    X = np.clip(lower + rng.choice([0.0, 0.3, 1.0], (n, n_var)) * (upper - lower), lower, upper)
    return X, lower, upper


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(0, 10),
    st.integers(0, 6),
    st.sampled_from([0.0, 2.0, 20.0, 100.0]),
    st.sampled_from([0.0, 5e-324, 0.01, 0.5, 1.0]),
)
def test_mutants_are_those_of_the_oracle(call, seed, n, n_var, eta, prob):
    X, lower, upper = candidates(seed, n, n_var)
    arguments = (X, lower, upper, eta, prob)
    mutated = call(kernel.polynomial_mutation, *arguments, np.random.PCG64(seed))
    expected = oracle.polynomial_mutation(*arguments, np.random.PCG64(seed))
    # Only the last bits of a power may depend on the C library.
    np.testing.assert_allclose(mutated, expected, rtol=1e-12, atol=1e-12)
    assert ((lower <= mutated) & (mutated <= upper)).all()


@pytest.mark.parametrize("prob", [1 / 40, 0.3, 1.0])
def test_as_many_mutate_as_should(prob):
    X = np.full((500, 40), 0.5)
    mutated = kernel.polynomial_mutation(X, [0] * 40, [1] * 40, 20, prob, np.random.PCG64(3))
    changes = (mutated != X).sum()
    deviation = np.sqrt(X.size * prob * (1 - prob))
    assert abs(changes - X.size * prob) <= 5 * deviation


def test_what_does_not_mutate_stays_the_same_to_the_bit():
    X, lower, upper = candidates(1, 300, 7)
    mutated = kernel.polynomial_mutation(X, lower, upper, 20, 0.1, np.random.PCG64(1))
    assert not (mutated != X)[:, lower == upper].any()
    assert 0 < (mutated != X).sum() < 0.2 * X.size
    none = kernel.polynomial_mutation(X, lower, upper, 20, 0.0, np.random.PCG64(1))
    assert none.tobytes() == X.tobytes()


@pytest.mark.parametrize("eta", [0.0, 5.0, 20.0])
@pytest.mark.parametrize("x", [0.0, 0.1, 0.5, 0.97, 1.0])
def test_steps_are_distributed_as_published(eta, x):
    low, high = -2.0, 3.0
    X = np.full((20_000, 1), low + x * (high - low))
    mutated = kernel.polynomial_mutation(X, [low], [high], eta, 1.0, np.random.PCG64(11))
    delta = (mutated - X)[:, 0] / (high - low)
    # Half of the mass on either side, its density there as (1 - |delta|)**eta up to the bound.
    sides = ((delta[delta < 0], x), (delta[delta > 0], 1 - x))
    for steps, room in sides:
        if room > 0:
            assert abs(len(steps) / len(delta) - 0.5) < 0.02

            def share(t, room=room):
                return (1 - (1 - t) ** (eta + 1)) / (1 - (1 - room) ** (eta + 1))

            assert stats.kstest(abs(steps), share).pvalue > 1e-3


def test_values_outside_by_a_rounding_error_still_give_numbers():
    X = np.array([[-1e-17, 1.0 + 1e-15]])
    for seed in range(50):
        mutated = kernel.polynomial_mutation(X, [0, 0], [1, 1], 2, 1.0, np.random.PCG64(seed))
        assert ((mutated >= 0) & (mutated <= 1)).all()


def test_wrong_arguments_are_refused():
    X, source = np.zeros((2, 3)), np.random.PCG64()
    low, high = np.zeros(3), np.ones(3)
    with pytest.raises(ShapeError, match="X must be a 2-D array"):
        kernel.polynomial_mutation(X[0], low, high, 20, 0.1, source)
    with pytest.raises(ShapeError, match="upper must have length 3; got 4"):
        kernel.polynomial_mutation(X, low, np.ones(4), 20, 0.1, source)
    with pytest.raises(ConfigurationError, match=r"variable 0 has lower 2\.0 and upper 1\.0"):
        kernel.polynomial_mutation(X, low + 2, high, 20, 0.1, source)
    with pytest.raises(ConfigurationError, match="eta must be finite"):
        kernel.polynomial_mutation(X, low, high, np.inf, 0.1, source)
    with pytest.raises(ConfigurationError, match="prob must be a probability"):
        kernel.polynomial_mutation(X, low, high, 20, -0.1, source)
