import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.operators import indicators
from paretide.operators.indicators import directions, hypervolume, hypervolumes

grid = st.integers(0, 6).map(float)


def counted(F, reference):
    """Unit cells below the reference that some row dominates."""
    axes = np.meshgrid(*(np.arange(r) for r in reference), indexing="ij")
    cells = np.stack([a.ravel() for a in axes], axis=1)
    return (F[:, None, :] <= cells[None]).all(axis=2).any(axis=0).sum()


def test_by_hand():
    F = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])
    reference = np.array([4.0, 4.0])
    # Three strips: 3 x 1, 2 x 1 and 1 x 1.
    assert hypervolume(F, reference) == pytest.approx(6)
    assert hypervolume(F[1:2], reference) == pytest.approx(4)
    assert hypervolume(np.array([[0.0, 0.0, 0.0]]), np.array([2.0, 3.0, 4.0])) == pytest.approx(24)


def test_nothing_has_no_volume():
    assert hypervolume(np.empty((0, 2)), np.ones(2)) == 0.0
    assert hypervolume(np.array([[1.0, 0.0], [2.0, -5.0]]), np.array([1.0, 1.0])) == 0.0


def test_dominated_and_repeated_rows_add_nothing():
    F = np.array([[1.0, 3.0], [3.0, 1.0]])
    more = np.concatenate([F, F, F + 0.5])
    assert hypervolume(more, [4.0, 4.0]) == pytest.approx(hypervolume(F, [4.0, 4.0]))


def test_the_arguments_stay_as_they_are():
    F, reference = np.array([[1.0, 3.0], [9.0, 1.0]]), np.array([4.0, 4.0])
    before = F.copy(), reference.copy()
    value = hypervolume(F, reference)
    assert isinstance(value, float)
    np.testing.assert_array_equal(F, before[0])
    np.testing.assert_array_equal(reference, before[1])


@settings(deadline=None)
@given(
    st.integers(2, 3).flatmap(
        lambda m: arrays(float, st.tuples(st.integers(1, 8), st.just(m)), elements=grid)
    )
)
def test_on_a_grid_it_is_a_count_of_cells(F):
    reference = np.full(F.shape[1], 5.0)
    assert hypervolume(F, reference) == pytest.approx(counted(F, reference))


def simplex(n, m, seed=0):
    """Points of which none dominates another."""
    x = np.random.default_rng(seed).exponential(size=(n, m))
    return x / x.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_obj", [3, 4, 5, 6])
def test_the_approximation_is_near_the_exact_value(n_obj, monkeypatch):
    F, reference = simplex(50, n_obj), np.full(n_obj, 1.1)
    exact = hypervolumes([F, F[:30]], reference)
    assert not exact.approximate
    monkeypatch.setattr(indicators, "EXACT", {})
    near = hypervolumes([F, F[:30]], reference)
    assert near.approximate
    np.testing.assert_allclose(near.values, exact.values, rtol=2e-3)
    np.testing.assert_allclose(near.shares, exact.shares, rtol=2e-3)
    monkeypatch.setattr(indicators, "MOST_OBJECTIVES", 2)
    np.testing.assert_allclose(hypervolumes([F, F[:30]], reference).values, exact.values, rtol=2e-2)


@pytest.mark.parametrize("n_obj", [5, 12, 31, 32, 60])
def test_more_points_never_take_volume_away(n_obj, monkeypatch):
    monkeypatch.setattr(indicators, "EXACT", {})
    monkeypatch.setattr(indicators, "EXACT_BEYOND", 0)
    monkeypatch.setattr(indicators, "MOST_DIRECTIONS", 2**10)
    F = simplex(60, n_obj)
    found = hypervolumes([F[:k] for k in range(1, 61, 7)], np.full(n_obj, 0.9))
    assert found.approximate
    assert (np.diff(found.values) >= 0).all()
    assert found == hypervolumes([F[:k] for k in range(1, 61, 7)], np.full(n_obj, 0.9))


def test_what_is_exact_is_decided_by_counts():
    assert directions([1_000_000], 3) == 0
    assert directions([300], 6) == 0
    assert directions([301], 6) > 0
    assert directions([300] * 11, 6) > 0
    assert directions([15, 15], 12) == 0
    assert directions([400, 380], 12) == indicators.MOST_DIRECTIONS
    assert directions([400] * 200, 12) < indicators.MOST_DIRECTIONS
    assert directions([10**7], 12) == indicators.FEWEST_DIRECTIONS
    assert directions([400], 12) > directions([400], 40)


def test_many_points_with_many_objectives_take_a_moment():
    began = time.process_time()
    hypervolumes([simplex(400, 12), simplex(380, 12)], np.full(12, 1.1))
    hypervolumes([simplex(400, 40)], np.full(40, 1.1))
    assert time.process_time() - began < 10


@settings(deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda m: arrays(float, st.tuples(st.integers(1, 8), st.just(m)), elements=grid)
    ),
    st.integers(-1000, 1000),
)
def test_units_change_nothing(F, exponent):
    reference = np.full(F.shape[1], 5.0)
    plain = hypervolumes([F], reference)
    scale = np.ones(F.shape[1])
    scale[0] = 2.0**exponent
    scaled = hypervolumes([F * scale], reference * scale)
    assert scaled.shares == plain.shares
    assert scaled.values[0] == plain.values[0] * 2.0**exponent


huge = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda m: st.tuples(
            arrays(float, st.tuples(st.integers(1, 6), st.just(m)), elements=huge),
            arrays(float, m, elements=huge),
        )
    )
)
def test_no_values_are_too_large_or_too_small(case):
    F, reference = case
    found = hypervolumes([F, F[:1]], reference)
    assert not np.isnan(found.values).any()
    assert (np.array(found.values) >= 0).all()
    whole, one = found.shares
    assert 0 <= one <= whole * (1 + 1e-9) <= 1 + 1e-6
    assert (whole > 0) == bool((reference > F).all(axis=1).any())


def test_beyond_the_largest_number_it_is_infinite_and_its_share_is_not():
    F = np.array([[-1e308, 1e308], [1e308, -1e308]])
    found = hypervolumes([F], np.full(2, 1.5e308))
    assert found.values == [np.inf]
    assert found.shares[0] == pytest.approx((2 * 2.5 * 0.5 - 0.25) / 2.5**2)
