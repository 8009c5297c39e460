"""One command for the first start of a run and every other."""

import logging

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.errors import ConfigurationError, StoreMismatch


class Counting(toy.Schaffer):
    """Keeps what was evaluated."""

    def __init__(self):
        self.ids = []

    def evaluate(self, x, ctx):
        self.ids.append(ctx.id)
        return super().evaluate(x, ctx)


Counting.__name__ = toy.Schaffer.__name__  # a part of what a problem is


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def start(path, problem=None, algorithm=None, **arguments):
    options = {"budget": 40, "seed": 3, "or_resume": True, **arguments}
    return pt.minimize(
        problem or toy.Schaffer(), algorithm or pt.NSGA2(size=10), store=path, **options
    )


def whole(budget=40, algorithm=None):
    return pt.minimize(toy.Schaffer(), algorithm or pt.NSGA2(size=10), budget=budget, seed=3)


def test_the_same_command_starts_goes_on_and_returns(path):
    class Broken(Exception):
        pass

    def fails(progress):
        if progress.evaluations == 20:
            raise Broken

    with pytest.raises(Broken):
        start(path, callbacks=[fails])
    assert pt.open_run(path).stopped_by == ""
    went_on = start(path)
    assert went_on.X.tobytes() == whole().X.tobytes()
    problem, before = Counting(), path.read_bytes()
    again = start(path, problem)
    assert (again.stopped_by, again.X.tobytes()) == ("budget", whole().X.tobytes())
    assert (problem.ids, path.read_bytes()) == ([], before)


def test_a_larger_budget_extends_the_run(path):
    start(path)
    assert start(path, budget=70).X.tobytes() == whole(70).X.tobytes()
    assert pt.open_run(path).specification["budget"] == 70


def test_a_smaller_budget_than_what_is_there_returns_what_is_there(path, caplog):
    start(path)
    with caplog.at_level(logging.WARNING):
        result = start(path, budget=20)
    assert "has 40 evaluations by now, more than budget=20: nothing is evaluated" in caplog.text
    assert result.X.tobytes() == whole().X.tobytes()
    assert pt.open_run(path).specification["budget"] == 40


def test_a_budget_between_what_is_there_and_what_was_asked_for_is_the_budget(path):
    start(path, budget=60, stop=lambda p: p.evaluations >= 20)
    assert start(path, budget=40).X.tobytes() == whole().X.tobytes()


@pytest.mark.parametrize(
    "algorithm",
    [
        pt.DynamicNSGA2(),
        pt.NSGA2(size=pt.BudgetShare(), mode="steady"),
        pt.NSGA2(size=pt.Doubling()),
        pt.ConcurrentDynamicNSGA2(),
    ],
)
def test_what_the_first_budget_decided_stays_when_it_is_extended(algorithm, path):
    start(path, algorithm=algorithm, budget=400)
    first = pt.open_run(path).specification["algorithm"]
    longer = start(path, algorithm=algorithm, budget=500)
    assert len(longer.run.evaluations) == 500
    assert longer.run.specification["algorithm"] == first
    start(path, algorithm=algorithm, budget=500)


def test_a_run_that_the_clock_ended_goes_on(path):
    first = start(path, toy.Sleepy(), stop=pt.MaxSeconds(0.2))
    assert first.stopped_by == "seconds"
    assert start(path, toy.Sleepy(), stop=pt.MaxSeconds(1e9)).stopped_by == "budget"


def test_a_run_that_its_condition_ended_has_ended_if_that_still_says_so(path):
    first = start(path, budget=200, stop=pt.MaxGenerations(2))
    problem = Counting()
    again = start(path, problem, budget=200, stop=pt.MaxGenerations(2))
    assert (again.stopped_by, again.X.tobytes()) == ("generations", first.X.tobytes())
    assert problem.ids == []
    assert start(path, budget=200, stop=pt.MaxGenerations(4)).stopped_by == "generations"
    assert start(path, budget=200).stopped_by == "budget"


def test_a_search_space_that_is_used_up_stays_so(path):
    start(path, toy.Tiny(), pt.NSGA2(size=8), budget=100)
    assert start(path, toy.Tiny(), pt.NSGA2(size=8), budget=200).stopped_by == "exhausted"


def test_a_run_without_a_budget_goes_on_and_may_get_one(path):
    start(path, budget=None, stop=pt.MaxGenerations(1))
    start(path, budget=None, stop=pt.MaxGenerations(2))
    assert start(path).X.tobytes() == whole().X.tobytes()


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        ({}, {"seed": 4}, "seed: stored 3, given 4"),
        ({}, {"algorithm": pt.NSGA2(size=12)}, "size: stored 10, given 12"),
        ({}, {"algorithm": pt.NSGA2(size=10, mode="steady")}, "mode: stored 'generational'"),
        ({}, {"algorithm": pt.DynamicNSGA2(tau=10)}, "algorithm: stored 'nsga2', given 'dnsga2'"),
        ({}, {"problem": toy.Mixed()}, "another run than the one asked for:\n  name: stored"),
        ({"problem": toy.Mixed()}, {"problem": toy.Mixed(scale=2.0)}, r"arguments: .*'scale': 2.0"),
        ({}, {"cache": True}, "cache: stored False, given True"),
        ({}, {"initial": [[1.0, 1.0]]}, "initial: other candidates"),
        ({"initial": [[1.0, 1.0]]}, {"initial": [[1.0, 2.0]]}, "initial: other candidates"),
    ],
)
def test_another_run_is_refused_with_what_differs(first, then, message, path):
    start(path, **first)
    before = path.read_bytes()
    with pytest.raises(StoreMismatch, match=message):
        start(path, **{**first, **then})
    assert path.read_bytes() == before


def test_a_seed_that_was_drawn_and_initial_candidates_are_of_the_first_start(path):
    initial = np.ones((3, 2))
    first = start(path, seed=None, initial=initial)
    again = start(path, seed=None, initial=initial, budget=60)
    assert again.seed == first.seed
    assert start(path, seed=None, budget=60, initial=initial).seed == first.seed


def test_a_run_that_another_process_writes_is_not_touched(path):
    inner = []

    def meanwhile(progress):
        with pytest.raises(pt.errors.StoreLocked):
            start(path)
        inner.append(True)

    start(path, callbacks=[meanwhile])
    assert inner


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overwrite": True}, "overwrite=True replaces the run that is there, and or_resume=True"),
        ({"store": None}, "or_resume=True needs the store="),
    ],
)
def test_contradictions_are_named(arguments, message, path):
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(
            toy.Schaffer(), pt.NSGA2(size=10), budget=40,
            **{"store": path, "or_resume": True, **arguments},
        )  # fmt: skip
