"""How much failure a run bears, and what it says of it."""

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine.records.evaluations import empty
from paretide.engine.records.outcome import LostTask
from paretide.engine.runs.again import MACHINES, Chances
from paretide.engine.runs.cache import Memory
from paretide.engine.runs.failure_budget import failing_regions, failure_report
from paretide.engine.runs.session import Session
from paretide.errors import ConfigurationError, EvaluationError
from paretide.problems.definition import read_definition


@pytest.fixture(scope="module")
def picky():
    return pt.minimize(toy.Picky(), pt.NSGA2(size=40), budget=40, seed=1).run.evaluations


def test_failures_are_grouped_by_what_was_said(picky):
    kinds = [f.reason for f in picky.failures.values()]
    diverged, large = kinds.count("ValueError: diverged"), kinds.count("MemoryError: too large")
    assert diverged + large == len(kinds)
    assert failure_report(picky.failures.values()) == (
        f"  {diverged} x exception: ValueError: diverged\n"
        f"  {large} x exception: MemoryError: too large"
    )


def test_the_region_that_fails_is_named(picky):
    z = np.log(picky.X[:, 0])
    highest = z >= z.min() + 0.75 * (z.max() - z.min())
    low, high = picky.X[highest, 0].min(), picky.X[highest, 0].max()
    failed = np.count_nonzero(~picky.evaluated[highest])
    assert failing_regions(picky)[0] == (
        f"  rate from {low:.4g} to {high:.4g}: {failed} of {highest.sum()} failed"
    )


def test_nothing_is_named_where_nothing_differs():
    everything = pt.minimize(toy.Schaffer(), pt.NSGA2(size=20), budget=20, seed=1).run.evaluations
    assert failing_regions(everything) == []


@pytest.mark.parametrize(
    "algorithm", [pt.NSGA2(size=20), pt.NSGA2(size=20, mode="steady", window=5)]
)
def test_a_used_up_budget_ends_the_run_where_it_can_be_resumed(algorithm, tmp_path):
    path = tmp_path / "run.h5"
    with pytest.raises(EvaluationError) as caught:
        pt.minimize(
            toy.Flaky(), algorithm, budget=200, seed=1, store=path,
            failure_budget=pt.FailureBudget(count=12, share=0.25),
        )  # fmt: skip
    message = str(caught.value)
    assert "20 of 40 evaluations have failed, more than FailureBudget(count=12" in message
    assert "10 x non-finite: not finite: g = nan" in message
    assert "resume with a larger failure_budget" in message
    assert len(caught.value.ids) == 20
    assert len(pt.open_run(path).evaluations) == 40
    with pytest.raises(EvaluationError, match="20 of 40"):  # the same again
        pt.resume(path)
    resumed = pt.resume(path, failure_budget=pt.FailureBudget(count=1000))
    whole = pt.minimize(toy.Flaky(), algorithm, budget=200, seed=1)
    assert resumed.F.tobytes() == whole.F.tobytes()


@pytest.mark.parametrize("executor", ["serial", pt.ProcessExecutor(workers=2)])
def test_it_ends_at_the_same_place_whoever_evaluates(executor):
    with pytest.raises(EvaluationError) as caught:
        pt.minimize(
            toy.Flaky(), pt.NSGA2(size=20), budget=200, seed=1, executor=executor,
            failure_budget=pt.FailureBudget(count=35),
        )  # fmt: skip
    assert "40 of 80 evaluations have failed" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": -1}, "count must be a whole number >= 0, got -1"),
        ({"count": 2.0}, "count must be a whole number >= 0, got 2.0"),
        ({"share": 1.5}, "share must be a number from 0 to 1, got 1.5"),
        ({"share": True}, "share must be a number from 0 to 1, got True"),
    ],
)
def test_wrong_budgets_are_named(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.FailureBudget(**settings)


def test_something_else_is_no_budget():
    with pytest.raises(ConfigurationError, match=r"failure_budget must be pt\.FailureBudget"):
        pt.minimize(toy.Flaky(), pt.NSGA2(size=4), budget=8, failure_budget=0.5)


def test_a_candidate_that_ends_machine_after_machine_is_to_blame():
    problem = toy.Schaffer()
    definition = read_definition(problem)
    machine = pt.NSGA2(size=4).start(problem, seed=1)
    session = Session.fresh(definition, machine, 4, Memory(empty(definition), grows=False))
    task = session.ask()[0]
    chances = Chances(session, retries=0)
    for _ in range(MACHINES - 1):
        done, again = chances.settle(LostTask(task, "gone", blameless=True))
        assert done is None
        assert [other.ids.tolist() for other in again] == [task.ids.tolist()]
    done, again = chances.settle(LostTask(task, "gone", blameless=True))
    assert again == []
    (failure,) = done.failures.values()
    assert failure.kind == "crash"
    assert failure.reason == f"its machine went away {MACHINES} times"
