"""Runs without a budget, which only their stop condition ends."""

import logging

import pytest
import toy

import paretide as pt
from paretide.engine.runs.replay import replay
from paretide.errors import ConfigurationError


def run(stop, algorithm=None, problem=None, **arguments):
    return pt.minimize(
        problem or toy.Schaffer(), algorithm or pt.NSGA2(size=10), seed=3, stop=stop, **arguments
    )


ALGORITHMS = [
    pt.NSGA2(size=10),
    pt.NSGA2(size=10, mode="steady", window=4),
    pt.DynamicNSGA2(start=4, max_size=16, tau=20),
    pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=8),
]


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: f"{a.name}-{a.mode}")
def test_it_is_the_run_that_a_large_budget_makes(algorithm, tmp_path):
    stop, path = pt.MaxEvaluations(50), tmp_path / "run.h5"
    free = run(stop, algorithm, store=path)
    assert free.stopped_by == "evaluations"
    bound = run(stop, algorithm, budget=10_000)
    assert free.X.tobytes() == bound.X.tobytes()
    assert free.run.evaluations.X.tobytes() == bound.run.evaluations.X.tobytes()
    further = pt.resume(path, stop=pt.MaxEvaluations(80))
    assert further.X.tobytes() == run(pt.MaxEvaluations(80), algorithm, budget=10_000).X.tobytes()
    assert pt.open_run(path).specification["budget"] is None
    replay(pt.open_run(path))


def test_a_search_space_that_is_used_up_ends_it():
    assert run(lambda p: False, pt.NSGA2(size=8), toy.Tiny()).stopped_by == "exhausted"


def test_something_must_end_it(tmp_path):
    with pytest.raises(ConfigurationError, match="only its stop condition ends, and there is none"):
        run(None)
    path = tmp_path / "run.h5"
    run(pt.MaxGenerations(2), store=path)
    with pytest.raises(ConfigurationError, match="is a run without a budget, which only its stop"):
        pt.resume(path)
    with pytest.raises(ConfigurationError, match="so 100 evaluations cannot be added to it"):
        pt.resume(path, budget=100, stop=pt.MaxGenerations(3))


@pytest.mark.parametrize(
    "algorithm",
    [
        pt.DynamicNSGA2(start=4, tau=20),
        pt.NSGA2(size=pt.Doubling(start=4, tau=20)),
        pt.ConcurrentDynamicNSGA2(start=4),
    ],
)
def test_a_size_that_would_come_from_the_budget_is_100_and_that_is_said(algorithm, caplog):
    with caplog.at_level(logging.WARNING):
        result = run(pt.MaxEvaluations(30), algorithm)
    assert "derives max_size from the budget, and there is none: it is 100" in caplog.text
    settings = result.run.specification["algorithm"]["settings"]
    assert settings.get("max_size", settings.get("size", {})) in (100, {
        "kind": "Doubling", "start": 4, "max_size": 100, "tau": 20, "first_tau": 20,
        "eta_below_max": 3.0,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("algorithm", "message"),
    [
        (pt.DynamicNSGA2(), "DynamicNSGA2 derives tau from the budget, and none is known: pass"),
        (pt.NSGA2(size=pt.BudgetShare()), "needs a budget, and none is known"),
    ],
)
def test_a_schedule_that_needs_a_budget_names_it(algorithm, message):
    with pytest.raises(ConfigurationError, match=message):
        run(pt.MaxGenerations(2), algorithm)


def test_what_shows_it_says_how_many_there_are(tmp_path, capsys):
    seen = []
    path = tmp_path / "run.h5"
    run(pt.MaxGenerations(2), store=path, progress=True, callbacks=[lambda p: seen.append(repr(p))])
    assert seen[-1].startswith("<Progress: 30 evaluations, generation 2")
    assert "None" not in capsys.readouterr().err
