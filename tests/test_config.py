"""A configuration that is none is refused, with what is meant."""

import pytest

from paretide.config import read_config
from paretide.engine.executors import make_executor
from paretide.engine.foreign_names import meant_options
from paretide.engine.interventions import check_kinds
from paretide.engine.named import make_algorithm
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
