import importlib
import json
import sys
import textwrap

import numpy as np
import pytest

import paretide as pt
from paretide.errors import ConfigurationError, ProblemReferenceError
from paretide.problems.reference import Reference, load_problem, reference_to

SOURCE = '''
import paretide as pt

class Base(pt.Problem):
    space = pt.Real(0, 1)
    objectives = {"cost": "min"}

    def evaluate(self, x, ctx):
        return {"cost": x[0]}

class Plain(Base):
    pass

class Sized(Base):
    def __init__(self, n, width=3, *, depth=1, **others):
        self.made = (n, width, depth, others)

class Heir(Sized):
    pass

class Positional(Base):
    def __init__(self, n=3, /):
        self.made = n

class Many(Base):
    def __init__(self, *sizes):
        self.made = sizes

class Picky(Base):
    def __init__(self, n):
        raise ValueError(f"{n} is an unlucky number")

class Outer:
    class Inner(Base):
        def __init__(self, n=1):
            self.made = n

def make(n=2):
    return Outer.Inner(n)

def local():
    class Hidden(Base):
        pass
    return Hidden()

class Duck:
    """Not a subclass, so that nothing remembers how it was made."""
    space = pt.Real(0, 1)
    objectives = {"cost": "min"}

    def __init__(self, shift=0):
        self.shift = shift

    def evaluate(self, x, ctx):
        return {"cost": x[0] + self.shift}

Ghost = None
ghost = type("Ghost", (Base,), {})()
number = 3
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """An importable module that is gone after the test."""
    (tmp_path / "referenced_problems.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield importlib.import_module("referenced_problems")
    del sys.modules["referenced_problems"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "jobs" / "train.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return path


def made_again(problem):
    """What the stored reference of a problem makes: it has been through JSON."""
    reference = reference_to(problem)
    assert reference.target, reference.reason
    return load_problem(reference.target, json.loads(json.dumps(reference.arguments)))


# -- there and back --------------------------------------------------------------------------------


def test_a_class_in_a_module(module):
    assert reference_to(module.Plain()) == Reference("referenced_problems:Plain")
    assert type(made_again(module.Plain())) is module.Plain


@pytest.mark.parametrize("name", ["Sized", "Heir"])
def test_arguments_by_position_and_by_name(module, name):
    kind = getattr(module, name)
    for problem in (
        kind(5),
        kind(n=5),
        kind(5, 7),
        kind(5, width=3),
        kind(5, depth=2),
        kind(n=5, width=None, depth=[1, {"a": 2.5}], name="x", rate=0.1),
    ):
        again = made_again(problem)
        assert type(again) is kind
        assert again.made == problem.made


def test_a_class_in_a_class(module):
    problem = module.Outer.Inner(4)
    assert reference_to(problem).target == "referenced_problems:Outer.Inner"
    assert made_again(problem).made == 4


def test_a_file(file, tmp_path, monkeypatch):
    problem = load_problem(f"{file}:Sized", {"n": 1, "depth": 9})
    assert problem.made == (1, 3, 9, {})
    reference = reference_to(problem)
    assert reference == Reference(f"{file}:Sized", {"n": 1, "depth": 9})
    monkeypatch.chdir(tmp_path / "jobs")
    assert type(load_problem("train.py:Sized", {"n": 1})) is type(problem)
    assert load_problem(f"{file}:Outer.Inner", {"n": 6}).made == 6


def test_a_function_that_makes_a_problem(module, file):
    assert load_problem("referenced_problems:make", {"n": 7}).made == 7
    assert load_problem(f"{file}:make").made == 2
    # What it makes is referred to by its own class.
    assert made_again(module.make(8)).made == 8


def test_two_files_of_one_name_are_two_modules(file, tmp_path):
    other = tmp_path / "train.py"
    other.write_text(SOURCE.replace('"cost"', '"error"'))
    assert load_problem(f"{file}:Plain").objectives == {"cost": "min"}
    assert load_problem(f"{other}:Plain").objectives == {"error": "min"}


def test_a_file_may_define_dataclasses(tmp_path):
    path = tmp_path / "with_dataclass.py"
    path.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Settings:\n    n: int = 3\n" + SOURCE
    )
    assert load_problem(f"{path}:Plain").objectives


def test_modules_in_the_working_folder_are_found(tmp_path, monkeypatch):
    (tmp_path / "in_the_working_folder.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    assert type(load_problem("in_the_working_folder:Plain")).__name__ == "Plain"
    del sys.modules["in_the_working_folder"]


def test_the_suites_refer_to_themselves():
    assert made_again(pt.OneMinMax(12)).n == 12
    assert reference_to(pt.OneMinMax(12)).arguments == {"n": 12}


# -- no reference, and why -------------------------------------------------------------------------


def without(problem, *reason):
    reference = reference_to(problem)
    assert reference.target == ""
    assert reference.arguments == {}
    for part in reason:
        assert part in reference.reason


def test_main_has_no_reference(monkeypatch):
    class Job(pt.Problem):
        pass

    Job.__qualname__ = "Job"
    monkeypatch.setattr(Job, "__module__", "__main__")
    without(Job(), "Job", "__main__")


def test_a_class_in_a_function_has_no_reference(module):
    without(module.local(), "Hidden", "inside a function")


@pytest.mark.parametrize(
    "argument",
    [(1, 2), {1: 2}, {1, 2}, object(), np.zeros(2), np.int64(3), float("nan"), b"x", [(1,)]],
    ids=repr,
)
def test_arguments_that_json_cannot_hold(module, argument):
    without(module.Sized(argument), "JSON")
    without(module.Sized(1, other=argument), "JSON")


def test_a_long_argument_is_not_quoted_at_length(module):
    assert len(reference_to(module.Sized([(1, 2)] * 10_000)).reason) < 500


@pytest.mark.parametrize("argument", [4, 0, None, []], ids=repr)
def test_arguments_by_position_only(module, argument):
    without(module.Positional(argument), "position")
    without(module.Many(argument), "position")
    assert made_again(module.Positional()).made == 3
    assert made_again(module.Many()).made == ()


def test_a_class_that_its_module_does_not_hold_has_no_reference(module):
    without(module.ghost, "Ghost")


def test_a_class_of_a_module_that_is_gone_has_no_reference():
    namespace = {"__name__": "a_module_never_imported"}
    exec(SOURCE, namespace)
    without(namespace["Plain"](), "a_module_never_imported")


def test_a_problem_that_forgot_its_arguments_is_not_made_with_others(module):
    reference = reference_to(module.Duck(shift=5))
    if reference.target:
        assert load_problem(reference.target, reference.arguments).shift == 5
    else:
        assert reference.reason


# -- references that lead nowhere ------------------------------------------------------------------


@pytest.mark.parametrize("target", ["", "train.py", "module", ":Name", "module:", "a.py:"])
def test_a_reference_has_two_parts(target):
    with pytest.raises(ProblemReferenceError, match=r"module:name or file\.py:name") as caught:
        load_problem(target)
    assert repr(target) in str(caught.value)
    assert isinstance(caught.value, ConfigurationError)


@pytest.mark.parametrize("place", ["no_such_module", "json.no_such", ".relative", "a..b"])
def test_a_module_that_cannot_be_imported(place):
    with pytest.raises(ProblemReferenceError) as caught:
        load_problem(f"{place}:Job")
    assert place in str(caught.value)


@pytest.mark.parametrize(
    "source",
    ["1 / 0", "def (", "import no_such_module_either", "raise RuntimeError('no GPU')"],
    ids=["exception", "syntax", "import", "runtime"],
)
def test_a_module_that_fails_when_it_is_imported(tmp_path, monkeypatch, source):
    (tmp_path / "broken_problems.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    for place in ("broken_problems", tmp_path / "broken_problems.py"):
        for _ in range(2):  # nothing half-loaded is left behind
            with pytest.raises(ProblemReferenceError) as caught:
                load_problem(f"{place}:Job")
            assert str(place) in str(caught.value)
            assert caught.value.__cause__ is not None


def test_a_file_that_is_not_there_or_no_file(tmp_path):
    (tmp_path / "folder.py").mkdir()
    for name in ("gone.py", "folder.py"):
        with pytest.raises(ProblemReferenceError) as caught:
            load_problem(f"{tmp_path / name}:Job")
        assert str(tmp_path / name) in str(caught.value)


def test_a_name_that_is_not_there(module, file):
    for place in ("referenced_problems", str(file)):
        for name in ("Job", "Outer.Job", "Plain.", "Outer..Inner"):
            with pytest.raises(ProblemReferenceError) as caught:
                load_problem(f"{place}:{name}")
            assert place in str(caught.value)
            assert repr(name) in str(caught.value)
            assert "'Sized'" in str(caught.value)  # what there is


@pytest.mark.parametrize("name", ["number", "Ghost", "ghost"])
def test_a_name_of_something_else(module, name):
    with pytest.raises(ProblemReferenceError, match=f"referenced_problems:{name}"):
        load_problem(f"referenced_problems:{name}")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("Sized", {}), ("Positional", {"n": 1}), ("make", {"m": 3}), ("Picky", {"n": 13})],
)
def test_arguments_that_do_not_make_it(module, name, arguments):
    with pytest.raises(ProblemReferenceError) as caught:
        load_problem(f"referenced_problems:{name}", arguments)
    assert f"referenced_problems:{name}" in str(caught.value)
    assert str(arguments) in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_reference_is_loaded_without_leaving_a_trace_of_failure(tmp_path):
    before = set(sys.modules)
    path = tmp_path / "half.py"
    path.write_text(textwrap.dedent("class Job:\n    pass\nraise RuntimeError"))
    with pytest.raises(ProblemReferenceError, match="RuntimeError"):
        load_problem(f"{path}:Job")
    assert set(sys.modules) == before
