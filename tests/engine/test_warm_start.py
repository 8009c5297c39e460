"""Starting from candidates and outcomes that are there already."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.errors import ConfigurationError, ShapeError, StoreMismatch, StoreNotFound
from paretide.problems.reference import load_problem

STEADY = pt.NSGA2(size=10, mode="steady", window=6)
ALGORITHMS = [pt.NSGA2(size=10), pt.DynamicNSGA2(start=4, max_size=16, tau=20), STEADY]
NAMES = ["nsga2", "dnsga2", "steady"]


class Counting(pt.Problem):
    """Counts what is evaluated; its values depend on nothing but the candidate."""

    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min", "g": "max"}

    def __init__(self):
        self.evaluated = []

    def evaluate(self, x, ctx):
        self.evaluated.append(ctx.id)
        ctx.log(sum=float(x.sum()))
        return {"f": float(x[0]), "g": -float(1 - x[0] + x[1] + x[2])}


@pytest.fixture(scope="module")
def before():
    return pt.minimize(Counting(), pt.NSGA2(size=10), budget=60, seed=7)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=NAMES)
def test_the_given_candidates_come_first_and_a_sample_fills_up(algorithm):
    given = np.array([[0.0, 0.25, 1.0], [0.5, 0.5, 0.5], [0.0, 0.25, 1.0]])
    result = pt.minimize(Counting(), algorithm, budget=40, seed=1, initial=given)
    everything = result.run.evaluations
    order = np.argsort(everything.ids)
    assert (everything.X[order][:2] == given[:2]).all()  # each once
    assert everything.operator[order][:3].tolist() == ["initial", "initial", "sample"]
    assert (everything.parents[order][:3] == -1).all()
    assert (np.count_nonzero(everything.operator == "initial")) == 2
    assert set(everything.operator) == {"initial", "sample", "SBX, polynomial mutation"}


def test_named_candidates_are_given_by_name():
    given = [
        {"rate": 1e-3, "width": 64, "kind": "b", "flag": True, "step": 32},
        {"rate": 1e-1, "width": 4, "kind": "a", "flag": False, "step": 16},
    ]
    result = pt.minimize(toy.Mixed(), pt.NSGA2(size=10), budget=20, seed=1, initial=given)
    X = result.run.evaluations.X
    assert [toy.Mixed.space.candidate(x) for x in X[:2]] == given
    again = pt.minimize(toy.Mixed(), pt.NSGA2(size=10), budget=20, seed=1, initial=X[:2])
    assert again.run.evaluations.X.tobytes() == X.tobytes()  # as codes, to the bit
    opt = pt.NSGA2(size=4).start(toy.Mixed(), seed=1, initial=given)
    assert [x for _, x in opt.ask(2)] == given


def test_more_candidates_than_the_population_has_room_for_are_all_evaluated():
    given = np.random.default_rng(0).random((25, 3))
    problem = Counting()
    opt = pt.NSGA2(size=10).start(problem, seed=1, initial=given)
    assert opt.available() == 25
    result = pt.minimize(problem, pt.NSGA2(size=10), budget=45, seed=1, initial=given.tolist())
    everything = result.run.evaluations
    assert everything.X[:25].tobytes() == given.tobytes()
    assert np.count_nonzero(everything.generation == 0) == 25
    assert len(result.run.population(0)) == 10


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=NAMES)
def test_a_population_is_not_evaluated_again_and_gives_what_its_candidates_give(before, algorithm):
    problem = Counting()
    warm = pt.minimize(problem, algorithm, budget=50, seed=2, initial=before.population)
    k = len(before.population)
    assert sorted(problem.evaluated) == list(range(k, 50))
    everything = warm.run.evaluations
    assert everything.recalled.sum() == k
    assert set(everything.ids[everything.recalled]) == set(range(k))
    cold = pt.minimize(Counting(), algorithm, budget=50, seed=2, initial=before.population.X)
    order, other = (np.argsort(r.run.evaluations.ids) for r in (warm, cold))
    assert everything.X[order].tobytes() == cold.run.evaluations.X[other].tobytes()
    assert everything.F[order].tobytes() == cold.run.evaluations.F[other].tobytes()
    assert warm.population.ids.tolist() == cold.population.ids.tolist()


def test_a_run_its_result_and_its_file_are_the_same(before, tmp_path):
    path = tmp_path / "before.h5"
    pt.minimize(Counting(), pt.NSGA2(size=10), budget=60, seed=7, store=path)
    results = [
        pt.minimize(Counting(), pt.NSGA2(size=12), budget=48, seed=3, initial=initial)
        for initial in (before, before.run, path, str(path), pt.open_run(path))
    ]
    for result in results:
        assert result.F.tobytes() == results[0].F.tobytes()
        everything = result.run.evaluations
        assert everything.recalled.sum() == 10
        first = everything.ids[everything.recalled].tolist()
        assert all(everything.extras[i]["sum"] == everything.X[i].sum() for i in first)
        seed_of = dict(
            zip(before.run.evaluations.ids.tolist(), before.run.evaluations.seed, strict=True)
        )
        assert set(everything.seed[everything.recalled]) <= set(seed_of.values())


def test_all_that_a_run_evaluated_is_known_to_a_cache(before):
    problem = Counting()
    result = pt.minimize(problem, pt.NSGA2(size=10), budget=60, seed=7, cache=before)
    assert problem.evaluated == []  # the same run again
    assert result.F.tobytes() == before.F.tobytes()
    assert result.run.evaluations.recalled.all()
    longer = pt.minimize(problem, pt.NSGA2(size=10), budget=80, seed=7, cache=before.run)
    assert sorted(problem.evaluated) == list(range(60, 80))
    assert len(longer.run.evaluations) == 80


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=NAMES)
@pytest.mark.parametrize("stop_after", [3, 30])
def test_a_warm_start_resumes_exactly(before, algorithm, stop_after, tmp_path):
    path = tmp_path / "run.h5"

    class Stopped(Counting):
        """Interrupted in the middle of a generation."""

        left = stop_after

        def evaluate(self, x, ctx):
            if not self.left:
                signal.raise_signal(signal.SIGINT)
            self.left -= 1
            return super().evaluate(x, ctx)

    Stopped.__name__ = "Counting"
    arguments = {"initial": before.population, "budget": 60, "seed": 5}
    whole = pt.minimize(Counting(), algorithm, **arguments)
    with pytest.raises(KeyboardInterrupt):
        pt.minimize(Stopped(), algorithm, store=path, **arguments)
    problem = Counting()
    resumed = pt.resume(path, problem=problem)
    assert len(problem.evaluated) == 60 - 10 - stop_after
    ours, theirs = resumed.run.evaluations, whole.run.evaluations
    order, other = np.argsort(ours.ids), np.argsort(theirs.ids)
    assert ours.X[order].tobytes() == theirs.X[other].tobytes()
    assert ours.operator_code[order].tolist() == theirs.operator_code[other].tolist()
    assert resumed.F.tobytes() == whole.F.tobytes()


def test_a_run_killed_before_its_first_outcome_still_knows_what_it_begins_with(before, tmp_path):
    path = tmp_path / "run.h5"

    class Leaves(Counting):
        """Its first evaluation never ends."""

        def evaluate(self, x, ctx):
            signal.raise_signal(signal.SIGINT)

    Leaves.__name__ = "Counting"
    with pytest.raises(KeyboardInterrupt):
        pt.minimize(
            Leaves(), pt.NSGA2(size=20), budget=60, seed=5, store=path,
            initial=before.population,
        )  # fmt: skip
    resumed = pt.resume(path, problem=Counting())
    whole = pt.minimize(Counting(), pt.NSGA2(size=20), budget=60, seed=5, initial=before.population)
    assert resumed.F.tobytes() == whole.F.tobytes()
    assert resumed.run.evaluations.recalled.sum() == 10


class Steeper(Counting):
    """Another problem over the same space."""


class Other(pt.Problem):
    """Another space."""

    space = pt.Integer(0, 9, n=3)
    objectives = {"f": "min", "g": "max"}

    def evaluate(self, x, ctx):
        return {"f": 0.0, "g": 0.0}


@pytest.mark.parametrize(
    ("problem", "initial", "error", "message"),
    [
        (Counting(), [0.5, 0.5, 0.5], ShapeError, r"one alone is written \[x\]"),
        (Counting(), [[0.5, 0.5]], ShapeError, r"shape \(n, 3\), got \(1, 2\)"),
        (Counting(), [[0.5, 0.5, 1.5]], ShapeError, r"X\[0, 2\] = 1.5 is no value"),
        (Counting(), [[0.5, 0.5], [0.5]], ShapeError, "not equally long"),
        (Counting(), {"a": 1}, ShapeError, r"one alone is written \[x\]"),
        (Counting(), [{"x0": 1}], ConfigurationError, "named candidates are for a Space"),
        (Counting(), 7, ShapeError, "candidates are given as a list"),
        (Counting(), "absent.h5", StoreNotFound, "absent.h5"),
        (toy.Mixed(), [{"rate": 1.0}], ConfigurationError, "candidate 0 .* exactly the names"),
        (
            toy.Mixed(),
            [{"rate": 2.0, "width": 8, "kind": "a", "flag": True, "step": 16}],
            ConfigurationError,
            "candidate 0 of those given: rate",
        ),
        (Counting(), np.zeros((30, 3)), ConfigurationError, "below the first population of 30"),
    ],
)
def test_what_is_no_candidate_is_refused_by_name(problem, initial, error, message):
    with pytest.raises(error, match=message):
        pt.minimize(problem, pt.NSGA2(size=4), budget=20, seed=1, initial=initial)


@pytest.mark.parametrize("problem", [Steeper(), Other()])
@pytest.mark.parametrize("argument", ["initial", "cache"])
def test_outcomes_of_another_problem_are_refused(before, problem, argument):
    for source in (before, before.population):
        with pytest.raises(StoreMismatch, match=r"(?s)another problem.*name: there 'Counting'"):
            pt.minimize(problem, pt.NSGA2(size=4), budget=20, seed=1, **{argument: source})


def test_outcomes_under_other_arguments_are_refused():
    before = pt.minimize(toy.Mixed(scale=2.0), pt.NSGA2(size=4), budget=8, seed=1)
    with pytest.raises(StoreMismatch, match=r"arguments: there \{'scale': 2.0\}"):
        pt.minimize(toy.Mixed(scale=3.0), pt.NSGA2(size=4), budget=8, seed=1, initial=before.run)


def test_a_run_without_a_population_and_a_wrong_cache_are_refused():
    with pytest.raises(ConfigurationError, match="cache must be True, False, or a run"):
        pt.minimize(Counting(), pt.NSGA2(size=4), budget=8, cache=3)


def test_a_broken_contract_is_told_by_the_first_that_is_evaluated(before):
    class Broken(Counting):
        """Returns other names."""

        def evaluate(self, x, ctx):
            return {"cost": 0.0}

    Broken.__name__ = "Counting"
    with pytest.raises(pt.errors.ContractError, match=r"candidate 10: .*missing") as caught:
        pt.minimize(Broken(), pt.NSGA2(size=12), budget=40, seed=1, initial=before.population)
    assert caught.value.ids == (10,)


CHOICES = """
import dataclasses, enum, functools, math, pathlib
import numpy as np
import paretide as pt

def act(v, slope): return v * slope

class Cosine:
    def __init__(self, k): self.k = k

class Colour(enum.Enum):
    RED, BLUE = 1, 2

class Tune(pt.Problem):
    space = pt.Space(
        function=pt.Choice([functools.partial(act, slope=0.1), functools.partial(act, slope=0.2)]),
        object=pt.Choice([Cosine(1), Cosine(2)]),
        sets=pt.Choice([{"rot", "flip", "crop", "mix"}, {"flip", "noise", "hue"}]),
        mixed=pt.Choice([dict, (64,), [64, 64], Colour.RED, math.inf, pathlib.Path("a"), None]),
        labelled=pt.Choice({"double": lambda v: 2 * v, "half": lambda v: v / 2}),
        width=pt.Choice(np.array([16, 32, 64])),
        rate=pt.Float(0.1, 0.1),
        w=pt.Int(1, 50),
    )
    objectives = {"err": "min", "size": "min"}

    def evaluate(self, x, ctx):
        assert type(x["width"]) is int
        if isinstance(x["mixed"], list):
            x["mixed"].append(0)
            assert x["mixed"] == [64, 64, 0]
        factor = x["function"](x["labelled"](1.0)) * x["object"].k * len(x["sets"])
        return {"err": factor / x["w"], "size": x["w"] + x["width"]}
"""


def test_choices_of_any_kind_go_on_in_another_process(tmp_path):
    (tmp_path / "tune.py").write_text(CHOICES)
    command = [sys.executable, "-m", "paretide"]
    settings = ["tune.py:Tune", "--set", "size=10", "--seed", "1", "--no-progress"]
    for seed, arguments in enumerate(
        (
            ["run", *settings, "--budget", "30", "--store", "run.h5"],
            ["resume", "run.h5", "--budget", "+10", "--no-progress"],
            ["resume", "run.h5", "--problem", "tune.py:Tune", "--budget", "+10", "--no-progress"],
            ["run", *settings, "--budget", "50", "--store", "whole.h5"],
            ["run", *settings, "--budget", "20", "--initial", "run.h5", "--store", "warm.h5"],
        )
    ):
        subprocess.run(
            [*command, *arguments], env={**os.environ, "PYTHONHASHSEED": str(seed)},
            cwd=tmp_path, check=True, timeout=60, capture_output=True,
        )  # fmt: skip
    stored, whole, warm = (
        pt.open_run(tmp_path / name).evaluations for name in ("run.h5", "whole.h5", "warm.h5")
    )
    assert not stored.failures
    assert stored.X.tobytes() == whole.X.tobytes()
    assert stored.F.tobytes() == whole.F.tobytes()
    assert warm.recalled.sum() == 10
    shown = stored.definition.space.show(stored.X[0])
    assert shown["function"].startswith("partial(tune.act, slope=0.")
    assert type(shown["width"]) is int
    assert shown["rate"] == 0.1
    frame = stored.to_frame()
    again = pt.minimize(
        load_problem(f"{tmp_path}/tune.py:Tune"), pt.NSGA2(size=10), budget=10, seed=3,
        initial=frame.head(4),
    )  # fmt: skip
    assert again.run.evaluations.X[:4].tobytes() == stored.X[:4].tobytes()
