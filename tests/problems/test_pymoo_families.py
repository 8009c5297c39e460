"""One of each family of pymoo's problems, handed over as it is, is made again from its store."""

import json

import numpy as np
import pytest

import paretide as pt
from paretide.errors import ConfigurationError, ProblemReferenceError
from paretide.problems.definition import read_definition
from paretide.problems.pymoo_problem import adapt, from_class, get
from paretide.problems.reference import load_problem, reference_to

get_problem = pytest.importorskip("pymoo.problems").get_problem

TEN = {"n_var": 10, "n_obj": 3}

ONE_OF_EACH = {
    **{f"zdt{i}": {} for i in range(1, 7)},
    **{f"dtlz{i}": {} for i in range(1, 8)},
    **{f"wfg{i}": TEN for i in range(1, 10)},
    **{f"mw{i}": {} for i in range(1, 15)},
    **{f"ctp{i}": {} for i in range(1, 9)},
    **{f"dascmop{i}": {"difficulty": 5} for i in range(1, 7)},
    **{f"dascmop{i}": {"difficulty_factors": 7} for i in range(7, 10)},
    **{f"df{i}": {} for i in range(1, 15)},
    **{f"zcat{i}": {} for i in (1, 7, 20)},
    **{f"g{i}": {} for i in (1, 5, 24)},
    **{name: {} for name in ["c1dtlz1", "c1dtlz3", "c2dtlz2", "c3dtlz1", "c3dtlz4", "dc1dtlz1"]},
    **{name: {} for name in ["dc2dtlz3", "dc3dtlz1", "convex_dtlz2", "sdtlz1", "dtlz1^-1"]},
    **{name: {} for name in ["bnh", "osy", "tnk", "srn", "kursawe", "truss2d", "welded_beam"]},
    **{name: {} for name in ["carside", "ackley", "rastrigin", "rosenbrock", "pressure_vessel"]},
}

OTHERS = [
    ("zdt1", {"n_var": 10}),
    ("zdt1", {"n_var": 9, "replace_nan_values_by": 3.0}),
    ("zdt5", {"m": 5, "normalize": False}),
    ("dtlz2", {"n_var": 7, "n_obj": 3}),
    ("dtlz4", {"alpha": 50}),
    ("wfg4", {"n_var": 12, "n_obj": 2, "k": 6}),
    ("mw4", {"n_var": 6, "n_obj": 2}),
    ("c1dtlz1", {"n_var": 7, "n_obj": 3}),
    ("c2dtlz2", {"r": 0.3}),
    ("sdtlz1", {"n_var": 8, "n_obj": 2, "scale_factor": 5}),
    ("dascmop1", {"difficulty": (0.1, 0.2, 0.3)}),
    ("dascmop9", {"difficulty_factors": (0.1, 0.2, 0.3)}),
    ("df1", {"n_var": 5, "taut": 3}),
    ("zcat3", {"n_obj": 3, "n_var": 12, "imbalance": True}),
    ("ackley", {"n_var": 4, "a": 10}),
]


def made_again(foreign):
    reference = reference_to(adapt(foreign))
    assert reference.target, reference.reason
    return load_problem(reference.target, json.loads(json.dumps(reference.arguments)))


def same(again, foreign):
    """At points that the reference did not look at."""
    definition = read_definition(again)
    assert definition.describe() == read_definition(adapt(foreign)).describe()
    rng = np.random.default_rng(7)
    X = foreign.xl + (foreign.xu - foreign.xl) * rng.random((20, foreign.n_var))
    X = X > 0.5 if definition.space.dtype == np.bool_ else X
    mine, theirs = (p.evaluate(X, return_as_dictionary=True) for p in (again.problem, foreign))
    assert all(mine[k].tobytes() == theirs[k].tobytes() for k in theirs)


@pytest.mark.parametrize(("name", "arguments"), ONE_OF_EACH.items(), ids=list(ONE_OF_EACH))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_one_of_each_family_is_made_again(name, arguments):
    same(made_again(get_problem(name, **arguments)), get_problem(name, **arguments))


@pytest.mark.parametrize(("name", "arguments"), OTHERS, ids=str)
def test_what_it_was_made_with_is_found(name, arguments):
    same(made_again(get_problem(name, **arguments)), get_problem(name, **arguments))


def test_a_front_that_was_looked_at_changes_nothing():
    foreign = get_problem("zdt1", n_var=8)
    foreign.pareto_front()
    assert reference_to(adapt(foreign)).arguments["n_var"] == 8


def test_arrays_are_arguments():
    from pymoo.problems.single.knapsack import create_random_knapsack_problem

    foreign = create_random_knapsack_problem(8)
    again = made_again(foreign)
    assert again.problem.W.tolist() == foreign.W.tolist()
    assert again.problem.C == foreign.C


def test_a_problem_that_was_changed_afterwards_is_not_taken_for_a_new_one():
    foreign = get_problem("rastrigin")
    foreign.A = foreign.A * np.pi
    assert reference_to(adapt(foreign)).arguments.get("A") == foreign.A
    foreign.elementwise_runner = object()
    reference = reference_to(adapt(foreign))
    assert reference.target == ""
    assert (
        "the arguments that pymoo.problems.single.rastrigin:Rastrigin was made" in reference.reason
    )


def test_a_run_says_that_it_needs_its_problem_passed(tmp_path):
    from pymoo.problems.multi.sympart import SYMPARTRotated

    path = tmp_path / "run.h5"
    foreign = SYMPARTRotated(angle=0.3)
    pt.minimize(foreign, pt.NSGA2(size=8), budget=16, seed=1, store=path)
    with pytest.raises(ConfigurationError, match=r"cannot say how to make .*problem=\.\.\."):
        pt.resume(path, budget=8)
    assert len(pt.resume(path, problem=foreign, budget=8).run.evaluations) == 24


@pytest.mark.parametrize("name", ["zdt1", "zdt5", "bnh", "dascmop1"])
def test_a_run_is_resumed_by_its_store_alone(name, tmp_path):
    path = tmp_path / "run.h5"
    foreign = get_problem(name, **ONE_OF_EACH[name])
    pt.minimize(foreign, pt.NSGA2(size=8), budget=20, seed=1, store=path)
    resumed = pt.resume(path, budget=20)
    whole = pt.minimize(foreign, pt.NSGA2(size=8), budget=40, seed=1)
    assert resumed.run.evaluations.X.tobytes() == whole.run.evaluations.X.tobytes()
    assert pt.open_run(path).definition.name == type(foreign).__name__


def test_the_arguments_are_those_that_older_versions_stored():
    foreign = get_problem("zdt1", n_var=6)
    assert reference_to(adapt(foreign)).arguments == {
        "target": "pymoo.problems.multi.zdt:ZDT1", "n_var": 6,
    }  # fmt: skip
    stored = {"target": "pymoo.problems.multi.zdt:ZDT5", "m": 11}
    assert reference_to(from_class(**stored)).arguments == stored


# -- what a stored reference may call --------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"target": "os:system", "command": "exit 3"},
        {"target": "pymoo.problems:get_problem", "name": "zdt1"},
        {"target": "pymoo.problems.multi.zdt:np"},
        {"target": "pymoo.problems.multi.zdt:normalize"},
        {"target": "pymoo.problems.multi.zdt:Problem"},
        {"target": "pymoo.problems.multi.zdt:ZDT1.evaluate"},
        {"target": "pymoo.problems.multi.nowhere:ZDT1"},
        {"target": "pymoo.util.remote:Remote"},
        {"target": "pymoo.problems.single.mopta08:MOPTA08", "exec": "/bin/true"},
        {"target": "paretide:OneMinMax", "n": 3},
        {"target": "somewhere.py:Evil"},
        {"target": "nowhere_at_all:Evil"},
        {"target": ""},
    ],
    ids=lambda a: a["target"],
)
def test_what_is_no_problem_of_pymoo_is_refused_before_it_is_called(arguments, monkeypatch):
    def called(*args, **kwargs):
        raise AssertionError("it was called")

    for name in ("os.system", "pymoo.problems.get_problem", "paretide.OneMinMax.__init__"):
        monkeypatch.setattr(name, called)
    with pytest.raises(ProblemReferenceError):
        from_class(**arguments)


def test_a_wrong_argument_is_an_error_that_names_it():
    with pytest.raises(ProblemReferenceError, match=r"ZDT4 cannot be made .*'wrong': 3.*wrong"):
        from_class("pymoo.problems.multi.zdt:ZDT4", wrong=3)
    with pytest.raises(ConfigurationError, match="zdt1"):
        get("zdt1", n_var="many")
