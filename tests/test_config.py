"""A configuration that is none is refused, with what is meant."""

import pytest

import paretide as pt
from paretide.config import read_config
from paretide.engine.executors import make_executor
from paretide.engine.foreign_names import meant_options
from paretide.engine.runs.interventions import check_kinds
from paretide.engine.runs.named import make_algorithm
from paretide.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("NSGA-II", "you mean 'nsga2'"),
        ("NSGA2", "you mean 'nsga2'"),
        ("DNSGA-II", "you mean 'dnsga2'"),
        ("DynamicNSGA2", "you mean 'dnsga2'"),
        ("concurrent_dnsga2", "you mean 'concurrent-dnsga2'"),
        ("nsga3", "'nsga3'; choose"),  # another algorithm
        ("moead", "'moead'; choose"),
    ],
)
def test_an_algorithm_by_another_spelling(name, hint):
    with pytest.raises(ConfigurationError, match=hint):
        make_algorithm(name, {})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Process", "you mean 'processes'"),
        ("joblib", "you mean 'processes'"),
        ("serail", "you mean 'serial'"),
        ("dask", "'dask'; choose"),
    ],
)
def test_an_executor_by_another_name(name, hint):
    with pytest.raises(ConfigurationError, match=hint):
        make_executor(name)


def test_a_setting_of_an_executor_by_another_name():
    with pytest.raises(ConfigurationError, match="'n_jobs'; you mean workers=3; it has"):
        make_executor("processes", n_jobs=3)
    with pytest.raises(ConfigurationError, match="'wrkers'; you mean workers=3; it has"):
        make_executor("processes", wrkers=3)


def test_a_kind_of_failure_by_another_name():
    with pytest.raises(ConfigurationError, match="'oom'; you mean 'memory'; choose"):
        check_kinds("oom")
    with pytest.raises(ConfigurationError, match="'Exception'; you mean 'exception'; choose"):
        check_kinds(["Exception"])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("budgett = 3", "budgett: there is no such key; you mean budget=3"),
        ("max-seconds = 3", "you mean max_seconds=3"),
        ("pop_size = 10", "you mean algorithm.size = 10"),
        ("n_gen = 4", r"you mean budget = 4 \* size, the evaluations in all"),
        ("tau = 4", "tau: there is no such key; you mean algorithm.tau"),
        ("retries = 4", "you mean executor.retries"),
        ("n_jobs = 4", "you mean executor.workers = 4"),
        ("verbose = true", "you mean the option --progress"),
        ("nonsense = 4", "nonsense: there is no such key; the keys are"),
    ],
)
def test_a_key_of_a_file_by_another_name(tmp_path, text, hint):
    file = tmp_path / "run.toml"
    file.write_text(f'problem = "toy:Schaffer"\n{text}\n')
    with pytest.raises(ConfigurationError, match=hint):
        read_config(file, {}, [])


def test_a_file_of_another_encoding_is_refused_and_a_mark_in_front_is_not(tmp_path):
    file = tmp_path / "run.toml"
    file.write_bytes(b'problem = "toy:\xe9"\nbudget = 3\n')
    with pytest.raises(ConfigurationError, match="is no TOML: 'utf-8' codec"):
        read_config(file, {}, [])
    file.write_bytes('\ufeffproblem = "toy:é"\nbudget = 3\n'.encode())
    assert read_config(file, {}, []).problem == "toy:é"


@pytest.mark.parametrize("problem", ["toy.py", "zdt1"])
def test_a_problem_without_a_place_is_refused_with_the_forms_that_there_are(problem):
    config = read_config(None, {"problem": problem, "budget": 3}, [])
    with pytest.raises(ConfigurationError, match=r"write file\.py:Name, .*pymoo:zdt1"):
        config.make_problem()


def test_options_of_other_tools_are_met_with_what_is_meant():
    words = ["a.py:B", "--pop-size=10", "--n-gen", "5", "--workers", "two", "--verbose"]
    assert meant_options(words, ["workers"]) == [
        "--pop-size: you mean algorithm.size = 10; an option, or a key for --set",
        "--n-gen: you mean budget = 5 * size, the evaluations in all; an option, or a key for "
        "--set",
        "--verbose: you mean the option --progress; an option, or a key for --set",
    ]


PARTS = """
from dataclasses import dataclass
import paretide as pt
from paretide.operators.parts import Mutation, Part, crossover

@crossover(parents=2)
def exchange(A, B, space, rng): ...

@dataclass(frozen=True)
class Shift(Mutation):
    prob: float = 0.2

@dataclass(frozen=True, kw_only=True, repr=False)
class Mine(pt.NSGA2):
    how: Part | None = None
    move: Part | None = None
    label: str = ""
"""


@pytest.fixture
def parts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts.py").write_text(PARTS)


def algorithm_of(*assignments, problem=None, file=None, algorithm=None):
    options = {"problem": "toy:Mixed", "budget": 3, "algorithm.name": algorithm}
    config = read_config(file, options, assignments)
    return config.make_algorithm(problem or config.make_problem())


def test_parts_are_named_by_reference(parts):
    found = algorithm_of(
        "how=parts.py:exchange", "move=parts.py:Shift", "move.prob=0.3", "label=a b",
        "crossover=SBX", "crossover.eta=3", "size.kind=Doubling", "size.start=4",
        algorithm="parts.py:Mine",
    )  # fmt: skip
    assert repr(found.how) == "exchange"
    assert (type(found.move).__name__, found.move.prob) == ("Shift", 0.3)
    assert (found.crossover, found.label) == (pt.SBX(eta=3), "a b")
    assert found.size == pt.Doubling(start=4)


def test_the_name_of_a_part_and_its_settings_come_in_either_order(parts):
    one = algorithm_of("move.prob=0.3", "move=parts.py:Shift", algorithm="parts.py:Mine")
    assert one.move.prob == 0.3
    other = algorithm_of("algorithm.size=7", "algorithm=nsga2", "size=9")
    assert other == pt.NSGA2(size=9)


def test_a_setting_of_a_part_alone_is_of_the_one_that_the_space_has(parts):
    mixed = pt.PolynomialMutation(prob=0.3, eta=5)
    assert algorithm_of("mutation.prob=0.3") == pt.Auto(mutation=mixed)
    bits = algorithm_of("mutation.prob=0.3", problem=pt.OneMinMax(8))
    assert bits == pt.Auto(mutation=pt.BitFlip(prob=0.3))


def test_a_file_names_parts_as_options_do(parts, tmp_path):
    (tmp_path / "run.toml").write_text(
        '[algorithm]\nname = "parts.py:Mine"\nsize = 12\nhow = "parts.py:exchange"\n'
        '[algorithm.move]\nkind = "parts.py:Shift"\nprob = 0.5\n[algorithm.mutation]\neta = 7\n'
    )
    found = algorithm_of(file=tmp_path / "run.toml")
    assert (found.size, repr(found.how), found.move.prob) == (12, "exchange", 0.5)
    assert found.mutation == pt.PolynomialMutation(eta=7)


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["mutation=parts.py:Shfit"], r"mutation: parts\.py has no 'Shfit'; the classes .*'Shift'"),
        (["mutation=parts.py:nope"], r"mutation: .* the functions \['exchange'\]"),
        (["mutation=nowhere:x"], "mutation: cannot import 'nowhere'"),
        (["mutation=parts.py:Mine"], "mutation: parts.py:Mine is the class .* and no part"),
        (["mutation=SXB"], "mutation must be .*'SXB'"),
        (["mutation.kind=sbx"], "mutation: there is no part 'sbx'; you mean 'SBX'; choose one of"),
        (["mutation.rate=1"], "mutation: .*has no setting 'rate'; you mean prob=1|'rate'; it has"),
        (["tau.x=1"], "no setting 'tau'"),
    ],
)
def test_a_part_that_there_is_none_of(parts, assignments, message):
    with pytest.raises(ConfigurationError, match=message):
        algorithm_of(*assignments)


EXECUTOR = """
import paretide as pt

class Threads(pt.SerialExecutor):
    def __init__(self, workers=1):
        super().__init__()
        self.workers = workers

def function(): ...
"""


def test_an_executor_of_ones_own_is_named_by_reference(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "threads.py").write_text(EXECUTOR)
    options = {
        "problem": "toy:Mixed", "budget": 3, "executor.name": "threads.py:Threads",
        "executor.workers": 4,
    }  # fmt: skip
    assert read_config(None, options, []).make_executor().workers == 4
    for name, message in (
        ("threads.py:function", "a function .* and no executor"),
        ("threads.py:Nope", "has no 'Nope'; the classes in it are"),
        ("threads", "no executor 'threads'; you mean 'processes'"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            read_config(None, {**options, "executor.name": name}, []).make_executor()
    with pytest.raises(ConfigurationError, match="has no setting 'cores'; it has"):
        read_config(None, options, ["executor.cores=3"]).make_executor()
