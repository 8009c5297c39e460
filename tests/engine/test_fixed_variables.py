"""Variables with a single value are shown to ``evaluate`` and change nothing else."""

import numpy as np
import pytest

import paretide as pt


class Free(pt.Problem):
    """Two variables of any space."""

    objectives = {"f": "min", "g": "min"}
    names = (0, 1)

    def __init__(self, space, names=(0, 1), fixed=None):
        self.space = space
        self.names = names
        self.fixed = fixed

    def evaluate(self, x, ctx):
        if self.fixed is not None:
            assert {name: x[name] for name in self.fixed} == self.fixed
        a, b = (float(x[name]) for name in self.names)
        return {"f": a**2 + b, "g": (a - 3) ** 2 + b}


NAMED = {"p": pt.Float(0, 5), "q": pt.Int(0, 20), "r": pt.Choice([1, 2, 3])}
FIXED = {
    "act": pt.Choice(["adam"]),
    "rate": pt.Float(0.1, 0.1, log=True),
    "size": pt.Ordinal([8]),
    "depth": pt.Int(3, 3, log=True),
    "shift": pt.Float(-1, -1),
}
VALUES = {"act": "adam", "rate": 0.1, "size": 8, "depth": 3, "shift": -1.0}

MIXED_ORDER = ["act", "p", "rate", "q", "size", "depth", "r", "shift"]

SPACES = {
    "real": (pt.Real([0, 0], [5, 1]), pt.Real([7, 0, -1, 0], [7, 5, -1, 1]), {0: 7.0, 2: -1.0}),
    "integer": (pt.Integer([0, 0], [50, 90]), pt.Integer([7, 0, -1, 0], [7, 50, -1, 90]), {0: 7}),
    "mixed": (
        pt.Space(NAMED),
        pt.Space({name: {**NAMED, **FIXED}[name] for name in MIXED_ORDER}),
        VALUES,
    ),
}

ALGORITHMS = {
    "nsga2": pt.NSGA2(size=12),
    "steady": pt.NSGA2(size=12, mode="steady", window=6),
    "dnsga2": pt.DynamicNSGA2(start=4, max_size=16, tau=20),
    "duplicates": pt.NSGA2(size=12, duplicates=None),
}


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
@pytest.mark.parametrize("spaces", SPACES.values(), ids=SPACES)
def test_a_run_is_the_same_with_and_without_them(spaces, algorithm):
    free, with_fixed, fixed = spaces
    names, theirs = ((0, 1), (1, 3)) if "p" not in free.names else (("p", "q"), ("p", "q"))
    moving = [j for j, name in enumerate(with_fixed.names) if name not in fixed]
    moving = [1, 3] if "p" not in free.names else moving
    one, other = (
        pt.minimize(problem, algorithm, budget=120, seed=3).run.evaluations
        for problem in (Free(free, names), Free(with_fixed, theirs, fixed))
    )
    assert one.X.tobytes() == np.ascontiguousarray(other.X[:, moving]).tobytes()
    assert one.F.tobytes() == other.F.tobytes()
    assert not other.failures
    constant = np.delete(other.X, moving, axis=1)
    assert (constant == constant[0]).all()


@pytest.mark.parametrize("mode", ["generational", "steady"])
@pytest.mark.parametrize(
    "space",
    [
        pt.Real([2, 3], [2, 3]),
        pt.Integer([2, 3], [2, 3]),
        pt.Space(p=pt.Float(2, 2), q=pt.Choice([3])),
    ],
    ids=["real", "integer", "mixed"],
)
def test_where_nothing_varies_there_is_one_candidate(space, mode):
    names = ("p", "q") if isinstance(space, pt.Space) else (0, 1)
    result = pt.minimize(Free(space, names), pt.NSGA2(size=8, mode=mode), budget=40, seed=1)
    assert len(result.run.evaluations) == 1
    assert result.stopped_by == "exhausted"
    assert result.F.tolist() == [[7.0, 4.0]]


def test_they_are_stored_shown_and_resumed(tmp_path):
    space = SPACES["mixed"][1]
    path = tmp_path / "run.h5"
    whole = pt.minimize(Free(space, ("p", "q")), pt.NSGA2(size=8), budget=60, seed=2)
    pt.minimize(Free(space, ("p", "q")), pt.NSGA2(size=8), budget=30, seed=2, store=path)
    resumed = pt.resume(path, problem=Free(space, ("p", "q")), budget=30)
    assert resumed.run.evaluations.X.tobytes() == whole.run.evaluations.X.tobytes()
    shown = pt.open_run(path).definition.space.show(resumed.X[0])
    assert {name: shown[name] for name in VALUES} == VALUES


def test_an_initial_candidate_has_their_values():
    space = SPACES["mixed"][1]
    good = {**VALUES, "p": 1.0, "q": 2, "r": 3}
    result = pt.minimize(
        Free(space, ("p", "q")), pt.NSGA2(size=8), budget=8, seed=2, initial=[good]
    )
    assert space.candidate(result.run.evaluations.X[0]) == good
    with pytest.raises(pt.errors.ConfigurationError, match=r"candidate 0 .*rate: 0.2 is outside"):
        pt.minimize(Free(space), pt.NSGA2(size=8), budget=8, initial=[{**good, "rate": 0.2}])


def test_failures_are_told_beside_them():
    class Failing(Free):
        def evaluate(self, x, ctx):
            if x["q"] > 3:
                raise ValueError("too large")
            return super().evaluate(x, ctx)

    with pytest.raises(pt.errors.EvaluationError, match="too large"):
        pt.minimize(
            Failing(SPACES["mixed"][1], ("p", "q")), pt.NSGA2(size=20), budget=60, seed=1,
            failure_budget=pt.FailureBudget(count=5),
        )  # fmt: skip
