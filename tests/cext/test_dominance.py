import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import paretide.cext.dominance as kernel
import paretide.cext.reference as oracle
from paretide.errors import ShapeError

finite = st.floats(allow_nan=False, allow_infinity=False)
grid = st.integers(-2, 2).map(float) | st.just(-0.0)  # ties, duplicates and both zeros
constant = st.just(1.0)
sizes = st.tuples(st.integers(0, 40), st.integers(1, 5))
fronts = st.sampled_from([finite, grid, constant]).flatmap(
    lambda elements: arrays(np.float64, sizes, elements=elements)
)


@settings(deadline=None, max_examples=200)
@given(fronts)
def test_ranks_are_those_of_the_definition(call, F):
    rank = call(kernel.nondominated_rank, F)
    assert rank.dtype == np.int64
    np.testing.assert_array_equal(rank, oracle.nondominated_rank(F))


@settings(deadline=None, max_examples=50)
@given(fronts, st.randoms(use_true_random=False))
def test_ranks_go_with_their_rows(F, shuffler):
    rows = list(range(len(F)))
    shuffler.shuffle(rows)
    np.testing.assert_array_equal(
        kernel.nondominated_rank(F[rows]), kernel.nondominated_rank(F)[rows]
    )


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("levels", [2, 4, 30, None])
def test_ranks_of_larger_sets_agree_with_the_oracle_and_with_moocore(n_obj, levels):
    moocore = pytest.importorskip("moocore")
    rng = np.random.default_rng(n_obj)
    F = rng.random((400, n_obj)) if levels is None else rng.integers(0, levels, (400, n_obj)) * 1.0
    rank = kernel.nondominated_rank(F)
    np.testing.assert_array_equal(rank, oracle.nondominated_rank(F))
    np.testing.assert_array_equal(rank, moocore.pareto_rank(F))


@pytest.mark.parametrize("n_obj", [2, 3, 4])
@pytest.mark.parametrize("shape", ["one front", "a chain"])
def test_the_two_extremes_of_structure(n_obj, shape):
    t = np.random.default_rng(5).permutation(3000) * 1.0
    F = np.tile(t[:, None], n_obj)
    if shape == "one front":
        F[:, -1] = -t
        np.testing.assert_array_equal(kernel.nondominated_rank(F), 0)
    else:
        np.testing.assert_array_equal(kernel.nondominated_rank(F), t)


@pytest.mark.parametrize("n_obj", [3, 4])
def test_many_points_on_several_fronts(n_obj):
    rng = np.random.default_rng(n_obj)
    F = rng.random((150, n_obj))
    F /= np.linalg.norm(F, axis=1, keepdims=True)
    depth = rng.integers(0, 10, len(F))
    # Scaled copies of one sphere: copy d is behind copy d - 1, point by point.
    stacked = np.concatenate([F[depth >= d] * 2.0**d for d in range(10)])
    expected = np.concatenate([np.full((depth >= d).sum(), d) for d in range(10)])
    rank = kernel.nondominated_rank(stacked)
    assert (rank >= expected).all()
    np.testing.assert_array_equal(rank, oracle.nondominated_rank(stacked))


def test_zeros_of_either_sign_are_equal():
    np.testing.assert_array_equal(kernel.nondominated_rank([[0.0, 1.0], [-0.0, 1.0]]), [0, 0])
    np.testing.assert_array_equal(kernel.nondominated_rank([[0.0, 1, 2], [-0.0, 1, 3]]), [0, 1])


def test_integers_are_accepted():
    np.testing.assert_array_equal(kernel.nondominated_rank(np.array([[3, 1], [3, 2]])), [0, 1])


@given(arrays(np.float64, array_shapes(min_dims=1, max_dims=3), elements=constant))
@settings(deadline=None, max_examples=20)
def test_other_shapes_are_refused(F):
    if F.ndim != 2:
        with pytest.raises(ShapeError, match="F must be a 2-D array"):
            kernel.nondominated_rank(F)


def test_no_objective_is_refused():
    with pytest.raises(ShapeError, match="at least one objective"):
        kernel.nondominated_rank(np.empty((3, 0)))


def test_other_kinds_of_number_are_refused():
    with pytest.raises(ShapeError, match="float64; got complex128"):
        kernel.nondominated_rank(np.ones((2, 2), dtype=complex))
