"""Values that need no training: beside those of ``evaluate``, and before them."""

import numpy as np
import pytest

import paretide as pt
from paretide.errors import ConfigurationError, ContractError
from paretide.problems.definition import read_definition


class Job(pt.Problem):
    """The parameters are known, the error is trained."""

    space = pt.Space(width=pt.Int(1, 64), rate=pt.Float(1e-3, 1.0, log=True))
    objectives = {"error": "min", "parameters": "min"}
    constraints = {"memory": pt.upper(1e9)}

    def __init__(self):
        self.trained = []

    def known(self, x):
        x["width"] *= 10  # a candidate of its own
        return {"memory": 4.0 * x["width"], "parameters": x["width"]}

    def evaluate(self, x, ctx):
        self.trained.append(ctx.id)
        return {"error": 1 / x["width"] + abs(np.log10(x["rate"]) + 1)}


def run(problem, **arguments):
    return pt.minimize(
        problem, pt.NSGA2(size=8), **{"budget": 24, "seed": 1, "initial": None, **arguments}
    )


def test_what_is_known_is_stored_with_what_was_evaluated():
    everything = run(Job()).run.evaluations
    width = everything.X[:, 0]
    assert everything.evaluated.all()
    np.testing.assert_array_equal(everything.F[:, 1], 10 * width)
    np.testing.assert_array_equal(everything.G[:, 0], 40 * width)


def test_what_both_return_counts_as_it_is_known():
    class Both(Job):
        def evaluate(self, x, ctx):
            return {**super().evaluate(x, ctx), "parameters": -1.0}

    np.testing.assert_array_equal(run(Both()).F, run(Job()).F)


def test_one_for_which_it_raises_fails_and_is_not_trained():
    class Raises(Job):
        def known(self, x):
            if x["width"] % 2:
                raise ValueError(f"no layer of {x['width']}")
            return super().known(x)

    problem = Raises()
    everything = run(problem).run.evaluations
    failed = set(everything.failures)
    odd = everything.X[:, 0] % 2 == 1
    assert failed == set(everything.ids[odd].tolist())
    assert failed
    assert failed.isdisjoint(problem.trained)
    assert {f.kind for f in everything.failures.values()} == {"exception"}


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ({"params": 3}, r"known must return some of the names .*; unknown \['params'\]"),
        ([1, 2], "known must return a mapping with some of the names .*, got list"),
        ({"parameters": "many"}, "known must return one number as 'parameters', got 'many'"),
    ],
)
def test_other_names_and_values_fail_and_nothing_is_trained(returned, message):
    class Wrong(Job):
        def known(self, x):
            return returned

    problem = Wrong()
    with pytest.raises(ContractError, match=message):  # of the first candidate: it is the problem
        run(problem)
    assert problem.trained == []


def test_what_neither_returns_is_missing():
    class Nothing(Job):
        def known(self, x):
            return {}

    with pytest.raises(ContractError, match=r"missing \['parameters', 'memory'\]"):
        run(Nothing())


def test_a_known_value_that_is_not_finite_fails_alone():
    class Infinite(Job):
        def known(self, x):
            return {"memory": 1.0, "parameters": np.inf if x["width"] > 32 else 1.0}

    everything = run(Infinite()).run.evaluations
    assert {f.kind for f in everything.failures.values()} == {"non-finite"}


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ({"known": 3}, r"known must be a method known\(x\), got 3"),
        ({"known": lambda self: {}}, r"known must take \(self, x\)"),
        (
            {"evaluate": None, "evaluate_batch": lambda self, X: X},
            r"defines known\(x\) and evaluate_batch\(X\)",
        ),
    ],
)
def test_a_wrong_method_is_refused(attribute, message):
    with pytest.raises(ConfigurationError, match=message):
        read_definition(type("Odd", (Job,), attribute)())
