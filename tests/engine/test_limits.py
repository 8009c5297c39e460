"""What breaks a limit that needs no training is never evaluated."""

import logging

import numpy as np
import pytest

import paretide as pt
from paretide.engine.algorithms.limits import Limits
from paretide.engine.runs.replay import replay
from paretide.problems.definition import read_definition


class Sized(pt.Problem):
    """Most widths are too many; which ones is known before anything is trained."""

    space = pt.Space(width=pt.Int(1, 400), rate=pt.Float(0.0, 1.0))
    objectives = {"error": "min", "size": "min"}

    def __init__(self, most=40, training=1.0):
        self.constraints = {"width": pt.upper(most), "hard": pt.upper(training)}
        self.trained = []

    def known(self, x):
        return {"width": x["width"], "size": 2 * x["width"]}

    def evaluate(self, x, ctx):
        self.trained.append(x["width"])
        return {"error": 1 / x["width"] + abs(x["rate"] - 0.5), "hard": x["rate"]}


@pt.screen
def narrowest(pool, k, known, open, space, rng, memory):
    return np.argsort(pool[:, 0], kind="stable")[:k]


ALGORITHMS = {
    "generations": pt.NSGA2(size=10),
    "few children": pt.NSGA2(size=10, offspring=3),
    "steady": pt.NSGA2(size=10, mode="steady", window=3),
    "duplicates": pt.NSGA2(size=10, duplicates=None),
    "population": pt.NSGA2(size=10, duplicates="population"),
    "screened": pt.NSGA2(size=10, screen=narrowest),
    "growing": pt.DynamicNSGA2(start=4, max_size=12, tau=12),
    "side by side": pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=8),
    "parts": pt.Evolution(size=10, repair=None),
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_nobody_who_breaks_a_limit_is_trained(name, tmp_path):
    problem, path = Sized(), tmp_path / "run.h5"
    whole = pt.minimize(problem, ALGORITHMS[name], budget=60, seed=2, store=path)
    everything = whole.run.evaluations
    assert len(everything) == len(problem.trained) == 60
    assert max(problem.trained) <= 40
    assert (everything.X[:, 0] <= 40).all()
    replay(pt.open_run(path), problem=Sized())
    part = tmp_path / "part.h5"
    pt.minimize(Sized(), ALGORITHMS[name], budget=33, seed=2, store=part)
    resumed = pt.resume(part, budget=27, problem=Sized())
    assert resumed.run.evaluations.X.tobytes() == everything.X.tobytes()


def test_a_limit_that_needs_training_refuses_nobody():
    everything = pt.minimize(Sized(training=0.1), pt.NSGA2(size=10), budget=40, seed=1).run
    assert (everything.evaluations.G[:, 1] > 0.1).any()


@pytest.mark.parametrize("name", ["generations", "few children", "steady"])
def test_limits_that_nobody_keeps_end_the_run(name):
    calls = []

    class Never(Sized):
        def known(self, x):
            calls.append(1)
            return {"width": 1e9 if problem.trained else 0.0, "size": 1.0}

    problem = Never()
    result = pt.minimize(problem, ALGORITHMS[name], budget=60, seed=1)
    assert result.stopped_by == "exhausted by limits"
    assert 10 <= len(result.run.evaluations) <= 20
    assert len(calls) >= 20 * 10
    assert len(result.population) <= 10


def test_limits_that_hardly_anybody_keeps_leave_places_empty():
    result = pt.minimize(Sized(most=2), pt.NSGA2(size=10), budget=60, seed=1)
    assert result.stopped_by in ("budget", "exhausted by limits")
    first = result.run.evaluations.generation == 0
    assert 0 < first.sum() < 10


def test_initial_candidates_that_break_a_limit_are_left_out(caplog):
    initial = [{"width": 300, "rate": 0.5}, {"width": 30, "rate": 0.5}]
    with caplog.at_level(logging.WARNING):
        result = pt.minimize(Sized(), pt.NSGA2(size=10), budget=20, seed=1, initial=initial)
    assert "1 of 2 initial candidates break a limit, as known(x) says" in caplog.text
    assert result.run.evaluations.X[0].tolist() == [30, 0.5]
    assert len(result.run.evaluations) == 20


def test_what_raises_or_returns_other_names_goes_out_and_fails_there():
    class Raises(Sized):
        def known(self, x):
            if x["width"] > 200:
                raise ValueError(x["width"])
            return {"width": 0.0, "size": 1.0}

    problem = Raises()
    everything = pt.minimize(problem, pt.NSGA2(size=10), budget=40, seed=1).run.evaluations
    assert len(everything.failures) > 0
    assert max(problem.trained) <= 200


def test_refusals_in_a_row_are_counted_from_the_last_that_was_not():
    limits = Limits(read_definition(Sized()), Sized().known, most=5)
    limits.note(np.array([True, False, True, True]))
    assert limits.in_a_row == 2
    assert limits.draws_again()
    assert not limits.draws_again()  # nobody was refused since
    limits.note(np.array([True, True, True]))
    assert limits.in_a_row == 5
    assert not limits.draws_again()  # as many as there may be
    limits.note(np.array([False]))
    limits.note(np.array([True]))
    assert limits.in_a_row == 1
    assert limits.draws_again()
