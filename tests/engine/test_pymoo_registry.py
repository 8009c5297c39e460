"""Every multi-objective problem of pymoo's registry is stored, and goes on from its file alone."""

import ast
import inspect
import textwrap

import numpy as np
import pytest

import paretide as pt

get_problem = pytest.importorskip("pymoo.problems").get_problem

LEFT_OUT = {"modact": "its package modact is installed from GitHub, and is not here"}

SINGLE = {
    *("ackley", "cantilevered_beam", "griewank", "himmelblau", "knp", "pressure_vessel"),
    *("rastrigin", "rosenbrock", "schwefel", "sphere", "zakharov"),
    *(f"g{i}" for i in range(1, 25)),
}

NEEDED = {
    **{f"wfg{i}": {"n_var": 10, "n_obj": 3} for i in range(1, 10)},
    **{f"dascmop{i}": {"difficulty": 5} for i in range(1, 7)},
    **{f"dascmop{i}": {"difficulty_factors": 7} for i in range(7, 10)},
}
"""Arguments of those that cannot be made without."""


def registered():
    """The names that ``get_problem`` knows, as its source has them."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(get_problem)))
    tables = [node for node in ast.walk(tree) if isinstance(node, ast.Dict) and node.keys]
    return [key.value for key in max(tables, key=lambda table: len(table.keys)).keys]


MULTI = [name for name in registered() if name not in SINGLE | LEFT_OUT.keys()]


def test_the_registry_is_found():
    assert {"zdt1", "dtlz2", "wfg9", "mw14", "dascmop9", "df14", "zcat20", "carside"} <= set(MULTI)
    assert len(MULTI) > 90
    assert SINGLE | LEFT_OUT.keys() <= set(registered())


@pytest.mark.parametrize("name", MULTI)
def test_a_problem_goes_on_from_its_file_alone(name, tmp_path):
    path, algorithm = tmp_path / "run.h5", pt.NSGA2(size=6)
    problem = get_problem(name, **NEEDED.get(name, {}))
    assert problem.n_obj > 1
    pt.minimize(problem, algorithm, budget=15, seed=1, store=path)
    resumed = pt.resume(path, budget=12).run.evaluations
    whole = pt.minimize(problem, algorithm, budget=27, seed=1).run.evaluations
    for column in ("ids", "X", "F", "G"):
        np.testing.assert_array_equal(getattr(resumed, column), getattr(whole, column))
