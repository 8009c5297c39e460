"""Infinite values of constraints: feasible on the satisfied side, from the worker to the file."""

import numpy as np
import pytest

import paretide as pt


class Truss(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"mass": "min", "sag": "min"}
    constraints = {"safety": pt.lower(1.5), "hours": pt.upper(np.inf), "load": pt.upper(0.9)}

    def evaluate(self, x, ctx):
        load = max(0.0, float(x[1]) - 0.4)
        return {
            "mass": x[0],
            "sag": 1 - x[0] + x[1],
            "safety": x[0] / load if load else np.inf,
            "hours": 1e308,
            "load": load if x[0] < 0.9 else -np.inf,
        }


class Vectorized(Truss):
    evaluate = None

    def evaluate_batch(self, X):
        rows = [Truss.evaluate(self, x, None) for x in X]
        values = np.array([list(row.values()) for row in rows], dtype=float)
        return values[:, :2], values[:, 2:]


ALGORITHMS = {
    "generational": pt.NSGA2(size=20),
    "steady": pt.NSGA2(size=20, mode="steady", window=8),
    "truthful": pt.NSGA2(size=20, crowding="truthful"),
    "dynamic": pt.DynamicNSGA2(start=4, max_size=20, tau=40),
    "concurrent": pt.ConcurrentDynamicNSGA2(start=4, max_size=20, base=20),
}


@pytest.mark.parametrize("problem", [Truss, Vectorized])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_it_is_feasible_everywhere(name, problem, tmp_path):
    path, algorithm = tmp_path / "run.h5", ALGORITHMS[name]
    whole = pt.minimize(problem(), algorithm, budget=400, seed=1)
    pt.minimize(problem(), algorithm, budget=130, seed=1, store=path)
    result = pt.resume(path, problem=problem(), budget=270)
    assert result.X.tobytes() == whole.X.tobytes()
    assert not result.run.failures()
    assert result.feasible
    assert result.F[:, 1].min() < 0.2
    assert np.isposinf(result.G[:, 0]).any()
    assert (result.population.violation[np.isinf(result.population.G[:, 0])] == 0).any()
    stored = pt.open_run(path)
    assert np.isposinf(stored.evaluations.G[:, 0]).any()
    assert stored.definition.constraints["hours"] == pt.upper(np.inf)
    assert stored.front().F.tobytes() == whole.run.front().F.tobytes()


def test_one_of_equal_candidates_is_asked_once():
    calls = []

    class Bits(pt.Problem):
        space = pt.Binary(4)
        objectives = {"a": "min", "b": "min"}
        constraints = {"g": pt.upper(0)}

        def evaluate(self, x, ctx):
            calls.append(ctx.id)
            return {"a": x.sum(), "b": -x.sum(), "g": -np.inf}

    result = pt.minimize(Bits(), pt.NSGA2(size=10), budget=60, seed=1)
    assert len(calls) <= 16
    assert result.run.evaluations.evaluated.all()


@pytest.mark.parametrize("mode", ["generational", "steady"])
@pytest.mark.parametrize("g", [np.inf, np.nan])
def test_an_endless_violation_has_failed(mode, g):
    class Broken(Truss):
        constraints = {"safety": pt.upper(1.5)}

        def evaluate(self, x, ctx):
            return {"mass": x[0], "sag": 1 - x[0], "safety": g if ctx.id % 3 == 0 else 1.0}

    run = pt.minimize(Broken(), pt.NSGA2(size=10, mode=mode), budget=30, seed=1).run
    assert run.failures() == {f"not finite: safety = {g}": list(range(0, 30, 3))}


@pytest.mark.parametrize(
    "algorithm",
    [pt.NSGA2(size=4), pt.NSGA2(size=4, mode="steady", window=4)],
    ids=["gen", "steady"],
)
def test_tell_knows_the_sides(algorithm):
    machine = algorithm.start(Truss(), seed=1)
    batch = machine.ask(4)
    G = np.array([[np.inf, 0, -np.inf], [-np.inf, 0, 0], [2, np.inf, 0], [np.nan, 0, 0]])
    machine.tell(batch, F=np.zeros((4, 2)), G=G)
    assert machine.failures == 2
    assert machine.population.ids.tolist() == batch.ids[[0, 2]].tolist()
    assert machine.population.feasible.all()
