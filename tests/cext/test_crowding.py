import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import paretide.cext.crowding as kernel
import paretide.cext.reference as oracle
from paretide.errors import ConfigurationError, ShapeError

finite = st.floats(allow_nan=False, allow_infinity=False)
grid = st.integers(-2, 2).map(float)
unit = st.floats(0, 1)
sizes = st.tuples(st.integers(0, 25), st.integers(1, 5))
fronts = st.sampled_from([finite, unit, grid, st.just(3.0)]).flatmap(
    lambda elements: arrays(np.float64, sizes, elements=elements)
)
seeds = st.integers(0, 2**32)


@settings(deadline=None)
@given(fronts, st.none() | seeds)
def test_orders_are_those_of_the_oracle(call, F, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    order = call(kernel.sort_objectives, F, rng)
    assert order.dtype == np.int64
    rng = None if seed is None else np.random.default_rng(seed)
    np.testing.assert_array_equal(order, oracle.sort_objectives(F, rng))


@settings(deadline=None)
@given(fronts, seeds)
def test_distances_are_those_of_the_oracle(call, F, seed):
    order = kernel.sort_objectives(F, np.random.default_rng(seed))
    distance = call(kernel.crowding_distance, F, order)
    assert not np.isnan(distance).any()
    np.testing.assert_array_equal(distance, oracle.crowding_distance(F, order))


@settings(deadline=None, max_examples=300)
@given(fronts, seeds, st.floats(0, 1), st.booleans())
def test_truncation_is_that_of_the_oracle(call, F, seed, share, tied):
    rng = np.random.default_rng(seed)
    n = len(F)
    order = kernel.sort_objectives(F, rng)
    priority = rng.integers(0, 2, n) * 1.0 if tied else rng.permutation(n) * 1.0
    keep = round(share * n)
    kept = call(kernel.truncate, F, order, priority, keep)
    assert kept.dtype == np.int64
    np.testing.assert_array_equal(kept, oracle.truncate(F, order, priority, keep))


@settings(deadline=None)
@given(fronts, seeds, st.floats(0, 1))
def test_truncation_at_once_is_that_of_the_oracle(call, F, seed, share):
    rng = np.random.default_rng(seed)
    distance = kernel.crowding_distance(F, kernel.sort_objectives(F))
    priority = rng.integers(0, 3, len(F)) * 1.0
    keep = round(share * len(F))
    kept = call(kernel.truncate_once, distance, priority, keep)
    np.testing.assert_array_equal(kept, oracle.truncate_once(distance, priority, keep))


@pytest.mark.parametrize("n_obj", [2, 3])
def test_truncation_of_larger_fronts(n_obj):
    rng = np.random.default_rng(n_obj)
    F = rng.integers(0, 40, (150, n_obj)) * 1.0
    order = kernel.sort_objectives(F, rng)
    priority = rng.random(150)
    for keep in (0, 1, 2, 75, 149, 150):
        np.testing.assert_array_equal(
            kernel.truncate(F, order, priority, keep), oracle.truncate(F, order, priority, keep)
        )


@pytest.mark.parametrize("n", [8, 9, 64, 65, 512, 513])
def test_truncation_where_a_tournament_gets_another_round(n):
    rng = np.random.default_rng(n)
    F = rng.integers(0, n, (n, 2)) * 1.0
    order = kernel.sort_objectives(F, rng)
    priority = rng.integers(0, 2, n) * 1.0
    np.testing.assert_array_equal(
        kernel.truncate(F, order, priority, n - 7), oracle.truncate(F, order, priority, n - 7)
    )


def test_an_evenly_spaced_line_thins_out_evenly():
    t = np.arange(9.0)
    F = np.stack([t, 8 - t], axis=1)
    order = kernel.sort_objectives(F)
    # Of equals the smallest priority goes; its neighbours' gaps widen, so they stay.
    np.testing.assert_array_equal(kernel.truncate(F, order, t, 5), [0, 2, 4, 6, 8])
    np.testing.assert_array_equal(kernel.truncate_once(np.zeros(9), t, 5), [4, 5, 6, 7, 8])


def test_distances_by_hand():
    F = np.array([[0.0, 4.0], [1.0, 1.0], [4.0, 0.0]])
    distance = kernel.crowding_distance(F, kernel.sort_objectives(F))
    np.testing.assert_array_equal(distance, [np.inf, 2.0, np.inf])


def test_an_objective_without_range_contributes_nothing():
    F = np.array([[0.0, 7.0], [1.0, 7.0], [4.0, 7.0]])
    distance = kernel.crowding_distance(F, kernel.sort_objectives(F))
    np.testing.assert_array_equal(distance, [np.inf, 1.0, np.inf])
    np.testing.assert_array_equal(kernel.crowding_distance(F[:1], [[0], [0]]), [0.0])


def test_a_removed_extreme_is_succeeded_by_its_neighbour():
    t = np.arange(5.0)
    F = np.stack([t, -t], axis=1)
    order = kernel.sort_objectives(F)
    # At keep = 1 all that is left are extremes: 0 goes before 4, and 4 is alone.
    np.testing.assert_array_equal(kernel.truncate(F, order, t, 2), [0, 4])
    np.testing.assert_array_equal(kernel.truncate(F, order, t, 1), [4])
    np.testing.assert_array_equal(kernel.truncate(F, order, -t, 1), [0])


def test_a_range_beyond_the_largest_double_is_no_obstacle():
    F = np.array([[-1.7e308], [0.0], [1.7e308]])
    distance = kernel.crowding_distance(F, kernel.sort_objectives(F))
    np.testing.assert_array_equal(distance, [np.inf, 1.0, np.inf])


def test_ties_are_ordered_uniformly_and_independently():
    F = np.zeros((3, 2))
    rng = np.random.default_rng(1)
    counts = np.zeros((6, 6))
    names = {p: i for i, p in enumerate(sorted(map(tuple, np.array(list(_permutations(3))))))}
    for _ in range(3600):
        first, second = kernel.sort_objectives(F, rng)
        counts[names[tuple(first)], names[tuple(second)]] += 1
    # 36 cells of 100: chi-square with 35 degrees of freedom has mean 35, deviation 8.4.
    assert ((counts - 100) ** 2 / 100).sum() < 80


def _permutations(n):
    if n == 0:
        yield ()
    else:
        for rest in _permutations(n - 1):
            for position in range(n):
                yield (*rest[:position], n - 1, *rest[position:])


@pytest.mark.parametrize("order", [[[0, 1, 1]], [[0, 1, 3]], [[-1, 0, 1]], [[2, 1, 0]]], ids=str)
def test_an_order_that_does_not_sort_is_refused(order):
    F = np.arange(3.0)[:, None]
    for function in (kernel.crowding_distance, lambda F, o: kernel.truncate(F, o, [0, 0, 0], 1)):
        with pytest.raises(ShapeError, match="row 0 of order"):
            function(F, np.array(order))


def test_wrong_shapes_and_sizes_are_refused():
    F = np.arange(6.0).reshape(3, 2)
    order = kernel.sort_objectives(F)
    with pytest.raises(ShapeError, match=r"order must have shape \(2, 3\)"):
        kernel.crowding_distance(F, order[:1])
    with pytest.raises(ShapeError, match="order must be an array of int64"):
        kernel.crowding_distance(F, order * 1.0)
    with pytest.raises(ShapeError, match="priority must have length 3; got 2"):
        kernel.truncate(F, order, [0.0, 1.0], 1)
    with pytest.raises(ConfigurationError, match="keep must be between 0 and 3; got 4"):
        kernel.truncate(F, order, np.zeros(3), 4)
    with pytest.raises(ConfigurationError, match="keep must be between 0 and 3; got -1"):
        kernel.truncate_once(np.zeros(3), np.zeros(3), -1)
