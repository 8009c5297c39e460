"""When runs end, and that a resumed one ends where an uninterrupted one does."""

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.errors import ConfigurationError


def run(stop, algorithm=None, problem=None, budget=2_000, **arguments):
    return pt.minimize(
        problem or toy.Schaffer(), algorithm or pt.NSGA2(size=10), budget=budget, seed=3,
        stop=stop, **arguments,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stop", "reason", "evaluations"),
    [
        (pt.MaxEvaluations(45), "evaluations", 50),
        (pt.MaxGenerations(2), "generations", 30),
        (pt.MaxSeconds(1e-9), "seconds", 0),
        (pt.MaxSeconds(1e9) | pt.MaxGenerations(3), "generations", 40),
        (pt.MaxGenerations(3) | pt.MaxEvaluations(10), "evaluations", 10),
        (pt.MaxGenerations(1) & pt.MaxEvaluations(45), "generations and evaluations", 50),
        (
            (pt.MaxGenerations(1) & pt.MaxSeconds(1e9)) | pt.MaxEvaluations(60),
            "evaluations",
            60,
        ),
    ],
)
def test_runs_end_after_the_generation_and_say_why(stop, reason, evaluations):
    result = run(stop)
    assert result.stopped_by == reason
    assert len(result.run.evaluations) == evaluations


def test_a_run_ends_once_its_front_is_covered():
    problem = pt.OneMinMax(10)
    result = run(pt.FrontCovered(problem), pt.NSGA2(size=44), problem, budget=20_000)
    assert result.stopped_by == "front covered"
    assert problem.front_covered(result.population.F)
    before = result.run.population(len(result.run.populations) - 1)
    assert not problem.front_covered(before.F)


def test_a_population_smaller_than_the_front_goes_on():
    problem = pt.OneMinMax(10)
    result = run(pt.FrontCovered(problem.pareto_front()), pt.NSGA2(size=8), problem, budget=400)
    assert result.stopped_by == "budget"


def test_a_target_is_reached_in_the_user_s_units():
    reference = (30.0, -30.0)  # the second is maximized
    reached = run(pt.TargetHypervolume(600.0, reference))
    assert reached.stopped_by == "hypervolume"
    F = reached.population.F
    F = F[(F[:, 0] < 30) & (F[:, 1] > -30)]
    order = F[np.argsort(F[:, 0])]
    area, best = 0.0, -30.0
    for left, right in order:  # by hand: a sum of rectangles
        if right > best:
            area += (30 - left) * (right - best)
            best = right
    assert area >= 600.0
    with pytest.raises(ConfigurationError, match="reference has 3 numbers, Schaffer has 2"):
        run(pt.TargetHypervolume(1.0, (1, 2, 3)))


def test_a_run_that_hardly_improves_stalls(tmp_path):
    stop = pt.Stall(generations=5, tolerance=0.01)
    whole = run(stop)
    assert whole.stopped_by == "stall"
    assert 5 <= len(whole.run.populations) < 150
    path = tmp_path / "run.h5"
    run(stop, budget=37, store=path)
    resumed = pt.resume(path, budget=1_963, stop=stop)
    assert resumed.stopped_by == "stall"
    assert len(resumed.run.evaluations) == len(whole.run.evaluations)
    assert resumed.X.tobytes() == whole.X.tobytes()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.MaxEvaluations(0), "MaxEvaluations: evaluations must be a whole number >= 1"),
        (lambda: pt.MaxGenerations(1.5), "MaxGenerations: generations must be a whole number"),
        (lambda: pt.MaxSeconds(0), "MaxSeconds: seconds must be a number above 0, got 0"),
        (lambda: pt.Stall(3, tolerance=-1), "Stall: tolerance must be a number >= 0, got -1"),
        (lambda: pt.TargetHypervolume(float("nan"), (1, 1)), "value must be a number above 0"),
        (lambda: pt.TargetHypervolume(1, "ab"), "reference must be finite numbers"),
        (lambda: pt.FrontCovered("zdt1"), r"pass the front, an array \(s, n_obj\)"),
        (lambda: pt.FrontCovered(np.empty((0, 2))), "pass the front"),
        (lambda: pt.MaxSeconds(1) | (lambda p: True), "composes with terminations"),
    ],
)
def test_wrong_conditions_are_named(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()
