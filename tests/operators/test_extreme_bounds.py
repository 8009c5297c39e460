"""Candidates near the largest and the smallest numbers: inside their bounds, never NaN."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.algorithms.breeding import Mates, breeding_for
from paretide.errors import ConfigurationError

number = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=5e-324, allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**53 - 1), 2**53 - 1)
natural = st.integers(1, 2**53 - 1)

SPACES = {
    "real": (pt.Real, number),
    "integer": (pt.Integer, whole),
    "float": (lambda low, high: pt.Space(x=pt.Float(low, high)), number),
    "log": (lambda low, high: pt.Space(x=pt.Float(low, high, log=True)), positive),
    "int": (lambda low, high: pt.Space(x=pt.Int(low, high)), whole),
    "log int": (lambda low, high: pt.Space(x=pt.Int(low, high, log=True)), natural),
}


@pytest.mark.parametrize("kind", SPACES)
@settings(deadline=None, max_examples=60)
@given(data=st.data(), seed=st.integers(0, 2**32), eta=st.sampled_from([0.0, 1.0, 15.0, 9999.0]))
def test_samples_and_children_stay_inside(kind, data, seed, eta):
    make, bound = SPACES[kind]
    low, high = sorted([data.draw(bound), data.draw(bound)])
    assume(low < high)
    if np.isinf(high - low):
        with pytest.raises(ConfigurationError, match="beyond the largest double"):
            make(low, high)
        return
    space = make(low, high)
    mutation = pt.PolynomialMutation(prob=1, eta=eta)
    crossover = pt.SBX(prob=1, prob_var=1, eta=eta)
    breeding = breeding_for(space, crossover=crossover, mutation=mutation)
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X = breeding.children(8, None, rng, None).X
        for _ in range(3):
            assert ((low <= X) & (high >= X)).all()  # and no NaN
            mates = Mates(
                np.arange(8), X, np.zeros(8, "i8"), np.ones(8), np.ones((8, 2)), np.zeros(8)
            )
            X = breeding.children(8, mates, rng, None).X


def test_a_search_near_the_largest_number_finds_the_best():
    class Far(pt.Problem):
        space = pt.Real(0, 1.7e308, n=3)
        objectives = {"a": "min", "b": "min"}

        def evaluate_batch(self, X):
            return np.stack([X[:, 0], 0.8e308 - X[:, 0] / 2 + X[:, 1] / 4 + X[:, 2] / 4], axis=1)

    result = pt.minimize(Far(), pt.NSGA2(size=20), budget=2_000, seed=1)
    assert np.isfinite(result.X).all()
    assert (result.X[:, 1:] < 1.7e307).all()
