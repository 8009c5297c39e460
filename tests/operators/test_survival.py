import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide import crowding_distance, nondominated_rank
from paretide.cext.truthful import truthful_distance
from paretide.errors import ShapeError
from paretide.operators.survival import constrained_rank, crowding_by_rank, survive

MODES = ["current", "once"]


def domination(F, violation):
    """(n, n) bool: row i constrained-dominates row j, pair by pair."""
    n = len(F)
    table = np.zeros((n, n), dtype=bool)
    for i in range(n):
        for j in range(n):
            if violation[i] > 0 or violation[j] > 0:
                table[i, j] = violation[i] < violation[j]
            else:
                table[i, j] = all(F[i] <= F[j]) and any(F[i] < F[j])
    return table


def ranks(F, violation):
    """Peeled front by front from the table of who dominates whom."""
    table = domination(F, violation)
    rank = np.full(len(F), -1)
    left, front = set(range(len(F))), 0
    while left:
        best = {j for j in left if not any(table[i, j] for i in left)}
        rank[list(best)] = front
        left -= best
        front += 1
    return rank


grid = st.integers(0, 4).map(float)
finite = st.floats(-1e6, 1e6)


@st.composite
def populations(draw, least=0):
    n = draw(st.integers(least, 18))
    m = draw(st.integers(1, 4))
    F = draw(arrays(np.float64, (n, m), elements=draw(st.sampled_from([grid, finite]))))
    kind = draw(st.sampled_from(["feasible", "mixed", "infeasible"]))
    elements = {
        "feasible": st.just(0.0),
        "mixed": st.sampled_from([0.0, 0.0, 1.0, 2.0]) | st.floats(0, 10),
        "infeasible": st.sampled_from([0.5, 1.0]) | st.floats(1e-9, 10),
    }[kind]
    return F, draw(arrays(np.float64, n, elements=elements))


@st.composite
def selections(draw):
    F, violation = draw(populations())
    return F, violation, draw(st.integers(0, len(F) + 3))


seeds = st.integers(0, 2**32)
modes = st.sampled_from(MODES)


# -- ranks -----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(populations())
def test_ranks_are_those_of_the_table(population):
    rank = constrained_rank(*population)
    assert rank.dtype == np.int64
    np.testing.assert_array_equal(rank, ranks(*population))


@settings(deadline=None)
@given(populations())
def test_public_ranks_are_those_without_constraints(population):
    F, _ = population
    np.testing.assert_array_equal(nondominated_rank(F), ranks(F, np.zeros(len(F))))


@settings(deadline=None)
@given(populations(), seeds)
def test_ranks_do_not_depend_on_the_order_of_rows(population, seed):
    F, violation = population
    shuffled = np.random.default_rng(seed).permutation(len(F))
    np.testing.assert_array_equal(
        constrained_rank(F[shuffled], violation[shuffled]), constrained_rank(F, violation)[shuffled]
    )


def test_infeasible_rows_stand_behind_in_order_of_violation():
    F = np.array([[9.0, 9.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [5.0, 5.0], [0.0, 0.0]])
    violation = np.array([0.0, 2.0, 0.5, 0.5, 0.0, 1e-300])
    assert constrained_rank(F, violation).tolist() == [1, 4, 3, 3, 0, 2]
    assert constrained_rank(F[1:4], violation[1:4]).tolist() == [1, 0, 0]


@pytest.mark.parametrize("function", [nondominated_rank, crowding_distance])
class TestPublicFunctions:
    @pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
    def test_what_is_not_finite_is_refused_by_row(self, function, wrong):
        F = np.ones((5, 2))
        F[3, 1] = wrong
        with pytest.raises(ShapeError) as caught:
            function(F)
        assert "row 3" in str(caught.value)
        assert str(wrong) in str(caught.value)
        F[4, 0] = wrong
        with pytest.raises(ShapeError, match=r"row 3.*2 such rows"):
            function(F)

    @pytest.mark.parametrize("shape", [(4,), (4, 0), (2, 2, 2)], ids=str)
    def test_other_shapes_are_refused(self, function, shape):
        with pytest.raises(ShapeError, match=r"\(n, n_obj\)") as caught:
            function(np.ones(shape))
        assert str(shape) in str(caught.value)

    @pytest.mark.parametrize(
        "F",
        ["ab", [["a"]], [[1], [2, 3]], None, [[None]], [[10**400]]],
        ids=["text", "texts", "ragged", "None", "Nones", "huge"],
    )
    def test_what_holds_no_numbers_is_refused(self, function, F):
        with pytest.raises(ShapeError, match="F must"):
            function(F)

    @pytest.mark.filterwarnings("error")
    def test_complex_numbers_are_refused(self, function):
        with pytest.raises(ShapeError, match="F must"):
            function(np.array([[1j, 2.0]]))

    def test_lists_and_integers_will_do(self, function):
        a = function([[1, 2], [2, 1], [3, 3]])
        np.testing.assert_array_equal(a, function(np.array([[1.0, 2], [2, 1], [3, 3]])))

    def test_no_rows_give_no_values(self, function):
        assert function(np.empty((0, 3))).shape == (0,)

    def test_the_argument_stays_as_it_is(self, function):
        F = np.random.default_rng(0).random((20, 3))
        before = F.copy()
        F.flags.writeable = False
        function(F)
        np.testing.assert_array_equal(F, before)


def test_crowding_by_hand():
    F = [[0, 10], [1, 6], [4, 5], [10, 0]]
    expected = [np.inf, 4 / 10 + 5 / 10, 9 / 10 + 6 / 10, np.inf]
    np.testing.assert_allclose(crowding_distance(F), expected, rtol=1e-15)


def test_of_tied_rows_the_first_and_last_are_the_extremes():
    np.testing.assert_array_equal(
        crowding_distance([[0, 1], [0, 1], [0, 1], [1, 0]]), [np.inf, 0, np.inf, np.inf]
    )


# -- survival --------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(selections(), seeds, modes)
def test_survivors(selection, seed, mode):
    """Size, whole fronts, domination, and what the survivors know of each other."""
    F, violation, n = selection
    before = F.copy(), violation.copy()
    kept = survive(F, violation, n, np.random.default_rng(seed), mode)
    np.testing.assert_array_equal(F, before[0])
    np.testing.assert_array_equal(violation, before[1])

    rows = kept.rows
    assert len(rows) == min(n, len(F))
    assert (np.diff(rows) > 0).all()
    rejected = np.setdiff1d(np.arange(len(F)), rows)
    assert not domination(F, violation)[np.ix_(rejected, rows)].any()

    rank = ranks(F, violation)
    if len(rows) and len(rejected):
        cut = rank[rows].max()
        assert np.isin(np.flatnonzero(rank < cut), rows).all()  # whole fronts
        assert rank[rejected].min() >= cut

    np.testing.assert_array_equal(kept.rank, rank[rows])
    np.testing.assert_array_equal(kept.rank, ranks(F[rows], violation[rows]))
    assert kept.score.shape == rows.shape
    assert not np.isnan(kept.score).any()


@settings(deadline=None)
@given(selections(), seeds, seeds, modes)
def test_the_ranks_that_survive_do_not_depend_on_the_order_of_rows(selection, seed, order, mode):
    F, violation, n = selection
    shuffled = np.random.default_rng(order).permutation(len(F))
    one = survive(F, violation, n, np.random.default_rng(seed), mode)
    other = survive(F[shuffled], violation[shuffled], n, np.random.default_rng(seed), mode)
    assert sorted(one.rank) == sorted(other.rank)


def generic_front(rng, n, m):
    """Mutually non-dominated rows no two of which agree in any objective."""
    F = rng.random((n, m))
    return F / F.sum(axis=1, keepdims=True) if m > 1 else np.zeros((n, 1))


@settings(deadline=None)
@given(st.integers(5, 40), st.integers(2, 4), seeds, modes, st.data())
def test_the_extremes_of_the_cut_front_survive(size, m, seed, mode, data):
    rng = np.random.default_rng(seed)
    best = generic_front(rng, data.draw(st.integers(0, 5)), m)
    front = generic_front(rng, size, m) + 10
    if size < 2 * m:
        return
    room = data.draw(st.integers(2 * m, size))
    F = np.concatenate([front, best])
    kept = survive(F, np.zeros(len(F)), len(best) + room, rng, mode).rows
    for j in range(m):
        assert np.argmin(front[:, j]) in kept
        assert np.argmax(front[:, j]) in kept


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(2, 4), seeds, modes, st.data())
def test_crowding_is_measured_among_the_survivors(size, m, seed, mode, data):
    rng = np.random.default_rng(seed)
    F = np.concatenate([generic_front(rng, size, m), generic_front(rng, 7, m) + 10])
    n = data.draw(st.integers(1, len(F)))
    kept = survive(F, np.zeros(len(F)), n, rng, mode)
    for rank in np.unique(kept.rank):
        members = kept.rank == rank
        np.testing.assert_array_equal(kept.score[members], crowding_distance(F[kept.rows[members]]))


@settings(deadline=None)
@given(selections(), seeds, modes)
def test_one_seed_gives_one_choice(selection, seed, mode):
    one, other = (survive(*selection, np.random.default_rng(seed), mode) for _ in range(2))
    for name in ("rows", "rank", "score"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("mode", MODES)
def test_ties_are_broken_uniformly(mode):
    # Six equal rows for two places: every row should come through a third of the time.
    F, violation = np.zeros((6, 2)), np.zeros(6)
    counts = np.zeros(6)
    rng = np.random.default_rng(7)
    for _ in range(1200):
        counts[survive(F, violation, 2, rng, mode).rows] += 1
    # Variance of a count: 1200 * 1/3 * 2/3; drawn without replacement, so that the sum of squares
    # over it has 5 degrees of freedom after a factor of 5 / 6.
    assert ((counts - 400) ** 2).sum() / (1200 * 2 / 9) * 5 / 6 < 20.5  # 0.999


@pytest.mark.parametrize("mode", MODES)
def test_equally_violating_rows_are_cut_by_their_objectives_spread_not_their_order(mode):
    F = np.stack([np.arange(8.0), 7 - np.arange(8.0)], axis=1)
    seen = set()
    for seed in range(20):
        kept = survive(F, np.ones(8), 4, np.random.default_rng(seed), mode).rows
        assert {0, 7} <= set(kept)
        seen.add(tuple(kept))
    assert len(seen) > 1


def test_current_distances_spread_where_distances_once_leave_a_gap():
    # Two pairs of neighbours. Measured once, both of the closer pair go; measured again, one of
    # each.
    x = np.array([0, 2, 3.99, 4.01, 6, 7.9, 8.1, 10, 12])
    F = np.stack([x, 12 - x], axis=1)
    for seed in range(5):
        widest = {
            mode: np.diff(x[survive(F, np.zeros(9), 7, np.random.default_rng(seed), mode).rows])
            for mode in MODES
        }
        assert widest["once"].max() == 4
        assert widest["current"].max() < 2.2


def test_the_default_is_current():
    F = np.stack([np.arange(9.0), 8 - np.arange(9.0)], axis=1)
    for seed in range(5):
        default = survive(F, np.zeros(9), 5, np.random.default_rng(seed))
        current = survive(F, np.zeros(9), 5, np.random.default_rng(seed), "current")
        np.testing.assert_array_equal(default.rows, current.rows)


def test_infeasible_rows_survive_by_their_violation_alone():
    rng = np.random.default_rng(2)
    F = rng.random((30, 2))
    violation = np.concatenate([np.zeros(5), rng.permutation(25) + 1.0])
    kept = survive(F, violation, 15, rng)
    assert set(violation[kept.rows]) == set(range(11))


@pytest.mark.parametrize("mode", MODES)
def test_nobody_and_one_alone(mode):
    rng = np.random.default_rng(0)
    assert len(survive(np.empty((0, 2)), np.empty(0), 5, rng, mode).rows) == 0
    assert len(survive(np.zeros((3, 2)), np.zeros(3), 0, rng, mode).rows) == 0
    alone = survive(np.zeros((1, 2)), np.zeros(1), 1, rng, mode)
    assert alone.rows.tolist() == [0]
    assert alone.rank.tolist() == [0]


@settings(deadline=None)
@given(populations(), seeds)
def test_crowding_by_rank_is_crowding_of_each_front(population, seed):
    F, violation = population
    rank = ranks(F, violation)
    distance = crowding_by_rank(F, rank, np.random.default_rng(seed))
    for front in range(rank.max(initial=-1) + 1):
        members = F[rank == front]
        # Which of tied rows is an extreme is drawn; how many are not, and the distinct are exact.
        if all(len(np.unique(members[:, j])) == len(members) for j in range(F.shape[1])):
            np.testing.assert_array_equal(distance[rank == front], crowding_distance(members))
        else:
            assert not np.isnan(distance[rank == front]).any()


# -- truthful distances ----------------------------------------------------------------------------


def three_one_min_max(side):
    """The Pareto front of 3-OMM, (side ** 2, 3): ones, and zeros in either half of the string."""
    a, b = np.divmod(np.arange(side**2), side)
    return np.stack([a + b, -a, -b], axis=1) * 1.0


@settings(deadline=None)
@given(selections(), seeds)
def test_truthful_survivors(selection, seed):
    F, violation, n = selection
    before = F.copy(), violation.copy()
    kept = survive(F, violation, n, np.random.default_rng(seed), "truthful")
    again = survive(F, violation, n, np.random.default_rng(seed), "truthful")
    np.testing.assert_array_equal(F, before[0])
    np.testing.assert_array_equal(violation, before[1])
    for name in ("rows", "rank", "score"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(again, name))

    rows = kept.rows
    assert len(rows) == min(n, len(F))
    assert (np.diff(rows) > 0).all()
    rejected = np.setdiff1d(np.arange(len(F)), rows)
    assert not domination(F, violation)[np.ix_(rejected, rows)].any()
    rank = ranks(F, violation)
    if len(rows) and len(rejected):
        assert np.isin(np.flatnonzero(rank < rank[rows].max()), rows).all()  # whole fronts
    np.testing.assert_array_equal(kept.rank, rank[rows])
    for front in np.unique(kept.rank):
        members = kept.rank == front
        for i, k in itertools.permutations(np.flatnonzero(members), 2):
            if (F[rows[i]] == F[rows[k]]).all():
                assert min(kept.score[i], kept.score[k]) == 0  # of copies one counts
        if all(len(np.unique(values)) == members.sum() for values in F[rows[members]].T):
            np.testing.assert_array_equal(
                kept.score[members],
                truthful_distance(F[rows[members]], np.zeros(members.sum())),
            )


@settings(deadline=None, max_examples=30)
@given(selections(), seeds)
def test_layout_and_protection_of_the_arguments_do_not_matter(selection, seed):
    F, violation, n = selection
    wide = np.zeros((2 * F.shape[0], 2 * F.shape[1]))
    wide[::2, ::2] = F
    frozen = F.copy()
    frozen.flags.writeable = False
    for mode in (*MODES, "truthful"):
        for ties in ("random", "balanced"):
            one, two, three = (
                survive(form, violation, n, np.random.default_rng(seed), mode, ties)
                for form in (frozen, wide[::2, ::2], np.asfortranarray(F))
            )
            for other in (two, three):
                np.testing.assert_array_equal(one.rows, other.rows)
                np.testing.assert_array_equal(one.score, other.score)


def test_truthful_ties_are_broken_uniformly():
    F, violation = np.zeros((6, 2)), np.zeros(6)
    counts = np.zeros(6)
    rng = np.random.default_rng(7)
    for _ in range(1200):
        counts[survive(F, violation, 2, rng, "truthful").rows] += 1
    assert ((counts - 400) ** 2).sum() / (1200 * 2 / 9) * 5 / 6 < 20.5  # 0.999, as above


@pytest.mark.parametrize("side", [4, 7])
def test_of_three_objectives_only_truthful_distances_keep_every_value(side):
    front = three_one_min_max(side)
    lost = dict.fromkeys([*MODES, "truthful"], 0)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        F = np.concatenate([front, front[rng.integers(0, side**2, side**2)]])
        for mode in lost:
            kept = survive(F, None, side**2, rng, mode, copies="stay").rows
            lost[mode] += side**2 - len(np.unique(F[kept], axis=0))
    assert lost.pop("truthful") == 0
    assert min(lost.values()) > 0


@pytest.mark.parametrize("mode", [*MODES, "truthful"])
def test_nothing_but_room_is_asked_for_by_a_front_that_fits(mode):
    F = np.stack([np.arange(6.0), -np.arange(6.0)], axis=1)
    for ties in ("random", "balanced"):
        kept = survive(F, np.zeros(6), 6, np.random.default_rng(0), mode, ties)
        np.testing.assert_array_equal(kept.rows, np.arange(6))
        assert np.isinf(kept.score[[0, 5]]).all()
