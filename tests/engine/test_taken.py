"""Who nobody new may equal."""

import numpy as np

from paretide.engine.algorithms.taken import Taken
from paretide.operators.duplicates import row_keys

X = np.array([[0.0, 1.0], [0.5, 1.0], [-0.0, 1.0], [0.5, 1.0]])


def test_rows_that_repeat_others_are_named():
    taken = Taken(row_keys)
    assert taken.add(X[:2]).tolist() == []
    assert taken.add(X[2:]).tolist() == [0, 1]
    assert len(taken) == 2
    assert taken.last == row_keys(X)[3]


def test_a_key_is_free_when_the_last_one_that_has_it_goes():
    taken, key = Taken(row_keys, row_keys(X)), row_keys(X)[1]
    taken.leave(key)
    assert taken.add(X[1:2]).tolist() == [0]
    taken.join(key)
    taken.leave(key)
    taken.leave(key)
    assert taken.add(X[1:2]).tolist() == []
