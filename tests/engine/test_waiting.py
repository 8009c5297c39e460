"""Outcomes wait as they came and leave in their turn."""

import numpy as np
import pytest
import toy

from paretide.engine.algorithms.telling import told_rows
from paretide.engine.records.evaluations import empty
from paretide.engine.records.provenance import OPERATORS, SAMPLE, orphans
from paretide.engine.records.waiting import Waiting
from paretide.problems.definition import read_definition

DEFINITION = read_definition(toy.Schaffer())


def rows(*ids):
    k, n_var = len(ids), DEFINITION.space.n_var
    F = np.array([[id, -id] for id in ids], dtype=float)
    born = orphans(np.zeros((k, n_var)), SAMPLE)
    generation = np.zeros(k, dtype=np.int32)
    return told_rows(DEFINITION, np.array(ids), F, np.empty((k, 0)), born, generation, OPERATORS)


def test_what_came_together_leaves_together():
    waiting, first, second = Waiting(empty(DEFINITION)), rows(3, 1), rows(2, 4, 5)
    waiting.add(first)
    waiting.add(second)
    assert waiting.table().ids.tolist() == [1, 2, 3, 4, 5]
    assert waiting.table().F[:, 0].tolist() == [1, 2, 3, 4, 5]
    taken = waiting.take([3, 1, 4, 2])
    assert taken[0] is first
    assert [table.ids.tolist() for table in taken] == [[3, 1], [4, 2]]
    assert taken[1].F[:, 0].tolist() == [4, 2]
    assert len(waiting) == 1
    assert 5 in waiting
    assert 4 not in waiting
    assert waiting[5] == (second, 2)
    assert waiting.take([]) == []
    with pytest.raises(KeyError):
        waiting.take([4])
