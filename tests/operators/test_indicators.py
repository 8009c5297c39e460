import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.operators.indicators import hypervolume

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
