import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.errors import ShapeError
from paretide.operators.duplicates import RowSet

shapes = st.tuples(st.integers(0, 20), st.integers(1, 3))
matrices = st.one_of(
    arrays(np.float64, shapes, elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0])),
    arrays(np.int64, shapes, elements=st.integers(-1, 1)),
    arrays(np.bool_, shapes),
)


def repeats(X):
    rows = X.tolist()
    return [i for i, row in enumerate(rows) if row in rows[:i]]


def row_set(X):
    return RowSet(X.shape[1], X.dtype)


@settings(deadline=None)
@given(X=matrices)
def test_rows_that_repeat_others_are_known_by_their_values(X):
    seen = row_set(X)
    rows = seen.add(X)
    assert rows.dtype == np.int64
    assert rows.tolist() == repeats(X)
    assert len(seen) == len(X) - len(rows)
    assert seen.add(X).tolist() == list(range(len(X)))


@settings(deadline=None)
@given(X=matrices, cut=st.integers(0, 20))
def test_rows_that_were_seen_before_repeat_them(X, cut):
    seen = row_set(X)
    seen.add(X[:cut])
    rows = seen.add(X[cut:]) + min(cut, len(X))
    assert rows.tolist() == [i for i in repeats(X) if i >= cut]


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.bool_, np.uint8])
@pytest.mark.parametrize("width", [1, 7, 8, 9, 16, 31])
def test_many_rows_of_any_width(dtype, width):
    rng = np.random.default_rng(width)
    X = rng.integers(0, 2, size=(3_000, width)).astype(dtype)
    X = X[:, ::-1]  # no copy: rows are not contiguous
    _, first = np.unique(X, axis=0, return_index=True)
    expected = sorted(set(range(3_000)) - set(first.tolist()))
    assert RowSet(width, dtype).add(X).tolist() == expected
    some = RowSet(width, dtype, 3_000)
    parts = [some.add(part) + 500 * i for i, part in enumerate(np.split(X, 6))]
    assert np.concatenate(parts).tolist() == expected


def test_a_row_set_refuses_what_it_cannot_compare():
    with pytest.raises(ShapeError, match="dtype must be float64, bool or an integer; got float32"):
        RowSet(2, np.float32)
    seen = RowSet(2, np.float64)
    for X in (np.zeros((1, 3)), np.zeros(2), np.zeros((1, 2), dtype=np.int64)):
        with pytest.raises(ShapeError, match=r"X must be \(n, 2\) float64"):
            seen.add(X)
