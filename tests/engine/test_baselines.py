"""Random search, Sobol points and grids: stored, resumed and told like any other algorithm."""

import dataclasses
import itertools
import logging
import math

import numpy as np
import own_spaces
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.algorithms.grid import LARGEST_GRID
from paretide.errors import ConfigurationError
from paretide.operators.sampling.sobol_points import sobol_points

STEADY = {"mode": "steady", "window": 5, "size": 8}
ALGORITHMS = {
    f"{name}{', steady' * bool(settings)}": kind(**settings)
    for name, kind in {"random": pt.RandomSearch, "sobol": pt.Sobol, "grid": pt.Grid}.items()
    for settings in ({}, STEADY)
}


@pytest.fixture(params=ALGORITHMS, ids=str)
def algorithm(request):
    return ALGORITHMS[request.param]


LISTED = pt.Space(a=pt.Bool(), b=pt.Choice(["x", "y", "z"]))


def bits(result):
    rows = result.run.evaluations
    columns = (rows.ids, rows.X, rows.F, rows.parents, rows.generation)
    return [c.tobytes() for c in columns] + [result.population.ids.tobytes(), list(rows.operator)]


@pytest.mark.parametrize("problem", [toy.Schaffer(), toy.Mixed(), toy.Flaky()], ids=type)
def test_in_parts_or_whole_the_same_bits(algorithm, problem, tmp_path):
    pt.minimize(problem, algorithm, budget=130, seed=3, store=tmp_path / "whole.h5")
    whole = pt.open_run(tmp_path / "whole.h5")
    if isinstance(algorithm, pt.Grid):  # of the same budget
        definition = algorithm.start(problem, budget=130, seed=3).definition
        algorithm = algorithm.resolved(definition, 130)
    pt.minimize(problem, algorithm, budget=33, seed=3, store=tmp_path / "run.h5")
    resumed = pt.resume(tmp_path / "run.h5", budget=97)
    rows, expected = resumed.run.evaluations, whole.evaluations
    for name in ("ids", "X", "F", "generation"):
        assert getattr(rows, name).tobytes() == getattr(expected, name).tobytes(), name


def test_another_seed_is_another_sequence(algorithm):
    one, same, other = (
        pt.minimize(toy.Mixed(), algorithm, budget=40, seed=seed) for seed in (1, 1, 2)
    )
    assert bits(one) == bits(same)
    assert bits(one) != bits(other)


def test_asked_and_told_in_any_order_by_hand(algorithm):
    whole = pt.minimize(toy.Schaffer(), algorithm, budget=40, seed=3)
    opt = algorithm.start(toy.Schaffer(), seed=3, budget=40)
    rng = np.random.default_rng(1)
    while opt.evaluations < 36:
        batch = opt.ask(min(3, 36 - opt.evaluations - opt.outstanding))
        for id, x in rng.permuted(np.array(list(batch), dtype=object), axis=0):
            opt.tell(int(id), pt.Evaluated(F=[np.sum(x**2), -np.sum((x - 2) ** 2)]))
        opt.advance()
    rows = whole.run.evaluations
    known = dict(zip(rows.ids.tolist(), rows.X, strict=True))
    for id, x in zip(opt.population.ids.tolist(), opt.population.X, strict=True):
        np.testing.assert_array_equal(x, known[id])


def test_nobody_has_parents_and_the_best_are_kept():
    for name, algorithm in ALGORITHMS.items():
        result = pt.minimize(toy.Schaffer(), algorithm, budget=130, seed=1)
        rows = result.run.evaluations
        assert (rows.parents == -1).all(), name
        assert set(rows.operator) == {"sample"}, name
        assert set(result.ids) & set(result.population.ids), name


@pytest.mark.parametrize("budget", [1, 2, 7, 50])
def test_any_budget_will_do(algorithm, budget):
    evaluated = pt.minimize(toy.Mixed(), algorithm, budget=budget, seed=1).run.evaluations
    expected = 48 if budget == 50 and isinstance(algorithm, pt.Grid) else budget
    assert len(evaluated) == expected


def test_candidates_of_the_users_own_come_first(algorithm):
    algorithm = dataclasses.replace(algorithm, size=100)  # who is in it is not drawn again
    given = np.array([[1.0, 2.0], [-10.0, -10.0], [-10.0, -10.0]])
    result = pt.minimize(toy.Schaffer(), algorithm, budget=49, seed=1, initial=given)
    X = result.run.evaluations.X
    np.testing.assert_array_equal(X[:2], given[:2])
    assert len(np.unique(X, axis=0)) == len(X)
    if isinstance(algorithm, pt.Grid):  # of 7 by 7, of which one corner was there
        assert len(X) == 49
    assert set(result.run.evaluations.operator[:2]) == {"initial"}


# -- each of them ----------------------------------------------------------------------------------


def test_random_candidates_are_independent():
    algorithm = pt.RandomSearch(size=16)
    machine = algorithm.start(toy.Schaffer(), seed=1)
    assert len(set(np.floor(machine.ask().X[:, 0] / 20 * 16))) < 16


def test_a_space_draws_its_random_candidates_as_it_does_others():
    result = pt.minimize(own_spaces.Routes(), pt.RandomSearch(size=10), budget=30, seed=1)
    X = result.run.evaluations.X
    assert (np.sort(X, axis=1) == np.arange(X.shape[1])).all()


@pytest.mark.parametrize("settings", [{"size": 7}, STEADY], ids=str)
def test_all_points_are_of_one_sobol_sequence(settings):
    X = pt.minimize(toy.Schaffer(), pt.Sobol(**settings), budget=64, seed=5).run.evaluations.X
    cells = np.sort(np.floor((X + 10) / 20 * 64).astype(int), axis=0)
    np.testing.assert_array_equal(cells, np.repeat(np.arange(64)[:, None], 2, axis=1))
    machine = pt.Sobol(**settings).start(toy.Schaffer(), seed=5)
    machine.ask()
    key = int(machine.state_dict()["memory_scrambling"])
    expected = sobol_points(0, 64, 2, np.random.default_rng(key)) * 20 - 10
    np.testing.assert_array_equal(X, expected)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 4)), min_size=1, max_size=3),
    st.integers(1, 6),
    st.integers(0, 2**32),
)
def test_a_grid_has_every_combination_once(bounds, points, seed):
    low, high = np.array([(a, a + width) for a, width in bounds]).T
    problem = problem_in(pt.Integer(low, high))
    counts = [min(points, b - a + 1) for a, b in zip(low, high, strict=True)]
    result = pt.minimize(problem, pt.Grid(points=points, size=7), budget=2000, seed=seed)
    X = result.run.evaluations.X
    assert result.stopped_by == "exhausted"
    assert len(X) == len(np.unique(X, axis=0)) == math.prod(counts)
    axes = [np.unique(column) for column in X.T]
    assert [len(axis) for axis in axes] == counts
    assert {tuple(x) for x in X.tolist()} == set(itertools.product(*(a.tolist() for a in axes)))
    for axis, a, b in zip(axes, low, high, strict=True):
        assert len(axis) == 1 or (axis[0], axis[-1]) == (a, b)


def test_values_of_a_grid_lie_evenly_and_choices_are_all_there():
    algorithm = pt.Grid(points=(5, 4, 3, 2, 3))
    X = pt.minimize(toy.Mixed(), algorithm, budget=1000, seed=1).run.evaluations.X
    assert len(X) == 5 * 4 * 3 * 2 * 3
    np.testing.assert_allclose(np.unique(X[:, 0]), [1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
    assert [len(np.unique(X[:, j])) for j in range(5)] == [5, 4, 3, 2, 3]


@pytest.mark.parametrize(
    ("space", "budget", "counts"),
    [
        (pt.Real(0, 1, n=2), 110, (11, 10)),
        (pt.Real([0, 3], [1, 3]), 9, (9, 1)),
        (pt.Integer([0, 0], [2, 90]), 30, (3, 10)),
        (pt.Binary(4), 5, (2, 2, 2, 2)),
        (toy.Mixed.space, 100, (4, 2, 3, 2, 2)),
        (toy.Mixed.space, 108, (3, 3, 3, 2, 2)),
        (pt.Real(0, 1, n=12), 10, (2,) * 12),
    ],
)
def test_a_grid_is_as_fine_as_the_budget_allows(space, budget, counts):
    definition = pt.NSGA2().start(problem_in(space)).definition
    assert pt.Grid().resolved(definition, budget).points == counts


def test_a_grid_that_the_budget_cuts_says_so(caplog):
    with caplog.at_level(logging.WARNING, logger="paretide"):
        result = pt.minimize(problem_in(pt.Binary(5)), pt.Grid(), budget=10, seed=1)
    assert "the grid has 32 points, of which the budget of 10" in caplog.text
    assert len(np.unique(result.run.evaluations.X, axis=0)) == 10


def test_whole_numbers_that_a_logarithm_brings_together_are_all_there():
    problem = problem_in(pt.Space(width=pt.Int(1, 40, log=True)))
    X = pt.minimize(problem, pt.Grid(points=40), budget=100, seed=1).run.evaluations.X
    np.testing.assert_array_equal(np.sort(X[:, 0]), np.arange(1, 41))


@pytest.mark.parametrize(
    ("algorithm", "space", "message"),
    [
        (pt.Grid(), pt.Real(0, 1, n=30), f"1073741824 points, more than {LARGEST_GRID}"),
        (pt.Grid(points=(2, 2)), pt.Real(0, 1, n=3), "one for each of the 3 variables, got 2"),
        (
            pt.Grid(points=(2, 2)),
            LISTED,
            "points of b must be",
        ),
        (pt.Sobol(), pt.Binary(21202), "at most 21201 dimensions"),
        (pt.Sobol(), own_spaces.Tours(7), r"Sobol\(.*needs working coordinates"),
        (pt.Grid(), own_spaces.Tours(7), r"Grid\(.*needs working coordinates"),
    ],
)
def test_what_does_not_fit_a_space_is_refused(algorithm, space, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(problem_in(space), algorithm, budget=100, seed=1)


def test_wrong_settings_are_refused_by_name():
    with pytest.raises(ConfigurationError, match="Grid: points must be"):
        pt.Grid(points=0)
    with pytest.raises(ConfigurationError, match="Grid: points must be"):
        pt.Grid(points=(3, 0.5))
    with pytest.raises(ConfigurationError, match=r"pop_size.*size=7"):
        pt.RandomSearch(pop_size=7)
    with pytest.raises(ConfigurationError, match="points=, or a budget"):
        pt.Grid().start(toy.Schaffer(), seed=1)


def problem_in(space):
    class Problem(pt.Problem):
        objectives = {"a": "min", "b": "min"}

        def evaluate(self, x, ctx):
            return {"a": 0.0, "b": 0.0}

    Problem.space = space
    return Problem()
