"""Which of several equally crowded rows survive."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.cext import crowding
from paretide.operators.survival import balanced_priority, survive

MODES = ["current", "once", "truthful"]

grid = st.integers(0, 2).map(float)
shapes = st.tuples(st.integers(1, 20), st.integers(1, 3))
fronts = arrays(np.float64, shapes, elements=grid)
seeds = st.integers(0, 2**32)


def numbered(F, lead, priority):
    """The oracle: take the copies of each value one after the other."""
    balanced = np.empty(len(F))
    for value in set(map(tuple, F)):
        copies = [i for i in range(len(F)) if tuple(F[i]) == value]
        for number, i in enumerate(sorted(copies, key=lambda i: (lead[i], -priority[i]))):
            balanced[i] = priority[i] - number
    return balanced


def survivors(F, n, seed, mode, ties):
    """Rows of one front: all are equally infeasible, so that none dominates another."""
    return survive(F, np.ones(len(F)), n, np.random.default_rng(seed), mode, ties).rows


def line(*copies):
    """Values on a line of two objectives, each as often as said."""
    t = np.repeat(np.arange(len(copies)), copies) * 1.0
    return np.stack([t, -t], axis=1)


@settings(deadline=None)
@given(fronts, seeds)
def test_copies_are_numbered(F, seed):
    rng = np.random.default_rng(seed)
    lead, priority = rng.integers(0, 2, len(F)) * 1.0, rng.random(len(F))
    lead[rng.random(len(F)) < 0.2] = -np.inf
    before = F.copy(), lead.copy(), priority.copy()
    np.testing.assert_array_equal(balanced_priority(F, lead, priority), numbered(F, lead, priority))
    for was, now in zip(before, (F, lead, priority), strict=True):
        np.testing.assert_array_equal(was, now)


def test_nobody_is_numbered():
    empty = np.empty(0)
    assert balanced_priority(np.empty((0, 2)), empty, empty).shape == (0,)


def test_zero_is_one_value_whatever_its_sign():
    F = np.array([[0.0, 1.0], [-0.0, 1.0]])
    priority = np.array([0.25, 0.5])
    np.testing.assert_array_equal(balanced_priority(F, np.zeros(2), priority), [-0.75, 0.5])


@settings(deadline=None, max_examples=200)
@given(fronts, seeds, st.floats(0, 1))
def test_every_tied_value_gets_its_share(F, seed, share):
    """The rule of the paper, for distances measured once: floor(room / a) of each value survive."""
    n = round(share * len(F))
    kept = survivors(F, n, seed, "once", "balanced")
    # The first draws of the survivors' generator, to know who was tied.
    distance = crowding.crowding_distance(
        F, crowding.sort_objectives(F, np.random.default_rng(seed))
    )
    if not 0 < n < len(F):
        return
    last = np.sort(distance)[-n]
    tied, safe = np.flatnonzero(distance == last), np.flatnonzero(distance > last)
    room = n - len(safe)
    assert set(safe) <= set(kept) <= {*safe, *tied}

    values = [tuple(F[i]) for i in range(len(F))]
    has = Counter(values[i] for i in kept)
    had = Counter(values[i] for i in (*safe, *tied))
    tied_values = {values[i] for i in tied}
    for value in tied_values:
        assert has[value] >= min(had[value], room // len(tied_values))
    # As evenly as possible: nobody tied is gone while another value kept two more by a tied row.
    gone = {values[i] for i in tied if i not in kept}
    stayed = {values[i] for i in tied if i in kept}
    assert min((has[v] for v in gone), default=99) >= max((has[v] for v in stayed), default=0) - 1


@pytest.mark.parametrize("mode", MODES)
def test_crowded_values_lose_their_copies_first(mode):
    for seed in range(10):
        kept = survivors(line(30, 3, 40, 3, 2), 20, seed, mode, "balanced")
        count = Counter(line(30, 3, 40, 3, 2)[kept, 0])
        assert [count[t] for t in range(5)] == [6, 3, 6, 3, 2]


@pytest.mark.parametrize("mode", MODES)
def test_at_random_some_values_lose_more_than_others(mode):
    F = line(30, 30, 30, 30, 30)
    spread = []
    for seed in range(10):
        balanced, drawn = (
            Counter(F[survivors(F, 50, seed, mode, ties), 0]) for ties in ("balanced", "random")
        )
        assert set(balanced.values()) == {10}
        spread.append(max(drawn.values()) - min(drawn.values()))
    assert np.mean(spread) > 3


@pytest.mark.parametrize("mode", MODES)
def test_where_no_row_has_a_copy_nothing_changes(mode):
    rng = np.random.default_rng(3)
    for n_obj in (1, 2, 3):
        F = rng.random((40, n_obj))
        for seed in range(5):
            np.testing.assert_array_equal(
                survivors(F, 15, seed, mode, "balanced"), survivors(F, 15, seed, mode, "random")
            )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [4, 7])
def test_copies_of_one_value_are_equals(mode, n):
    # Two values of six copies each: half of the survivors, and an odd one of either.
    F, counts = np.repeat(line(1, 1), 6, axis=0), np.zeros(12)
    for seed in range(600):
        counts[survivors(F, n, seed, mode, "balanced")] += 1
    share = n / 12
    # At most 11 degrees of freedom; without replacement the sum is smaller yet.
    assert ((counts - 600 * share) ** 2).sum() / (600 * share * (1 - share)) < 31.3  # 0.999


@settings(deadline=None)
@given(fronts, seeds, st.floats(0, 1), st.sampled_from(MODES))
def test_who_is_not_told_breaks_ties_at_random(F, seed, share, mode):
    n = round(share * len(F))
    default = survive(F, np.ones(len(F)), n, np.random.default_rng(seed), mode)
    drawn = survive(F, np.ones(len(F)), n, np.random.default_rng(seed), mode, "random")
    for name in ("rows", "rank", "score"):
        np.testing.assert_array_equal(getattr(default, name), getattr(drawn, name))


@settings(deadline=None)
@given(fronts, seeds, st.floats(0, 1))
def test_balance_moves_no_random_number(F, seed, share):
    """Whoever draws after survival sees the same numbers whichever way ties are broken.

    Of truthful distances alone: the others draw where survivors tie, so it matters who they are.
    """
    n = round(share * len(F))
    after = []
    for ties in ("random", "balanced"):
        rng = np.random.default_rng(seed)
        survive(F, np.ones(len(F)), n, rng, "truthful", ties)
        after.append(rng.random())
    assert after[0] == after[1]
