"""Who nobody new may equal."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import paretide as pt
from paretide.engine.algorithms.taken import Taken

KEY = pt.Real(-1, 1, n=2).key
X = np.array([[0.0, 1.0], [0.5, 1.0], [-0.0, 1.0], [0.5, 1.0]])


@settings(deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(0, 20), st.just(2)), elements=st.integers(-1, 1)),
    st.integers(0, 20),
)
def test_they_are_those_that_equal_an_earlier_one(X, cut):
    taken, rows = Taken(KEY), X.tolist()
    found = taken.add(X[:cut]).tolist() + [i + len(X[:cut]) for i in taken.add(X[cut:]).tolist()]
    assert found == [i for i, row in enumerate(rows) if row in rows[:i]]
    assert len(taken) == len(X) - len(found)


def test_rows_that_repeat_others_are_named():
    taken = Taken(KEY)
    assert taken.add(X[:2]).tolist() == []
    assert taken.add(X[2:]).tolist() == [0, 1]
    assert len(taken) == 2
    assert taken.last == KEY(X)[3]


def test_a_key_is_free_when_the_last_one_that_has_it_goes():
    taken, key = Taken(KEY), KEY(X)[1]
    for row, its_key in zip(X, KEY(X), strict=True):
        taken.join(its_key, row)
    taken.leave(key)
    assert taken.add(X[1:2]).tolist() == [0]
    taken.join(key, X[1])
    taken.leave(key)
    taken.leave(key)
    assert taken.add(X[1:2]).tolist() == []
