"""One in, one out: as if everything were computed anew, to the bit and to the draw."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretide.cext import crowding, dominance, incremental, reference
from paretide.errors import ShapeError


class Rows:
    """The arrays of a population, changed by the functions of one module."""

    def __init__(self, module, n_obj, capacity, seed):
        self.module = module
        self.F = np.zeros((capacity, n_obj))
        self.violation = np.zeros(capacity)
        self.rank = np.full(capacity, -7)
        self.order = np.full((n_obj, capacity), -7)
        self.distance = np.full(capacity, np.nan)
        self.n = 0
        self.bits = np.random.PCG64(seed)

    def add(self, F, violation):
        self.F[self.n], self.violation[self.n] = F, violation
        self.module.insert(self.F, self.violation, self.rank, self.order, self.n, self.bits)
        self.n += 1
        self.measure()

    def measure(self):
        self.module.crowding_within_fronts(self.F, self.rank, self.order, self.n, self.distance)

    def drop(self, row):
        self.module.remove(self.order, self.n, row)
        self.n -= 1
        for array in (self.F, self.violation, self.rank):
            array[row] = array[self.n]
        self.measure()

    def worst(self):
        return self.module.most_crowded(self.rank, self.distance, self.n, self.bits)

    def all(self):
        n = self.n
        return self.rank[:n], self.order[:, :n], self.distance[:n]


def kinds(n_obj):
    """Values that tie, repeat, or nearly overflow; violations that tie."""
    value = st.one_of(
        st.integers(-3, 3).map(float),
        st.floats(-1e3, 1e3),
        st.sampled_from([0.0, -0.0, 1.7e308, -1.7e308, 5e-324]),
    )
    point = st.lists(value, min_size=n_obj, max_size=n_obj)
    return st.tuples(point, st.sampled_from([0.0, 0.0, 0.0, 0.5, 0.5, 2.0, np.inf]))


@settings(deadline=None, max_examples=150)
@given(st.data(), st.integers(1, 4), st.integers(1, 12), st.integers(0, 99))
def test_equals_everything_anew(data, n_obj, size, seed):
    ours = Rows(incremental, n_obj, size + 1, seed)
    oracle = Rows(reference, n_obj, size + 1, seed)
    for F, violation in data.draw(st.lists(kinds(n_obj), min_size=1, max_size=30)):
        for rows in (ours, oracle):
            rows.add(F, violation)
        for found, expected in zip(ours.all(), oracle.all(), strict=True):
            np.testing.assert_array_equal(found, expected)
        if ours.n > size:
            row = ours.worst()
            assert row == oracle.worst()
            ours.drop(row)
            oracle.drop(row)
    assert ours.bits.state == oracle.bits.state


@pytest.mark.parametrize("n_obj", [2, 3, 5])
@pytest.mark.parametrize("values", [3, 20, 10**6])
def test_long_runs_keep_ranks_and_distances_true(n_obj, values):
    rng = np.random.default_rng(n_obj * values)
    rows = Rows(incremental, n_obj, 61, seed=1)
    for told in range(600):
        # Slowly better, so that fronts are pushed back, one after another.
        rows.add(rng.integers(0, values, n_obj) - values * told / 300.0, 0.0)
        F = rows.F[: rows.n]
        np.testing.assert_array_equal(rows.rank[: rows.n], dominance.nondominated_rank(F))
        for front in np.unique(rows.rank[: rows.n]):
            members = np.flatnonzero(rows.rank[: rows.n] == front)
            place = np.full(rows.n, -1)
            place[members] = np.arange(members.size)
            order = [[place[i] for i in line if place[i] >= 0] for line in rows.order[:, : rows.n]]
            distance = crowding.crowding_distance(F[members], np.array(order))
            np.testing.assert_array_equal(rows.distance[members], distance)
        if rows.n == 61:
            rows.drop(rows.worst())


def test_ties_take_every_place_equally_often():
    seen = np.zeros(4, dtype=int)
    bits = np.random.PCG64(3)
    for _ in range(4000):
        order = np.array([[1, 2, 0, -1, -1]])  # among three equals that stand before it
        F = np.array([[1.0], [1.0], [1.0], [1.0], [9.0]])
        incremental.insert(F, np.zeros(5), np.zeros(5, dtype=np.int64), order, 3, bits)
        seen[order[0].tolist().index(3)] += 1
    assert (abs(seen - 1000) < 120).all()


def test_the_least_crowded_of_equals_is_drawn_equally_often():
    seen = np.zeros(5, dtype=int)
    bits = np.random.PCG64(3)
    rank, distance = np.array([0, 1, 1, 1, 1]), np.array([0.0, 0.5, 0.1, 0.1, 0.1])
    for _ in range(3000):
        seen[incremental.most_crowded(rank, distance, 5, bits)] += 1
    assert seen[:2].sum() == 0
    assert (abs(seen[2:] - 1000) < 120).all()


def test_no_ties_draw_nothing():
    rows = Rows(incremental, 2, 4, seed=5)
    before = copy.deepcopy(rows.bits.state)
    for F in ([1.0, 5.0], [2.0, 4.0], [4.0, 1.0]):
        rows.add(F, 0.0)
    rows.drop(rows.worst())
    assert rows.bits.state == before


def test_wrong_shapes_are_named():
    rows = Rows(incremental, 2, 3, seed=1)
    with pytest.raises(ShapeError, match="room for 3 rows cannot hold 4"):
        incremental.insert(rows.F, rows.violation, rows.rank, rows.order, 3, rows.bits)
    with pytest.raises(ShapeError, match="order must have 2 rows"):
        incremental.insert(rows.F, rows.violation, rows.rank, rows.order[:1].copy(), 0, rows.bits)
    with pytest.raises(ShapeError, match="n must be between 1"):
        incremental.most_crowded(rows.rank, rows.distance, 0, rows.bits)
    with pytest.raises(ShapeError, match=r"row must be in \[0, 2\)"):
        incremental.remove(rows.order, 2, 2)
    with pytest.raises(ValueError, match="Buffer dtype mismatch"):
        incremental.remove(rows.F, 2, 1)
