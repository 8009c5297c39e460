"""What a run's file names is a Problem class, looked at before it is called, or it is refused."""

import sys

import pytest

import paretide as pt
from paretide.errors import ProblemReferenceError
from paretide.problems.pymoo_problem import adapt
from paretide.problems.trust import load_stored

PYMOO = "paretide.problems.pymoo_problem"

SOURCE = """
import os, pathlib
import paretide as pt

TOUCHED = pathlib.Path(__file__).parent / "touched"

def touch(*args, **kwargs):
    TOUCHED.touch()

class Job(pt.Problem):
    space = pt.Real(0, 1)
    objectives = {"cost": "min"}
    def __init__(self, n=1):
        self.n = n
    def evaluate(self, x, ctx):
        return {"cost": x[0]}
    helper = touch
    class Inner(pt.Problem):
        space = pt.Real(0, 1)
        objectives = {"cost": "min"}
        def evaluate(self, x, ctx):
            return {"cost": x[0]}

class Duck:
    space = pt.Real(0, 1)
    objectives = {"cost": "min"}
    def evaluate(self, x, ctx):
        return {"cost": x[0]}

def make(n=1):
    touch()
    return Job(n)

class NoProblem:
    def __init__(self, *args, **kwargs):
        touch()

class Meta(type):
    def __getattr__(cls, name):
        touch()
        return Job
    def __call__(cls, *args, **kwargs):
        touch()
    def __subclasscheck__(cls, other):
        touch()
        return True
    def __instancecheck__(cls, other):
        touch()
        return True

class Odd(metaclass=Meta):
    pass

class Described:
    def __get__(self, instance, owner):
        touch()
        return Job

class Liar:
    __class__ = type
    __mro__ = (pt.Problem,)
    def __call__(self, *args, **kwargs):
        touch()

class Holder:
    attribute = Described()
    liar = Liar()
    os = os

def __getattr__(name):
    touch()
    return Job

job, liar, odd_class = Job(), Liar(), Odd
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "trusted.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(("name", "n"), [("Job", 3), ("Job.Inner", None), ("Duck", None)])
def test_a_problem_class_is_made(file, name, n):
    problem = load_stored(f"{file}:{name}", {} if n is None else {"n": n})
    assert type(problem).__qualname__ == name
    assert n is None or problem.n == n


@pytest.mark.parametrize(
    "name",
    ["make", "touch", "NoProblem", "Odd", "Odd.anything", "odd_class", "Holder", "Holder.attribute",
     "Holder.liar", "Holder.os.system", "os.system", "os", "liar", "job", "job.evaluate", "nothing",
     "Job.helper", "Job.__init__", "Job.__init__.__globals__", "Job.__class__", "Job.Inner.nothing",
     "Job..Inner", "pt.Problem", "pt.minimize", "pathlib.Path", "TOUCHED", "__builtins__.eval"],
)  # fmt: skip
def test_nothing_else_is_called(file, name):
    with pytest.raises(ProblemReferenceError):
        load_stored(f"{file}:{name}", {})
    assert not (file.parent / "touched").exists()


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("os:system", {"command": "touch touched"}),
        ("subprocess:Popen", {"args": ["touch", "touched"]}),
        ("builtins:eval", {"source": "open('touched', 'w')"}),
        ("builtins:exec", {}),
        ("antigravity:webbrowser", {}),
        ("this:s", {}),
        ("pathlib:Path", {}),
        ("paretide:minimize", {}),
        ("paretide.problems.reference:load_problem", {"target": "os:getcwd"}),
        ("paretide.problems.trust:load_stored", {"target": "os:getcwd"}),
        ("paretide.problems.problem:Problem.__init__.__globals__", {}),
        ("numpy:load", {"file": "x"}),
        ("numpy:ndarray", {"shape": [1]}),
        ("__main__:anything", {}),
        (f"{PYMOO}:from_class", {"target": "os:system", "command": "touch touched"}),
        (f"{PYMOO}:from_class", {"target": "builtins:eval"}),
        (f"{PYMOO}:from_class", {"target": "pymoo.problems:get_problem", "name": "zdt1"}),
        (f"{PYMOO}:from_class", {"target": ["os", "system"]}),
        (f"{PYMOO}:from_class", {}),
        (f"{PYMOO}:get", {"name": "os.system"}),
        (f"{PYMOO}:get", {"name": 3}),
        (f"{PYMOO}:get", {}),
        (f"{PYMOO}:adapt", {"problem": 1}),
        (f"{PYMOO}:sys.exit", {}),
        ("pymoo.problems:get_problem", {"name": "zdt1"}),
    ],
)
def test_what_is_on_every_machine_is_no_problem(target, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pt.errors.ConfigurationError):
        load_stored(target, arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("target", "arguments"), [(3, {}), ("a:b", []), ("", {}), ("a", {})])
def test_a_reference_has_its_form(target, arguments):
    with pytest.raises(ProblemReferenceError):
        load_stored(target, arguments)


def test_python_itself_is_not_even_imported():
    for module in ("antigravity", "this", "idlelib.idle"):
        sys.modules.pop(module, None)
        with pytest.raises(ProblemReferenceError, match="belongs to Python itself"):
            load_stored(f"{module}:Job", {})
        assert module not in sys.modules


def test_pymoos_problems_are_made():
    from pymoo.problems import get_problem

    assert load_stored(f"{PYMOO}:get", {"name": "zdt1", "n_var": 5}).problem.n_var == 5
    assert load_stored(f"{PYMOO}:from_class", {"target": "pymoo.problems.multi.bnh:BNH"})
    assert repr(adapt(get_problem("bnh"))) == "PymooVectorized(BNH)"


# -- where it is looked for ------------------------------------------------------------------------


def leaves_a_trace(folder, name):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(SOURCE + "\n(TOUCHED.parent / 'imported').touch()\n")
    return path


def test_a_file_is_taken_only_where_the_run_was_started(tmp_path, monkeypatch):
    path = leaves_a_trace(tmp_path / "here", "moved_away")
    monkeypatch.chdir(path.parent)
    for target in (f"{tmp_path}/there/moved_away.py:Job", "moved_away.py:Job", "./moved_away.py:J"):
        with pytest.raises(ProblemReferenceError, match=r"--problem path/to/moved_away\.py:J"):
            load_stored(target, {})
    assert not (path.parent / "imported").exists()


@pytest.mark.parametrize("entry", ["", "cwd"])
def test_a_module_of_the_working_folder_is_not_imported(tmp_path, monkeypatch, entry):
    path = leaves_a_trace(tmp_path / "downloads", "came_along")
    monkeypatch.chdir(path.parent)
    monkeypatch.syspath_prepend(str(path.parent) if entry else "")
    with pytest.raises(ProblemReferenceError, match="came_along:Job"):
        load_stored("came_along:Job", {})
    assert not (path.parent / "imported").exists()


def test_a_module_is_found_in_the_folder_of_its_run(tmp_path, monkeypatch):
    path = leaves_a_trace(tmp_path / "project", "of_the_run")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert load_stored("of_the_run:Job", {"n": 2}, str(path.parent)).n == 2
    del sys.modules["of_the_run"]


def test_a_module_on_the_users_own_path_is_found(tmp_path, monkeypatch):
    path = leaves_a_trace(tmp_path / "library", "on_the_path")
    monkeypatch.syspath_prepend(str(path.parent))
    assert load_stored("on_the_path:Job", {"n": 2}).n == 2
    monkeypatch.chdir(path.parent)
    del sys.modules["on_the_path"]
    monkeypatch.setenv("PYTHONPATH", str(path.parent))
    assert load_stored("on_the_path:Job", {"n": 2}).n == 2
    del sys.modules["on_the_path"]
