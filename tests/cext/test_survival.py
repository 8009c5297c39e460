"""Survival in one call against the oracle, draw by draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.cext import crowding, dominance, reference
from paretide.cext.survival import survive
from paretide.errors import ConfigurationError, ShapeError

shapes = st.tuples(st.integers(1, 24), st.integers(1, 4))
matrices = st.one_of(
    arrays(np.float64, shapes, elements=st.sampled_from([-0.0, 0.0, 0.5, 1.0, 2.0])),
    arrays(np.float64, shapes, elements=st.floats(-1e308, 1e308)),
    arrays(np.float64, shapes, elements=st.floats(0, 1)),
)


def generators(seed):
    return np.random.default_rng(seed), np.random.default_rng(seed)


def assert_same(F, rank, keep, seed, giving_way=0):
    here, there = generators(seed)
    found = survive(F, rank, keep, here.bit_generator, giving_way)
    if rank is None:
        rank = reference.nondominated_rank(F)
    expected = reference.survive(F, rank, keep, there, giving_way)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert here.bit_generator.state == there.bit_generator.state  # the same number of draws


@settings(deadline=None)
@given(matrices, st.data(), st.integers(0, 2**32))
def test_survivors_are_those_of_the_oracle(F, data, seed):
    keep = data.draw(st.integers(0, len(F)))
    assert_same(F, None, keep, seed)


@settings(deadline=None)
@given(matrices, st.data(), st.integers(0, 2**32))
def test_any_ranks_will_do(F, data, seed):
    """Infeasible points are ranked by their violation, whatever their objectives are."""
    n = len(F)
    rank = data.draw(arrays(np.int64, n, elements=st.integers(0, n - 1)))
    assert_same(F, rank, data.draw(st.integers(0, n)), seed)


@settings(deadline=None, max_examples=300)
@given(matrices, st.booleans(), st.data(), st.integers(0, 2**32))
def test_copies_give_way_as_those_of_the_oracle(F, flat, data, seed):
    """A few values on one front, or fronts of any kind; some of them infeasible."""
    n = len(F)
    if flat:  # few enough different ones for every case
        F = F[data.draw(arrays(np.int64, n, elements=st.integers(0, max(0, n // 3))))]
    rank = np.zeros(n, dtype=np.int64) if flat else None
    giving_way = data.draw(st.one_of(st.just(n), st.integers(0, n)))
    assert_same(F, rank, data.draw(st.integers(0, n)), seed, giving_way)


@pytest.mark.parametrize("n", [900, 3_000])
@pytest.mark.parametrize("m", [2, 3])
@pytest.mark.parametrize("kind", ["front", "uniform", "grid", "far apart"])
def test_large_fronts_on_either_side_of_the_change_of_sorting(monkeypatch, n, m, kind):
    for name in ("truncate", "crowding_distance"):  # the oracle's own take minutes
        monkeypatch.setattr(reference, name, getattr(crowding, name))
    monkeypatch.setattr(reference, "nondominated_rank", dominance.nondominated_rank)
    rng = np.random.default_rng(n + m)
    F = rng.random((n, m))
    if kind == "front":
        F /= F.sum(axis=1, keepdims=True)
    elif kind == "grid":
        F = np.floor(8 * F)
    elif kind == "far apart":
        F = np.exp(200 * (F - 0.5)) * rng.choice([-1, 1], size=F.shape)
    assert_same(F, None, n // 2, 1)


@pytest.mark.parametrize(("n", "m"), [(300, 2), (300, 3), (3_000, 3), (300, 5), (20_000, 5)])
@pytest.mark.parametrize("levels", [4, 1_000_000])
def test_ranks_found_are_as_good_as_ranks_given(n, m, levels):
    F = np.floor(levels * np.random.default_rng(n + m).random((n, m)))
    here, there = generators(2)
    found = survive(F, None, n // 3, here.bit_generator)
    given_ranks = survive(F, dominance.nondominated_rank(F), n // 3, there.bit_generator)
    for ours, theirs in zip(found, given_ranks, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert here.bit_generator.state == there.bit_generator.state


def test_every_one_of_equals_survives_equally_often():
    F = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    rng = np.random.default_rng(3)
    rank = np.zeros(5, dtype=np.int64)
    counts = np.zeros(5)
    for _ in range(3_000):
        counts[survive(F, rank, 3, rng.bit_generator)[0]] += 1
    assert counts[:2].tolist() == [3_000, 3_000]
    assert (np.abs(counts[2:] - 1_000) < 150).all()  # five standard deviations and more


def test_everybody_survives_if_there_is_room():
    F = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    rows, rank, distance = survive(F, np.array([0, 0, 1]), 3, np.random.PCG64(1))
    assert rows.tolist() == [0, 1, 2]
    assert rank.tolist() == [0, 0, 1]
    assert distance.tolist() == [np.inf, np.inf, 0.0]  # a point alone has no range


def test_nothing_is_drawn_where_nothing_ties_and_no_front_is_cut():
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    survive(np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]]), np.zeros(3, int), 3, rng.bit_generator)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize(
    ("F", "rank", "keep", "error", "message"),
    [
        (np.zeros(3), [0, 0, 0], 1, ShapeError, "F must be a 2-D array"),
        (np.zeros((3, 2)), [0, 0], 1, ShapeError, "F must be .n, n_obj. and rank .n,.; got"),
        (np.zeros((3, 2)), [0, 3, 0], 1, ShapeError, "from 0 to 2; row 1 has 3"),
        (np.zeros((3, 2)), [0, 0, -1], 1, ShapeError, "from 0 to 2; row 2 has -1"),
        (np.zeros((3, 2)), [0, 0, 0], 4, ConfigurationError, "keep must be between 0 and 3"),
    ],
)
def test_wrong_arguments_are_named(F, rank, keep, error, message):
    with pytest.raises(error, match=message):
        survive(F, np.array(rank), keep, np.random.PCG64(1))


@pytest.mark.parametrize("giving_way", [-1, 4])
def test_more_copies_than_rows_are_refused(giving_way):
    with pytest.raises(ConfigurationError, match="giving_way"):
        survive(np.zeros((3, 2)), None, 2, np.random.PCG64(1), giving_way)
