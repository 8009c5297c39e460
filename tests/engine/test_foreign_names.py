"""Names of other tools are refused with what to write instead."""

import functools
import inspect

import pytest
import toy

import paretide as pt
from paretide.engine import foreign_names
from paretide.engine.runs.named import make_algorithm
from paretide.errors import ConfigurationError

SETTINGS = [
    (pt.NSGA2, {"pop_size": 50}, "you mean size=50"),
    (pt.DynamicNSGA2, {"pop_size": 50}, "you mean max_size=50"),
    (pt.ConcurrentDynamicNSGA2, {"size": 50}, "you mean max_size=50"),
    (pt.NSGA2, {"n_offsprings": 10}, "you mean offspring=10"),
    (pt.DynamicNSGA2, {"n_offsprings": 10}, 'with mode="steady" one is born at a time'),
    (pt.NSGA2, {"survival": "x"}, r"or pt.Evolution\(survival="),
    (pt.NSGA2, {"seed": 1}, "you mean minimize's: seed=1"),
    (pt.NSGA2, {"n_gen": 100}, r"minimize's: budget=100 \* size"),
    (pt.NSGA2, {"mutation_prob": 0.1}, r"mutation=pt.PolynomialMutation\(prob=0.1\)"),
    (pt.NSGA2, {"crosover": None}, "you mean crossover=None"),
    (pt.NSGA2, {"nonsense": 1}, "NSGA2 has no argument 'nonsense'; it has"),
]

CALLS = [
    ({"n_gen": 100}, r"budget=100 \* size, .* in all, or stop=pt.MaxGenerations\(100\)"),
    ({"n_eval": 500}, "you mean budget=500"),
    ({"n_trials": 500}, "you mean budget=500"),
    ({"method": "L-BFGS-B"}, r"you mean the algorithm: pt.NSGA2\(size=100\)"),
    ({"constraints": []}, "you mean constraints = "),
    ({"bugdet": 500}, "you mean budget=500"),
    ({"termination": ("n_gen", 3)}, r"stop=pt.MaxGenerations\(50\)"),
    ({"verbose": True}, "you mean progress=True"),
    ({"save_history": True}, 'you mean store="run.h5"'),
    ({"callback": 1}, r"callbacks=\[1\]"),
    ({"n_jobs": 4}, "executor=pt.ProcessExecutor"),
    ({"direction": "minimize"}, 'objectives = {"cost": "min"'),
    ({"directions": ["minimize"]}, 'objectives = {"cost": "min"'),
    ({"study_name": "a"}, 'you mean store="run.h5"'),
    ({"random_state": 1}, "you mean seed=1"),
    ({"pop_size": 30}, r"pt.NSGA2\(size=30\)"),
    ({"bounds": [(0, 1)]}, r"space = pt.Real\(low, high\)"),
    ({"timeout": 60}, r"stop=pt.MaxSeconds\(60\)"),
    ({"nonsense": 1}, "minimize has no argument 'nonsense'; it has"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings", "message"), SETTINGS)
def test_settings_of_other_tools(kind, settings, message):
    with pytest.raises(ConfigurationError, match=message):
        kind(**settings)


@pytest.mark.parametrize(("arguments", "message"), CALLS)
def test_arguments_of_other_tools(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), **arguments)


@pytest.mark.parametrize(
    ("third", "message"),
    [
        (("n_gen", 100), r"problem and algorithm by place.*budget=100 \* size"),
        (("n_eval", 500), "you mean budget=500"),
        (("n_evals", [500]), r"you mean budget=\[500\]"),
        (500, "you mean budget=500"),
        (None, "everything else by name, got None$"),
    ],
)
def test_a_third_argument_is_named(third, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), third, seed=1)


def test_a_size_is_named():
    with pytest.raises(ConfigurationError, match="takes everything by name, got 100; you mean siz"):
        pt.NSGA2(100)
    with pytest.raises(ConfigurationError, match="you mean max_size=100"):
        pt.DynamicNSGA2(100)


def test_terminations_and_algorithms_of_pymoo():
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.termination import get_termination

    with pytest.raises(ConfigurationError, match="you mean budget=1000"):
        pt.minimize(toy.Schaffer(), pt.NSGA2(), get_termination("n_gen", 10))
    with pytest.raises(ConfigurationError, match=r"you mean pt.NSGA2\(size=40\)"):
        pt.minimize(toy.Schaffer(), NSGA2(pop_size=40), budget=100)


@pytest.mark.parametrize(
    ("algorithm", "message"),
    [
        ("nsga2", r"you mean pt.NSGA2\(size=100\)"),
        (pt.NSGA2, r"that is a class: pass an instance, NSGA2\(...\)"),
        (toy.Schaffer(), "the problem comes first"),
        (lambda x: x, "algorithm must be one like"),
        (0, "algorithm must be one like"),
    ],
)
def test_what_is_no_algorithm(algorithm, message):
    problem = pt.NSGA2() if isinstance(algorithm, toy.Schaffer) else toy.Schaffer()
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(problem, algorithm, budget=100)


class Pymoo(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min"}

    def _evaluate(self, x, out):
        out["F"] = x


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (lambda x: x, "the problem is the function .*a problem is a class"),
        (sum, "the problem is the function"),
        (functools.partial(sum, start=1), "the problem is the function"),
        (toy.Schaffer().evaluate, "the problem is the function"),
        ("zdt1", r"get_problem\('zdt1'\)"),
        (toy.Schaffer, r"is a class; pass an instance: Schaffer\(\)"),
        (Pymoo, r"is a class; pass an instance: Pymoo\(\)"),
        (Pymoo(), r"defines pymoo's _evaluate\(x, out\)"),
    ],
)
def test_what_is_no_problem(problem, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(problem, pt.NSGA2(size=10), budget=100)
    with pytest.raises(ConfigurationError, match=message):
        pt.NSGA2(size=10).start(problem)


def test_a_study_of_optuna_is_no_problem():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with pytest.raises(ConfigurationError, match="Optuna's Study"):
        pt.minimize(optuna.create_study(), pt.NSGA2(size=10), budget=100)


def test_settings_by_name_say_what_is_meant():
    with pytest.raises(ConfigurationError, match="no setting 'pop_size'; you mean size=50; it has"):
        make_algorithm("nsga2", {"pop_size": 50})
    with pytest.raises(ConfigurationError, match="you mean max_size=50"):
        make_algorithm("dnsga2", {"size": 50})


def test_no_foreign_name_is_one_of_ours():
    for function, names in (
        (pt.minimize, foreign_names.WHOLE_RUN),
        (pt.NSGA2, foreign_names.ALGORITHM),
        (pt.DynamicNSGA2, foreign_names.DYNAMIC),
        (pt.ConcurrentDynamicNSGA2, foreign_names.DYNAMIC),
    ):
        assert not set(names) & set(inspect.signature(function).parameters)
        for name, text in names.items():
            assert "{value}" not in foreign_names.meant(name, 3, names, [])
            assert text


def test_signatures_stay_as_they_are():
    assert list(inspect.signature(pt.minimize).parameters)[:4] == [
        "problem", "algorithm", "budget", "seed",
    ]  # fmt: skip
    assert pt.minimize.__doc__.startswith("Search for the best")
    with pytest.raises(TypeError, match="problem"):
        pt.minimize(budget=100)


@pytest.mark.parametrize(
    ("stop", "hint"),
    [
        (("n_gen", 7), r"you mean budget=7 \* size, .*, or stop=pt.MaxGenerations\(7\)"),
        (7, "stop must be callable with a Progress, got 7"),
        (pt.MaxSeconds, r"stop is the class MaxSeconds; pass an instance, MaxSeconds\(\.\.\.\)"),
    ],
    ids=str,
)
def test_conditions_of_other_tools_are_met_with_ours(stop, hint):
    with pytest.raises(ConfigurationError, match=hint):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=100, stop=stop)


def test_a_store_is_a_path_that_a_file_can_have():
    with pytest.raises(ConfigurationError, match="a store is the path of a file"):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=100, store="a\0.h5")
