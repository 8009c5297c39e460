"""Survival as a part: what it gets, what it may return, what it remembers."""

import numpy as np
import pytest

import paretide as pt
from paretide.engine.algorithms.selection import select
from paretide.engine.records.population import Population, no_population
from paretide.errors import ShapeError
from paretide.problems.definition import read_definition

K = 6


class Limited(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"gain": "max", "cost": "min"}
    constraints = {"g": pt.upper(0)}

    def evaluate_batch(self, X):
        return X, X[:, :1] - 0.5


class Free(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"gain": "max", "cost": "min"}

    def evaluate_batch(self, X):
        return X


def selected(survival, size=3, memory=None, kind=Free):
    problem = kind()
    definition = read_definition(problem)
    X = np.random.default_rng(4).random((K, 2))
    values = problem.evaluate_batch(X)
    F, G = values if kind is Limited else (values, np.empty((K, 0)))
    memory = {} if memory is None else memory
    rng = np.random.default_rng(1)
    nobody = no_population(definition)
    return select(nobody, np.arange(K) + 50, X, F, G, size, rng, survival, memory)


@pytest.mark.parametrize("kind", [Free, Limited])
def test_survival_gets_minimized_objectives_and_violations(kind):
    got = {}

    @pt.survival
    def looking(F, violation, size, rng, memory):
        got.update(F=F.copy(), violation=violation.copy(), size=size)
        rows = np.arange(len(F))[::-1][:size]
        return pt.Survivors(rows, np.arange(size), np.full(size, 0.5))

    found = selected(looking, kind=kind)
    X = np.random.default_rng(4).random((K, 2))
    np.testing.assert_array_equal(got["F"], X * [-1, 1])
    expected = np.maximum(X[:, 0] - 0.5, 0) if kind is Limited else np.zeros(K)
    np.testing.assert_allclose(got["violation"], expected)
    assert got["size"] == 3
    assert found.population.ids.tolist() == found.mates.ids.tolist() == [55, 54, 53]
    np.testing.assert_array_equal(found.population.X, X[[5, 4, 3]])
    assert found.mates.rank.tolist() == [0, 1, 2]
    assert found.mates.score.dtype == np.float64
    assert isinstance(found.population, Population)


def test_numbers_of_any_width_are_numbers():
    @pt.survival
    def narrow(F, violation, size, rng, memory):
        return list(range(size)), np.zeros(size, np.int8), np.ones(size, np.float32)

    found = selected(narrow)
    assert found.mates.rank.dtype == np.int64
    assert found.mates.score.dtype == np.float64


def test_it_may_remember_arrays():
    @pt.survival
    def counting(F, violation, size, rng, memory):
        memory["calls"] = memory.get("calls", np.zeros(1)) + 1
        return np.arange(size), np.zeros(size, int), np.zeros(size)

    memory = {}
    for _ in range(3):
        selected(counting, memory=memory)
    assert memory["calls"] == [3.0]


def kept(rows, rank=None, score=None):
    def f(F, violation, size, rng, memory):
        r = len(rows)
        return pt.Survivors(
            np.array(rows),
            np.zeros(r, int) if rank is None else rank,
            np.zeros(r) if score is None else score,
        )

    return pt.survival(f)


BROKEN = {
    "nothing": (pt.survival(lambda F, v, size, rng, memory: None), r"returned None .*Survivors\("),
    "rows alone": (
        pt.survival(lambda F, v, size, rng, memory: np.arange(size)),
        r"expected pt.Survivors\(rows, rank, score\)",
    ),
    "too many": (
        kept([0, 1, 2, 3]),
        r"rows as an array of shape \(4,\) .*; expected \(3,\) int64 \(of 6 rows, 3 may stay\)",
    ),
    "too few": (kept([0, 1]), r"shape \(2,\).*expected \(3,\) int64 \(of 6 rows, 3 may stay\)"),
    "a row twice": (kept([4, 1, 4]), r"kept row 4 twice; expected each once"),
    "a row that is not there": (kept([0, 1, 6]), r"from 0 to 6; expected rows from 0 to 5"),
    "one from the end": (kept([0, 1, -1]), r"kept rows from -1 to 1; expected rows from 0 to 5"),
    "a mask": (kept([True, True, True]), r"dtype bool; expected \(3,\) int64"),
    "ranks of others": (
        kept([0, 1, 2], rank=np.zeros(6, int)),
        r"rank as an array of shape \(6,\).*; expected \(3,\) int64, one for each of the rows",
    ),
    "ranks with fractions": (kept([0, 1, 2], rank=np.zeros(3)), r"rank as .* dtype float64"),
    "no score": (kept([2, 1, 0], score=np.array([1, np.nan, 0])), r"gave row 1 the score nan"),
}


@pytest.mark.parametrize(("survival", "message"), BROKEN.values(), ids=BROKEN)
def test_survivors_that_are_none_are_refused(survival, message):
    with pytest.raises(ShapeError, match=message):
        selected(survival)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seen", [1, 2], r"left \[1, 2\] \(list\) in its memory under 'seen'; expected arrays"),
        (3, np.ones(2), r"under 3; expected arrays of numbers, by names"),
        ("who", np.array([None]), r"an array of object in its memory under 'who'; expected num"),
    ],
)
def test_a_memory_that_no_file_can_hold_is_refused(name, value, message):
    @pt.survival
    def remembering(F, violation, size, rng, memory):
        memory[name] = value
        return np.arange(size), np.zeros(size, int), np.zeros(size)

    with pytest.raises(ShapeError, match=message):
        selected(remembering)


@pytest.mark.parametrize("crowding", ["current", "once", "truthful"])
@pytest.mark.parametrize("kind", [Free, Limited])
def test_the_built_in_survival_returns_what_others_must(crowding, kind):
    class Own(pt.RankAndCrowding):
        def __call__(self, F, violation, size, rng, memory):
            return super().__call__(F, violation, size, rng, memory)

    for size in (2, 6, 9):
        one = selected(pt.RankAndCrowding(crowding=crowding), size, kind=kind)
        other = selected(Own(crowding=crowding), size, kind=kind)
        assert one.population.ids.tolist() == other.population.ids.tolist()
        assert one.mates.score.tobytes() == other.mates.score.tobytes()


@pytest.mark.parametrize("settings", [{"crowding": "none"}, {"ties": 3}])
def test_settings_of_rank_and_crowding_are_refused_by_name(settings):
    (name,) = settings
    with pytest.raises(pt.errors.ConfigurationError, match=f"RankAndCrowding: {name} must be one"):
        pt.RankAndCrowding(**settings)
