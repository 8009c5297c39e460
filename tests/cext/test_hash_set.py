"""A set of hashes says of every row what a set of the rows themselves says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paretide as pt
from paretide.cext import reference
from paretide.cext.hash_set import HashSet

ROWS = st.lists(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.5]), min_size=2, max_size=2))


@given(st.lists(ROWS, max_size=5))
def test_it_finds_the_rows_that_were_there(tables):
    both = [HashSet(2, np.float64), reference.HashSet(2, np.float64)]
    for rows in tables:
        X = np.array(rows, dtype=np.float64).reshape(-1, 2)
        one, other = (held.add(X).tolist() for held in both)
        assert one == other
    assert len(both[0]) == len(both[1])


@pytest.mark.parametrize("dtype", [np.bool_, np.int64, np.float64, np.uint8])
@pytest.mark.parametrize("width", [0, 1, 3, 8, 9, 40])
def test_every_dtype_and_width(dtype, width):
    rng = np.random.default_rng(width)
    X = rng.integers(0, 2, (300, width)).astype(dtype)
    both = [HashSet(width, dtype), reference.HashSet(width, dtype)]
    for rows in (X[::2], X):  # the first are not contiguous
        one, other = (held.add(rows).tolist() for held in both)
        assert one == other


@pytest.mark.parametrize("kind", [HashSet, reference.HashSet])
def test_what_came_last_is_taken_back(kind):
    X = np.arange(2000).reshape(-1, 2)
    held = kind(2, np.int64)
    held.add(X[:300])
    held.add(X)
    held.take_back(300)
    assert len(held) == 300
    assert held.add(X).tolist() == list(range(300))


def test_no_more_is_taken_back_than_is_held():
    held = HashSet(2, np.int64)
    held.add(np.arange(2000).reshape(-1, 2))
    with pytest.raises(ValueError, match="1000 rows are held"):
        held.take_back(2000)


@pytest.mark.parametrize("kind", [HashSet, reference.HashSet])
def test_it_is_made_again_from_its_hashes(kind):
    X = np.random.default_rng(1).random((500, 3))
    held, other = kind(3, np.float64), kind(3, np.float64)
    held.add(X)
    other.add_hashes(held.hashes_of())
    assert other.add(X).tolist() == list(range(500))
    assert np.array_equal(other.hashes_of(), held.hashes_of())


def test_other_hashes_are_refused():
    with pytest.raises(pt.errors.ShapeError, match="hashes must be"):
        HashSet(3, np.float64).add_hashes(np.zeros((3, 3), dtype=np.uint64))


def test_rows_that_differ_little_do_not_meet():
    bits = ((np.arange(1 << 16)[:, None] >> np.arange(16)) & 1).astype(np.bool_)
    near = 1.0 + np.arange(1 << 16)[:, None] * np.finfo(float).eps
    grid = np.stack(np.meshgrid(*[np.arange(40.0)] * 3), -1).reshape(-1, 3)
    for X in (bits, near, grid, grid[:, ::-1] * 1e-300):
        hashes = HashSet(X.shape[1], X.dtype)
        assert not len(hashes.add(X))
        words = hashes.hashes_of()
        for column in words.T:
            assert len(np.unique(column)) > 0.999 * len(X)
            assert len(np.unique(column & 0xFFFF)) > 0.5 * min(len(X), 1 << 16)


@pytest.mark.parametrize("X", [np.zeros((2, 3)), np.zeros(2), np.zeros((2, 2), dtype=np.int64)])
def test_other_arrays_are_refused(X):
    with pytest.raises(pt.errors.ShapeError, match=r"X must be \(n, 2\) float64"):
        HashSet(2, np.float64).add(X)
