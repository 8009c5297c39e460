"""The box in which hypervolume is measured, and what cannot set it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.operators.reference import first_best, reference_box

NOBODY = np.empty((0, 2))


def line(n):
    """(n, 2) an even front from (0, 1) to (1, 0)."""
    x = np.linspace(0, 1, n)
    return np.stack([x, 1 - x], axis=1)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 9, 40, 1000])
def test_of_an_even_front_it_is_a_tenth_of_the_range_beyond(n):
    box = reference_box(line(n), NOBODY)
    if n > 1:
        np.testing.assert_allclose(box.reference, [1.1, 1.1])
    np.testing.assert_allclose(box.best, line(n).min(axis=0))
    assert (box.reference > line(n).max(axis=0)).all()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
@pytest.mark.parametrize("penalty", [1e5, 1e9, 1e300, 1.7e308])
@pytest.mark.parametrize("spread", [False, True])
def test_penalties_in_one_objective_do_not_set_it(share, penalty, spread):
    front = line(101)
    rows = np.random.default_rng(0).permutation(101)[: int(share * 101)]
    front[rows, 1] = penalty * (np.linspace(0.5, 1, len(rows)) if spread else 1)
    box = reference_box(front, NOBODY)
    assert 0.5 < box.reference[1] < 10
    np.testing.assert_allclose(box.reference[0], 1.1)
    assert reference_box(front * [1, -1], NOBODY).best[1] > -10


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_penalties_in_all_objectives_do_not_set_it(share):
    first = np.random.default_rng(0).random((100, 2))
    first[: int(share * 100)] = 1e9
    best = first_best(first)
    assert (reference_box(best[:1], best).reference < 20).all()


def test_a_first_generation_of_penalties_alone_does_not_set_it():
    box = reference_box(line(40), np.full((20, 2), 1e9))
    assert (box.reference < 10).all()
    rough = 1e9 * (1 + np.random.default_rng(0).random((20, 2)))
    assert (reference_box(line(60), rough).reference < 10).all()


def test_of_losses_over_decades_it_is_where_the_front_is():
    x = np.linspace(-3, 3, 61)
    front = np.stack([10.0**x, 10.0**-x], axis=1)
    box = reference_box(front, NOBODY)
    assert (box.reference < 100).all()
    inside = (front < box.reference).all(axis=1)
    assert inside.mean() > 0.2
    assert (front[inside] >= box.best).all()


def test_a_front_of_one_keeps_the_scale_of_the_first_generation():
    first = np.linspace(1, 2, 12)[:, None]
    box = reference_box(np.zeros((1, 1)), first)
    assert box.best == 0
    assert 2 <= box.reference <= 2.5


def test_where_all_are_equal_there_is_a_box():
    for value in (0.0, 3.0, -1e300, 1e9):
        box = reference_box(np.full((5, 2), value), np.full((9, 2), value))
        assert (box.best == value).all()
        assert (box.reference > value).all()


def test_the_first_best_are_whole_ranks():
    F = np.concatenate([line(4) + i for i in range(6)])
    assert first_best(F).tolist() == F[:12].tolist()
    assert first_best(F[:3]).tolist() == F[:3].tolist()
    assert first_best(NOBODY).shape == (0, 2)


values = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 3).map(float))
fronts = st.integers(1, 4).flatmap(
    lambda m: st.tuples(
        *(arrays(float, st.tuples(st.integers(k, 12), st.just(m)), elements=values) for k in (1, 0))
    )
)


@given(fronts, st.randoms())
def test_it_is_finite_holds_a_quarter_and_knows_no_order(pair, shuffle):
    front, first = pair
    box = reference_box(front, first)
    assert np.isfinite(box).all()
    assert (box.best <= box.reference).all()
    distinct = np.unique(front, axis=0)
    assert ((distinct >= box.best) & (distinct <= box.reference)).all(axis=1).mean() >= 0.25
    rows = [*range(len(front)), 0]
    shuffle.shuffle(rows)
    np.testing.assert_array_equal(reference_box(front[rows], first[::-1]), box)
