import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretide.cext import reference
from paretide.cext.finite import all_finite
from paretide.cext.gather import gather, stack
from paretide.errors import ShapeError


@given(st.data(), st.sampled_from([np.float64, np.int64, np.bool_, np.uint8]))
def test_rows_are_those_of_both_together(data, dtype):
    n, k, width = (data.draw(st.integers(0, 5)) for _ in range(3))
    shape = data.draw(st.sampled_from([(), (width,), (width, 2)]))
    rng = np.random.default_rng(n)
    first, second = (rng.integers(0, 9, (rows, *shape)).astype(dtype) for rows in (n, k))
    rows = np.array(
        data.draw(st.lists(st.integers(0, max(0, n + k - 1)), max_size=9 if n + k else 0))
    )
    numbers = np.arange(n), np.arange(n, n + k)
    found = gather(rows.astype(np.int64), (first, second), numbers)
    expected = reference.gather(rows.astype(np.int64), (first, second), numbers)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype
        assert not ours.flags.writeable
        assert not np.shares_memory(ours, first)
        np.testing.assert_array_equal(ours, theirs)
    both = stack(first, second)
    assert both.dtype == first.dtype
    np.testing.assert_array_equal(both, reference.stack(first, second))
    first.flags.writeable = second.flags.writeable = False
    np.testing.assert_array_equal(gather(rows, (first, second))[0], expected[0])


def test_layout_does_not_matter():
    X = np.arange(12.0).reshape(3, 4)
    (found,) = gather(np.array([0, 5]), (np.asfortranarray(X), X[::-1]))
    np.testing.assert_array_equal(found, X[[0, 0]])
    both = stack(np.asfortranarray(X), X[::-1])
    np.testing.assert_array_equal(both, np.concatenate([X, X[::-1]]))


@pytest.mark.parametrize(
    ("first", "second", "rows", "message"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4)), [0], "differ in their number of rows alone"),
        (np.zeros((2, 3)), np.zeros((2, 3), dtype=int), [0], "differ in their number of rows"),
        (np.zeros((2, 3)), np.zeros((2, 3)), [0, 4], "from 0 to 3; row 1 is 4"),
        (np.zeros((2, 3)), np.zeros((2, 3)), [-1], "from 0 to 3; row 0 is -1"),
        (np.zeros((2, 3)), np.zeros((2, 3)), [[0]], "rows must be a 1-D array"),
        (np.zeros((2, 3), object), np.zeros((2, 3), object), [0], "two arrays of numbers"),
        (np.zeros(()), np.zeros(()), [0], "differ in their number of rows"),
    ],
)
def test_what_does_not_fit_is_refused(first, second, rows, message):
    with pytest.raises(ShapeError, match=message):
        gather(np.array(rows), (first, second))


def test_what_does_not_fit_is_not_stacked():
    with pytest.raises(ShapeError, match="differ in their number of rows alone"):
        stack(np.zeros((2, 3)), np.zeros((2, 4)))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (2, 1), (4, 2)])
def test_one_value_that_is_not_finite_is_found(wrong, place):
    F = np.full((5, 3), 1.7e308)
    F[1] = -1.7e308
    assert all_finite(F) is True
    assert all_finite() is True
    fine = F.copy()
    F[place] = wrong
    assert all_finite(F) is False
    assert all_finite(fine, F, fine) is False


@pytest.mark.parametrize("shape", [(0, 2), (3, 0), (0, 0)])
def test_nothing_is_finite(shape):
    assert all_finite(np.empty(shape)) is True
