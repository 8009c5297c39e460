import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide import SBX, Binary, BitFlip, PolynomialMutation, UniformCrossover
from paretide.errors import ConfigurationError
from paretide.operators.crossover.exchange import exchange
from paretide.operators.crossover.sbx import sbx
from paretide.operators.fused import bit_children
from paretide.operators.mutation import polynomial_mutation, redraw_categories

seeds = st.integers(0, 2**32)
probabilities = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)
units = st.floats(0, 1)
pairs = st.tuples(st.integers(0, 12), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(
        arrays(np.float64, shape, elements=units), arrays(np.float64, shape, elements=units)
    )
)


# -- settings --------------------------------------------------------------------------------------

NO_PROBABILITY = [-0.1, 1.1, math.nan, math.inf, "0.5", True, [0.5]]
NO_ETA = [-1, -1e-9, math.nan, math.inf, 1e4, "15", True]


@pytest.mark.parametrize("value", [*NO_PROBABILITY, None], ids=repr)
@pytest.mark.parametrize("name", ["prob", "prob_var"])
def test_sbx_refuses_what_is_no_probability(name, value):
    with pytest.raises(ConfigurationError, match=rf"SBX {name} must") as caught:
        SBX(**{name: value})
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", [*NO_PROBABILITY, None], ids=repr)
@pytest.mark.parametrize("name", ["prob", "prob_var"])
def test_uniform_crossover_refuses_what_is_no_probability(name, value):
    with pytest.raises(ConfigurationError, match=rf"UniformCrossover {name} must") as caught:
        UniformCrossover(**{name: value})
    assert repr(value) in str(caught.value)


@given(seeds, st.integers(0, 9), st.integers(1, 9), probabilities, probabilities)
def test_uniform_crossover_exchanges_values_of_its_parents(seed, k, n_var, prob, prob_var):
    rng = np.random.default_rng(seed)
    A, B = rng.random((2, k, n_var)) < 0.5
    children = UniformCrossover(prob=prob, prob_var=prob_var)(A, B, Binary(n_var), rng)
    assert children.dtype == np.bool_
    one, other = children[0::2], children[1::2]
    assert ((one == A) & (other == B) | (one == B) & (other == A)).all()
    if prob * prob_var == 0:
        assert (one == A).all()
    if prob * prob_var == 1:
        assert (one == B).all()


@pytest.mark.parametrize("kind", [PolynomialMutation, BitFlip])
@pytest.mark.parametrize("value", NO_PROBABILITY, ids=repr)
def test_mutation_refuses_what_is_no_probability(kind, value):
    with pytest.raises(ConfigurationError, match=f"{kind.__name__} prob must") as caught:
        kind(prob=value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("kind", [SBX, PolynomialMutation])
@pytest.mark.parametrize("value", [*NO_ETA, None], ids=repr)
def test_an_eta_is_a_number(kind, value):
    with pytest.raises(ConfigurationError, match=f"{kind.__name__} eta must") as caught:
        kind(eta=value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("kind", [SBX, PolynomialMutation, BitFlip])
def test_settings_are_by_keyword_known_and_frozen(kind):
    with pytest.raises(TypeError):
        kind(0.5)
    with pytest.raises(TypeError, match="probability"):
        kind(probability=0.5)
    operator = kind(prob=1)
    with pytest.raises(AttributeError):
        operator.prob = 0.5
    assert eval(repr(operator)) == operator
    assert kind(prob=0) == kind(prob=0.0)


# -- SBX and polynomial mutation -------------------------------------------------------------------


@settings(deadline=None)
@given(pairs, probabilities, probabilities, st.floats(0, 100), seeds)
def test_sbx_keeps_the_bounds_and_hands_on_what_it_does_not_cross(parents, prob, var, eta, seed):
    A, B = parents
    n_var = A.shape[1]
    operator = SBX(prob=prob, prob_var=var, eta=eta)
    lower, upper = np.zeros(n_var), np.ones(n_var)
    children = sbx(A, B, lower, upper, operator, np.random.default_rng(seed))
    assert children.shape == (2 * len(A), n_var)
    assert (children >= 0).all()
    assert (children <= 1).all()
    if prob == 0 or var == 0:
        np.testing.assert_array_equal(children[0::2], A)
        np.testing.assert_array_equal(children[1::2], B)
    same = A == B
    np.testing.assert_array_equal(children[0::2][same], A[same])
    np.testing.assert_array_equal(children[1::2][same], A[same])


def test_far_from_its_bounds_sbx_keeps_the_mean_of_the_parents():
    rng = np.random.default_rng(3)
    A, B = rng.random((50, 4)), rng.random((50, 4))
    bounds = np.full(4, -1e6), np.full(4, 1e6)
    children = sbx(A, B, *bounds, SBX(prob=1, prob_var=1), rng)
    np.testing.assert_allclose(children[0::2] + children[1::2], A + B, atol=1e-9)


@settings(deadline=None)
@given(pairs, probabilities, st.floats(0, 100), seeds)
def test_polynomial_mutation_keeps_the_bounds(parents, prob, eta, seed):
    Z, _ = parents
    before = Z.copy()
    n_var = Z.shape[1]
    rng = np.random.default_rng(seed)
    mutated = polynomial_mutation(Z, np.zeros(n_var), np.ones(n_var), eta, prob, rng)
    np.testing.assert_array_equal(Z, before)
    assert mutated.shape == Z.shape
    assert (mutated >= 0).all()
    assert (mutated <= 1).all()
    if prob == 0:
        np.testing.assert_array_equal(mutated, Z)


def test_a_larger_eta_makes_smaller_changes():
    Z = np.full((2000, 1), 0.5)
    spread = [
        np.abs(polynomial_mutation(Z, [0.0], [1.0], eta, 1.0, np.random.default_rng(1)) - Z).mean()
        for eta in (1, 5, 20, 100)
    ]
    assert spread == sorted(spread, reverse=True)
    assert spread[0] > 5 * spread[-1]


# -- exchange --------------------------------------------------------------------------------------


@settings(deadline=None)
@given(pairs, probabilities, seeds)
def test_exchanged_children_have_their_parents_values(parents, prob, seed):
    A, B = parents
    before = A.copy(), B.copy()
    children = exchange(A, B, prob, np.random.default_rng(seed))
    np.testing.assert_array_equal(A, before[0])
    np.testing.assert_array_equal(B, before[1])
    assert children.shape == (2 * len(A), A.shape[1])
    first, second = children[0::2], children[1::2]
    straight, crossed = (first == A) & (second == B), (first == B) & (second == A)
    assert (straight | crossed).all()
    if prob == 0:
        assert straight.all()
    if prob == 1:
        assert crossed.all()


def test_each_value_is_exchanged_by_itself():
    A, B = np.zeros((4000, 2)), np.ones((4000, 2))
    swapped = exchange(A, B, 0.25, np.random.default_rng(9))[0::2]
    counts = np.bincount((swapped @ [1, 2]).astype(int), minlength=4)
    expected = 4000 * np.array([9, 3, 3, 1]) / 16
    assert ((counts - expected) ** 2 / expected).sum() < 16.3  # chi-square, 3 degrees, 0.999


# -- values without an order -----------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(st.integers(2, 9), min_size=1, max_size=5),
    st.integers(0, 15),
    probabilities,
    seeds,
)
def test_a_redrawn_value_is_another_one_and_valid(categories, n, prob, seed):
    rng = np.random.default_rng(seed)
    categories = np.array(categories)
    Z = rng.integers(0, categories, (n, len(categories))).astype(float)
    before = Z.copy()
    redrawn = redraw_categories(Z, categories, prob, rng)
    np.testing.assert_array_equal(Z, before)
    assert redrawn.shape == Z.shape
    assert (redrawn == np.rint(redrawn)).all()
    assert (redrawn >= 0).all()
    assert (redrawn < categories).all()
    if prob == 0:
        np.testing.assert_array_equal(redrawn, Z)
    if prob == 1:
        assert (redrawn != Z).all()


def test_every_other_value_is_as_likely():
    Z = np.full((3000, 1), 2.0)
    redrawn = redraw_categories(Z, np.array([4]), 1.0, np.random.default_rng(4))
    counts = np.bincount(redrawn[:, 0].astype(int), minlength=4)
    assert counts[2] == 0
    assert ((counts[[0, 1, 3]] - 1000) ** 2 / 1000).sum() < 13.8  # 2 degrees, 0.999


def test_redraws_happen_with_their_probability():
    Z = np.zeros((5000, 2))
    changed = redraw_categories(Z, np.array([2, 9]), 0.3, np.random.default_rng(4)) != Z
    assert np.abs(changed.sum(axis=0) - 1500).max() < 4 * math.sqrt(5000 * 0.21)


# -- bits ------------------------------------------------------------------------------------------


def test_bits_flip_with_their_probability_and_never_in_place():
    X = np.random.default_rng(0).integers(0, 2, (400, 5), dtype=bool)
    before = X.copy()
    equal = np.zeros(400, dtype=np.int64), np.ones(400)
    children, rows = bit_children(X, *equal, 4000, 0.2, np.random.default_rng(1))
    np.testing.assert_array_equal(X, before)
    assert (rows[:, 1] == -1).all()
    own = X[rows[:, 0]]
    assert np.abs((children != own).sum(axis=0) - 800).max() < 4 * math.sqrt(4000 * 0.16)
    children, rows = bit_children(X, *equal, 40, 0.0, np.random.default_rng(1))
    np.testing.assert_array_equal(children, X[rows[:, 0]])
    children, rows = bit_children(X, *equal, 40, 1.0, np.random.default_rng(1))
    np.testing.assert_array_equal(children, ~X[rows[:, 0]])
