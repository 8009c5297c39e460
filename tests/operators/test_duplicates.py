import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.operators.duplicates import first_occurrences, row_keys

shapes = st.tuples(st.integers(0, 20), st.integers(1, 3))
matrices = st.one_of(
    arrays(np.float64, shapes, elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0])),
    arrays(np.int64, shapes, elements=st.integers(-1, 1)),
    arrays(np.bool_, shapes),
)


def firsts(X):
    seen, rows = [], []
    for i, row in enumerate(X.tolist()):
        if row not in seen:
            seen.append(row)
            rows.append(i)
    return rows


@settings(deadline=None)
@given(matrices)
def test_first_occurrences_are_those_of_the_values(X):
    seen = set()
    rows = first_occurrences(X, seen)
    assert rows.dtype == np.int64
    assert rows.tolist() == firsts(X)
    assert len(seen) == len(rows)
    assert first_occurrences(X, seen).size == 0


@settings(deadline=None)
@given(matrices, st.integers(0, 20))
def test_rows_that_were_seen_before_are_not_new(X, cut):
    seen = set()
    first_occurrences(X[:cut], seen)
    rows = first_occurrences(X[cut:], seen) + min(cut, len(X))
    assert rows.tolist() == [i for i in firsts(X) if i >= cut]


def test_keys_do_not_depend_on_the_layout_in_memory():
    X = np.arange(12.0).reshape(4, 3)
    for view in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        assert row_keys(view) == row_keys(X)


@pytest.mark.parametrize("other", [-0.0, 0.0])
def test_equal_rows_have_equal_keys(other):
    # The two zeros are equal numbers of different bits.
    assert len(set(row_keys(np.array([[0.0, 1.0], [other, 1.0]])))) == 1


def test_rows_that_differ_in_the_last_bit_differ():
    assert len(set(row_keys(np.array([[0.1], [np.nextafter(0.1, 1)]])))) == 2
