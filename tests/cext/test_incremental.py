"""One in, one out: as if everything were computed anew, to the bit and to the draw."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretide.cext import crowding, dominance, incremental, reference
from paretide.errors import ShapeError


class Rows:
    """A population of which ``join`` and ``swap`` change one row at a time."""

    def __init__(self, n_obj, capacity, seed, copies_give_way=False):
        self.F = np.zeros((capacity, n_obj))
        self.violation = np.zeros(capacity)
        self.rank = np.full(capacity, -7)
        self.order = np.full((n_obj, capacity), -7)
        self.distance = np.full(capacity, np.nan)
        self.n = 0
        self.bits = np.random.PCG64(seed)
        self.ranked = incremental.Ranked(*self.arrays(), copies_give_way)
        self.copies_give_way = copies_give_way

    def arrays(self):
        return self.F, self.violation, self.rank, self.distance, self.order

    def insert(self):
        self.ranked.insert(self.n, self.bits)

    def replace(self):
        return self.ranked.replace(self.n, self.bits)

    def add(self, F, violation, size):
        """One more, up to this size; then the most crowded one goes: returns its row, or None."""
        self.F[self.n], self.violation[self.n] = F, violation
        if self.n == size:
            return self.replace()
        self.insert()
        self.n += 1
        return None

    def all(self):
        n = self.n
        return self.F[:n], self.violation[:n], self.rank[:n], self.order[:, :n], self.distance[:n]


class OracleRows(Rows):
    """The same by the oracles."""

    def insert(self):
        reference.insert(*self.arrays(), self.n, self.bits)

    def replace(self):
        return reference.replace(*self.arrays(), self.n, self.bits, self.copies_give_way)


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
@given(st.data(), st.integers(1, 4), st.integers(1, 12), st.integers(0, 99), st.booleans())
def test_equals_everything_anew(data, n_obj, size, seed, copies_give_way):
    ours, oracle = (kind(n_obj, size + 1, seed, copies_give_way) for kind in (Rows, OracleRows))
    for F, violation in data.draw(st.lists(kinds(n_obj), min_size=1, max_size=30)):
        assert ours.add(F, violation, size) == oracle.add(F, violation, size)
        for found, expected in zip(ours.all(), oracle.all(), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert ours.bits.state == oracle.bits.state


@pytest.mark.parametrize("n_obj", [2, 3])
@pytest.mark.parametrize("values", [1, 3, 10**6])
@pytest.mark.parametrize("violated", [0.0, 0.3])
def test_many_fronts_equal_everything_anew(n_obj, values, violated):
    """Populations of several fronts of which newcomers push back one, some or all."""
    rng = np.random.default_rng([n_obj, values])
    ours, oracle = Rows(n_obj, 25, seed=2), OracleRows(n_obj, 25, seed=2)
    for told in range(250):
        F = rng.integers(0, values, n_obj) / values - rng.random() * told / 100
        violation = float(rng.integers(1, 4)) * (rng.random() < violated)
        assert ours.add(F, violation, 24) == oracle.add(F, violation, 24)
        for found, expected in zip(ours.all(), oracle.all(), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert ours.bits.state == oracle.bits.state


@pytest.mark.parametrize("n_obj", [2, 3, 5])
@pytest.mark.parametrize("values", [3, 20, 10**6])
def test_long_runs_keep_ranks_and_distances_true(n_obj, values):
    rng = np.random.default_rng(n_obj * values)
    rows = Rows(n_obj, 61, seed=1)
    for told in range(600):
        # Slowly better, so that fronts are pushed back, one after another.
        rows.add(rng.integers(0, values, n_obj) - values * told / 300.0, 0.0, 60)
        F = rows.F[: rows.n]
        np.testing.assert_array_equal(rows.rank[: rows.n], dominance.nondominated_rank(F))
        for front in np.unique(rows.rank[: rows.n]):
            members = np.flatnonzero(rows.rank[: rows.n] == front)
            place = np.full(rows.n, -1)
            place[members] = np.arange(members.size)
            order = [[place[i] for i in line if place[i] >= 0] for line in rows.order[:, : rows.n]]
            distance = crowding.crowding_distance(F[members], np.array(order))
            np.testing.assert_array_equal(rows.distance[members], distance)


def test_ties_take_every_place_equally_often():
    seen = np.zeros(4, dtype=int)
    rows = Rows(1, 5, seed=3)
    for _ in range(4000):
        rows.n = 0
        for _ in range(4):
            rows.add([1.0], 0.0, 4)
        seen[rows.order[0].tolist().index(3)] += 1
    assert (abs(seen - 1000) < 120).all()


def test_the_most_crowded_of_equals_is_drawn_equally_often():
    seen = np.zeros(7, dtype=int)
    rows = Rows(2, 7, seed=3)
    for _ in range(3000):
        rows.n = 0
        for step in (0, 1, 2, 3, 5, 7):  # rows 1 and 2, the newcomer: the smallest gaps of all
            rows.add([step, -step], 0.0, 6)
        seen[rows.add([4.0, -4.0], 0.0, 6)] += 1
    assert seen[[0, 5]].sum() == 0
    drawn = seen[seen > 0]
    assert (abs(drawn - 3000 / len(drawn)) < 0.12 * 3000 / len(drawn)).all()
    assert len(drawn) > 1


def test_no_ties_draw_nothing():
    rows = Rows(2, 4, seed=5)
    before = copy.deepcopy(rows.bits.state)
    for F in ([1.0, 5.0], [2.0, 4.0], [4.0, 1.0], [7.0, 0.0]):
        rows.add(F, 0.0, 3)
    assert rows.bits.state == before


def test_wrong_shapes_are_named():
    rows = Rows(2, 3, seed=1)
    with pytest.raises(ShapeError, match="arrays of 3 rows have no row 3"):
        rows.ranked.insert(3, rows.bits)
    with pytest.raises(ShapeError, match="arrays of 3 rows have no row -1"):
        rows.ranked.replace(-1, rows.bits)
    F, violation, rank, distance, order = rows.arrays()
    with pytest.raises(ShapeError, match=r"order must be \(2, 3\).*got \(1, 3\)"):
        incremental.Ranked(F, violation, rank, distance, order[:1].copy())
    with pytest.raises(ShapeError, match=r"F has 3 rows; .* have \(2, 3, 3\)"):
        incremental.Ranked(F, violation[:2].copy(), rank, distance, order)
    with pytest.raises(ValueError, match="Buffer dtype mismatch"):
        incremental.Ranked(F, rank, rank, distance, order)
