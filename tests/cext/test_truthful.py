import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import paretide.cext.crowding as classic
import paretide.cext.reference as oracle
import paretide.cext.truthful as kernel
from paretide.errors import ConfigurationError, ShapeError

finite = st.floats(allow_nan=False, allow_infinity=False)
grid = st.integers(-2, 2).map(float)
unit = st.floats(0, 1)
sizes = st.tuples(st.integers(0, 14), st.integers(1, 5))
seeds = st.integers(0, 2**32)


def fronts(*elements):
    return st.sampled_from(elements).flatmap(lambda e: arrays(np.float64, sizes, elements=e))


every_front = fronts(finite, unit, grid, st.just(3.0))


def apart(F):
    """(n, n) L1 distances, each objective as a share of its range, those without range left out."""
    ranges = F.max(axis=0, initial=-9) - F.min(axis=0, initial=9)
    shares = F[:, ranges > 0] / ranges[ranges > 0]
    return np.abs(shares[:, None] - shares[None]).sum(axis=2), shares.shape[1]


def lattice(side):
    """The Pareto front of 3-OMM, (side ** 2, 3): every point is the only one of its value."""
    a, b = np.divmod(np.arange(side**2), side)
    return np.stack([a + b, -a, -b], axis=1) * 1.0


@settings(deadline=None, max_examples=200)
@given(every_front, seeds, st.booleans())
def test_distances_are_those_of_the_oracle(call, F, seed, tied):
    rng = np.random.default_rng(seed)
    standing = rng.integers(0, 2, len(F)) * 1.0 if tied else rng.random(len(F))
    distance = call(kernel.truthful_distance, F, standing)
    assert not np.isnan(distance).any()
    np.testing.assert_array_equal(distance, oracle.truthful_distance(F, standing))


@settings(deadline=None, max_examples=200)
@given(every_front, seeds, st.floats(0, 1), st.booleans())
def test_truncation_is_that_of_the_oracle(call, F, seed, share, tied):
    rng = np.random.default_rng(seed)
    n = len(F)
    standing, priority = rng.integers(0, 2, (2, n)) * 1.0 if tied else rng.random((2, n))
    keep = round(share * n)
    kept = call(kernel.truncate_truthful, F, standing, priority, keep)
    assert kept.dtype == np.int64
    np.testing.assert_array_equal(kept, oracle.truncate_truthful(F, standing, priority, keep))


@pytest.mark.parametrize("n_obj", [2, 4])
def test_truncation_of_larger_fronts(n_obj):
    rng = np.random.default_rng(n_obj)
    for F in (rng.integers(0, 4, (60, n_obj)) * 1.0, rng.random((60, n_obj))):
        standing, priority = rng.random((2, 60))
        for keep in (1, 30):
            np.testing.assert_array_equal(
                kernel.truncate_truthful(F, standing, priority, keep),
                oracle.truncate_truthful(F, standing, priority, keep),
            )


@settings(deadline=None)
@given(fronts(grid, unit, finite), seeds)
def test_of_equal_points_only_the_first_has_a_distance(F, seed):
    standing = np.random.default_rng(seed).random(len(F))
    distance = kernel.truthful_distance(F, standing)
    for i, k in itertools.permutations(range(len(F)), 2):
        if (F[i] == F[k]).all() and standing[i] > standing[k]:
            assert distance[i] == 0


@settings(deadline=None)
@given(fronts(grid, unit), seeds)
def test_a_small_distance_means_that_a_similar_point_is_there(F, seed):
    distance = kernel.truthful_distance(F, np.random.default_rng(seed).random(len(F)))
    between, ranges = apart(F)
    np.fill_diagonal(between, np.inf)
    if ranges:
        least = between.min(axis=1, initial=np.inf)
        assert (least * ranges <= distance * (1 + 1e-9)).all()
    else:
        assert (distance == 0).all()


@settings(deadline=None)
@given(fronts(grid, unit), seeds)
def test_the_best_in_each_objective_is_beyond_measure(F, seed):
    standing = np.random.default_rng(seed).random(len(F))
    distance = kernel.truthful_distance(F, standing)
    best = {np.lexsort((standing, values))[0] for values in F.T if len(F) and np.ptp(values) > 0}
    np.testing.assert_array_equal(np.flatnonzero(np.isinf(distance)), sorted(best))


@settings(deadline=None)
@given(fronts(grid, unit), seeds, seeds)
def test_distances_do_not_depend_on_the_order_of_rows_nor_of_objectives(F, seed, order):
    standing = np.random.default_rng(seed).random(len(F))
    distance = kernel.truthful_distance(F, standing)
    shuffle = np.random.default_rng(order)
    rows, columns = shuffle.permutation(len(F)), shuffle.permutation(F.shape[1])
    np.testing.assert_array_equal(kernel.truthful_distance(F[rows], standing[rows]), distance[rows])
    np.testing.assert_allclose(kernel.truthful_distance(F[:, columns], standing), distance)


@settings(deadline=None)
@given(fronts(grid), seeds, st.data())
def test_no_value_is_lost_where_there_is_a_place_for_each(F, seed, data):
    values = np.unique(F, axis=0)
    keep = data.draw(st.integers(len(values), len(F)))
    standing, priority = np.random.default_rng(seed).random((2, len(F)))
    kept = kernel.truncate_truthful(F, standing, priority, keep)
    np.testing.assert_array_equal(np.unique(F[kept], axis=0), values)


def test_points_alone_in_their_region_differ_from_copies():
    # In each of three objectives most of these points stand between two of equal value.
    F = lattice(6)
    rng = np.random.default_rng(0)
    usual = classic.crowding_distance(F, classic.sort_objectives(F, rng))
    assert (usual == 0).sum() >= 6
    assert (kernel.truthful_distance(F, rng.random(36)) > 0).all()
    # With a copy of each there is room for one: the usual distance keeps some pairs whole.
    twice = np.concatenate([F, F])
    standing, priority = rng.random((2, 72))
    order = classic.sort_objectives(twice, rng)
    assert len(np.unique(twice[classic.truncate(twice, order, priority, 36)], axis=0)) < 36
    kept = kernel.truncate_truthful(twice, standing, priority, 36)
    assert sorted(kept % 36) == list(range(36))


def test_distances_by_hand():
    F = np.array([[0.0, 4.0], [1.0, 1.0], [4.0, 0.0]])
    # Points 0 and 1 are 1/4 + 3/4 apart, 1 and 2 as well. Rows: 0 1 2 and 2 1 0.
    np.testing.assert_array_equal(kernel.truthful_distance(F, np.zeros(3)), [np.inf, 2.0, np.inf])
    F = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 4.0]])
    # Both rows are 0 1 2: the last is as far from 1 in both, the worst is no extreme.
    np.testing.assert_array_equal(
        kernel.truthful_distance(F, np.zeros(3)), [np.inf, 2 * 0.75, 2 * 1.25]
    )


def test_ties_in_an_objective_stand_as_they_are_told_to():
    F = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    # Row 0 holds 1 and 0 before 2, row 1 holds 2 and 0 before 1.
    expected = {
        (0, 1, 2): [np.inf, 1 + 1, 1 + 1],
        (1, 0, 2): [np.inf, np.inf, 1 + 1],
        (1, 2, 0): [1 + 1, np.inf, np.inf],
    }
    for first_to_last, distance in expected.items():
        standing = np.argsort(first_to_last) * 1.0
        np.testing.assert_array_equal(kernel.truthful_distance(F, standing), distance)


@settings(deadline=None)
@given(fronts(grid, unit), seeds, st.floats(-5, 5), st.floats(0, 1))
def test_an_objective_without_range_contributes_nothing(F, seed, value, share):
    rng = np.random.default_rng(seed)
    standing, priority = rng.random((2, len(F)))
    wider = np.insert(F, rng.integers(F.shape[1] + 1), value, axis=1)
    np.testing.assert_array_equal(
        kernel.truthful_distance(wider, standing), kernel.truthful_distance(F, standing)
    )
    keep = round(share * len(F))
    np.testing.assert_array_equal(
        kernel.truncate_truthful(wider, standing, priority, keep),
        kernel.truncate_truthful(F, standing, priority, keep),
    )


def test_an_evenly_spaced_line_thins_out_evenly():
    t = np.arange(9.0)
    F = np.stack([t, 8 - t], axis=1)
    # Where an inner point goes both neighbours are farther from the next, so that they stay.
    np.testing.assert_array_equal(
        kernel.truncate_truthful(F, np.zeros(9), t, 6), [0, 2, 4, 6, 7, 8]
    )


def test_a_removed_best_is_succeeded_by_the_next():
    t = np.arange(5.0)
    F = np.stack([t, -t], axis=1)
    # Of the two extremes, both beyond measure, the smaller priority goes.
    np.testing.assert_array_equal(kernel.truncate_truthful(F, t, t, 2), [0, 4])
    np.testing.assert_array_equal(kernel.truncate_truthful(F, t, t, 1), [4])
    np.testing.assert_array_equal(kernel.truncate_truthful(F, t, -t, 1), [0])
    assert kernel.truncate_truthful(F, t, t, 0).shape == (0,)


def test_a_range_beyond_the_largest_double_is_no_obstacle():
    F = np.array([[-1.7e308], [0.0], [1.7e308]])
    np.testing.assert_array_equal(kernel.truthful_distance(F, np.zeros(3)), [np.inf, 0.5, 0.5])


def test_wrong_shapes_and_sizes_are_refused():
    F = np.arange(6.0).reshape(3, 2)
    with pytest.raises(ShapeError, match="F must be a 2-D array"):
        kernel.truthful_distance(F[0], np.zeros(2))
    with pytest.raises(ShapeError, match="standing must have length 3; got 2"):
        kernel.truthful_distance(F, np.zeros(2))
    with pytest.raises(ShapeError, match="priority must have length 3; got 2"):
        kernel.truncate_truthful(F, np.zeros(3), np.zeros(2), 1)
    with pytest.raises(ConfigurationError, match="keep must be between 0 and 3; got 4"):
        kernel.truncate_truthful(F, np.zeros(3), np.zeros(3), 4)
    with pytest.raises(ConfigurationError, match="keep must be between 0 and 3; got -1"):
        kernel.truncate_truthful(F, np.zeros(3), np.zeros(3), -1)
