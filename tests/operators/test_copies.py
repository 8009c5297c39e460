"""Copies in the objectives give way to unlike feasible rows of the front that is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import paretide as pt
from paretide.cext import reference
from paretide.engine.algorithms.members import Members
from paretide.errors import ConfigurationError
from paretide.operators.survival import survive
from paretide.operators.survival.copies import cut_unlike_first, first_equals
from paretide.problems.definition import read_definition

MODES = ["current", "once", "truthful"]

shapes = st.tuples(st.integers(1, 20), st.integers(1, 3))
few_values = arrays(np.float64, shapes, elements=st.sampled_from([-0.0, 0.0, 1.0, 2.0]))
seeds = st.integers(0, 2**32)


def line(*copies):
    """A front of two objectives, its points as often as said, in random order."""
    t = np.repeat(np.arange(len(copies)), copies) * 1.0
    t = np.random.default_rng(len(t)).permutation(t)
    return np.stack([t, len(copies) - t], axis=1)


def survivors(F, n, seed=0, mode="current", copies=None, violation=None):
    rng = np.random.default_rng(seed)
    found = survive(F, violation, n, rng, mode, "random", copies)
    return found, rng.random()


def values(F, rows):
    return {tuple(row) for row in (F[rows] + 0.0).tolist()}


@settings(deadline=None)
@given(few_values)
def test_the_first_of_equal_rows_is_found(F):
    assert first_equals(F).tolist() == reference.first_equals(F)


@settings(deadline=None)
@given(few_values, st.data(), seeds)
def test_a_cut_is_mended_as_the_oracle_says(F, data, seed):
    room = data.draw(st.integers(1, len(F)))
    rng = np.random.default_rng(seed)

    def any_of_them(F, room):
        return np.sort(rng.permutation(len(F))[:room])

    first = reference.first_equals(F)
    unlike = sorted(set(first))
    found = cut_unlike_first(F, room, any_of_them)
    if room <= len(unlike):
        assert len(found) == room
        assert set(found.tolist()) <= set(unlike)
    else:
        rng = np.random.default_rng(seed)
        expected = reference.with_the_lost(first, any_of_them(F, room))
        np.testing.assert_array_equal(found, expected)


@settings(deadline=None, max_examples=200)
@given(few_values, st.data(), seeds, st.sampled_from(MODES))
def test_no_feasible_value_is_lost_to_a_copy(F, data, seed, mode):
    n = data.draw(st.integers(1, len(F)))
    found, _ = survivors(F, n, seed, mode)
    ranks = reference.nondominated_rank(F)
    last = np.flatnonzero(ranks == found.rank.max())
    kept = found.rows[found.rank == found.rank.max()]
    assert len(values(F, kept)) == min(len(kept), len(values(F, last)))


@settings(deadline=None, max_examples=200)
@given(few_values, st.data(), seeds, st.sampled_from(MODES))
def test_nothing_changes_where_no_value_is_lost(F, data, seed, mode):
    n = data.draw(st.integers(1, len(F)))
    stay, after = survivors(F, n, seed, mode, "stay")
    ranks = reference.nondominated_rank(F)
    last = np.flatnonzero(ranks == stay.rank.max())
    n_last = int((stay.rank == stay.rank.max()).sum())
    unlike = len(values(F, last))
    without_copies = unlike == len(last)
    nothing_lost = values(F, stay.rows[stay.rank == stay.rank.max()]) == values(F, last)
    if without_copies or (nothing_lost and unlike < n_last):
        found, then = survivors(F, n, seed, mode, "yield")
        for ours, theirs in zip(found, stay, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert then == after  # the same draws


@settings(deadline=None)
@given(few_values, st.data(), seeds, st.sampled_from(MODES))
def test_copies_stay_among_the_infeasible(F, data, seed, mode):
    n = data.draw(st.integers(1, len(F)))
    violation = np.ones(len(F))
    found, then = survivors(F, n, seed, mode, "yield", violation)
    stay, after = survivors(F, n, seed, mode, "stay", violation)
    np.testing.assert_array_equal(found.rows, stay.rows)
    assert then == after


@pytest.mark.parametrize("mode", MODES)
def test_the_first_copy_stays_where_values_fill_the_room(mode):
    F = line(3, 1, 4, 1, 2)
    for seed in range(5):
        found, _ = survivors(F, 5, seed, mode)
        assert found.rows.tolist() == sorted(set(reference.first_equals(F)))


def test_copies_go_first_in_steady_state():
    definition = read_definition(pt.OneMinMax(4))
    members = Members(definition, 4, pt.RankAndCrowding())
    stay = Members(definition, 4, pt.RankAndCrowding(copies="stay"))
    for some in (members, stay):
        rng = np.random.default_rng(3)
        for id, t in enumerate([0.0, 4.0, 1.0, 4.0, 1.1]):  # 1 and 1.1 are crowded
            F = np.array([t, 4 - t])
            some.add(id, np.zeros(4, bool), bytes([id]), F, np.empty(0), F, 0.0, rng)
    assert values(members.minimized, np.arange(4)) == {(0, 4), (4, 0), (1, 3), (1.1, 2.9)}
    assert len(values(stay.minimized, np.arange(4))) == 3


KINDS = [pt.RankAndCrowding, pt.NSGA2, pt.DynamicNSGA2, pt.ConcurrentDynamicNSGA2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_contradiction_is_named(kind):
    with pytest.raises(
        ConfigurationError, match=f'{kind.__name__}: ties="balanced".*copies="yield"'
    ):
        kind(ties="balanced", copies="yield")


@pytest.mark.parametrize("kind", KINDS)
def test_another_value_is_named(kind):
    with pytest.raises(ConfigurationError, match=r"copies must be one of .*'stay'.*got 'leave'"):
        kind(copies="leave")


def test_balanced_ties_keep_copies_unless_told():
    assert not pt.RankAndCrowding(ties="balanced").copies_give_way
    assert not pt.RankAndCrowding(copies="stay").copies_give_way
    assert pt.RankAndCrowding().copies_give_way
    assert pt.NSGA2(copies="stay").survival_part().copies == "stay"
