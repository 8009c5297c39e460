"""What stands beside a problem's file is imported, and never taken for another of its name."""

import importlib
import os
import re
import subprocess
import sys
import textwrap
import types
import zipfile
from collections.abc import Iterable

import pytest
import toy

import paretide as pt
from paretide.errors import ProblemReferenceError
from paretide.problems import folder as folders
from paretide.problems.folder import folders_beside, folders_of, imported_beside
from paretide.problems.reference import load_problem

JOB = """
import paretide as pt
{imports}
class Job(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {{"f": "min", "g": "min"}}
    def evaluate(self, x, ctx):
        {inside}
        return {{"f": float(x[0]) + {value}, "g": 1 - float(x[0])}}
"""


@pytest.fixture(autouse=True)
def process_of_its_own(monkeypatch, tmp_path):
    """As if nothing had been loaded before, and nothing is left behind."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(folders, "_beside", {})
    yield
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__path__", ())  # torch has objects that pose as modules
        places = [getattr(module, "__file__", None), *(path if isinstance(path, Iterable) else ())]
        if any(str(place).startswith(str(tmp_path)) for place in places):
            del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def write(tmp_path):
    """Write a file below the test's folder; returns its path."""

    def write(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    return write


def job(imports="", inside="pass", value="0"):
    return JOB.format(imports=imports, inside=inside, value=value)


def offset(file):
    """What the modules beside a file add to its first objective."""
    result = pt.minimize(load_problem(f"{file}:Job"), pt.NSGA2(size=4), budget=4, seed=1)
    assert not result.run.evaluations.failures, result.run.evaluations.failures
    return round(float(result.run.evaluations.F[:, 0].min()) // 10) * 10


@pytest.mark.parametrize(
    ("imports", "inside", "value"),
    [
        ("import beside_a", "pass", "beside_a.N"),
        ("from package_a.inner import N", "pass", "N"),
        ("from namespace_a import inner", "pass", "inner.N"),
        ("", "from beside_a import N", "N"),  # not before it is evaluated
        ("", "import package_a.inner as p", "p.N"),
    ],
)
def test_modules_and_packages_beside_a_file_are_imported(write, imports, inside, value):
    write("beside_a.py", "N = 10")
    write("package_a/__init__.py")
    write("package_a/inner.py", "N = 10")
    write("namespace_a/inner.py", "N = 10")
    assert offset(write("job.py", job(imports, inside, value))) == 10


def test_a_link_has_the_modules_of_what_it_leads_to_first(write, tmp_path):
    real = write("real/job.py", job("import beside_b", value="beside_b.N"))
    write("real/beside_b.py", "N = 10")
    write("links/beside_b.py", "N = 20")
    link = tmp_path / "links" / "job.py"
    link.symlink_to(real)
    assert folders_beside(link) == [tmp_path / "real", tmp_path / "links"]
    assert offset(link) == 10


def test_a_folder_that_is_a_link_keeps_its_name(write, tmp_path):
    write("real/job.py")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert folders_beside(tmp_path / "link" / "job.py") == [tmp_path / "link"]


# -- two modules of one name -----------------------------------------------------------------------


@pytest.mark.parametrize("there", ["model.py", "model/__init__.py", "model/inner.py"])
@pytest.mark.parametrize("lazily", [False, True])
def test_another_module_of_a_name_that_is_imported_is_refused(write, there, lazily):
    use = ("", "import model") if lazily else ("import model", "pass")
    write(f"one/{there}", "N = 10")
    write(f"two/{there}", "N = 20")
    first, second = (write(f"{f}/job.py", job(*use)) for f in ("one", "two"))
    assert offset(first) == 0
    with pytest.raises(ProblemReferenceError, match="another module of that name") as caught:
        load_problem(f"{second}:Job")
    for part in ("'model'", str(second), str(first.parent / "model"), "processes of their own"):
        assert part in str(caught.value)
    assert offset(first) == 0  # the first one goes on


def test_a_module_that_only_a_module_beside_imports_counts(write):
    for name in ("one", "two"):
        write(f"{name}/helper_c.py", "import deeper_c")
        write(f"{name}/deeper_c.py")
        write(f"{name}/job.py", job("import helper_c"))
    write("two/helper_c.py", "import deeper_c")
    load_problem(f"{write('one/job.py', job('import deeper_c'))}:Job")
    with pytest.raises(ProblemReferenceError, match="'deeper_c'"):
        load_problem(f"{write('two/job.py', job('import helper_c'))}:Job")


def test_one_that_the_first_problem_would_find_instead_of_its_own_is_refused(write):
    write("one/later.py", "N = 10")
    write("two/later.py", "N = 20")
    load_problem(f"{write('one/job.py', job(inside='import later'))}:Job")
    with pytest.raises(ProblemReferenceError, match="'later'"):
        load_problem(f"{write('two/job.py', job())}:Job")


def test_the_name_of_an_installed_module_is_refused_only_where_it_is_imported(write):
    write("numpy.py")
    with pytest.raises(ProblemReferenceError, match="'numpy'"):
        load_problem(f"{write('uses.py', job('import numpy'))}:Job")
    load_problem(f"{write('does_not.py', job())}:Job")


def test_a_folder_without_modules_hides_no_package_of_its_name(write):
    write("numpy/data.txt")
    assert offset(write("job.py", job("import numpy"))) == 0


def test_two_files_of_one_folder_share_its_modules(write):
    write("model_d.py", "N = 10")
    for name in ("first", "second"):
        assert offset(write(f"{name}.py", job("import model_d", value="model_d.N"))) == 10


def test_what_is_no_python_imports_nothing(tmp_path):
    assert imported_beside(b"def (", [tmp_path]) == {}
    assert imported_beside(b"\0", [tmp_path]) == {}


# -- scripts ---------------------------------------------------------------------------------------


def script(write, code, name="script.py"):
    return write(name, job("import sys", value="1") + textwrap.dedent(code))


def run(*command, cwd):
    return subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, check=False, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


GUARDED = """
if __name__ == "__main__":
    pt.minimize(Job(), pt.NSGA2(size=4), budget=8, seed=1, store=sys.argv[1])
"""


@pytest.mark.parametrize("as_module", [False, True])
def test_a_scripts_own_problem_resumes_by_its_store(write, tmp_path, as_module):
    script(write, GUARDED, "code/script.py")
    start = ["-m", "script"] if as_module else ["script.py"]
    done = run(*start, tmp_path / "run.h5", cwd=tmp_path / "code")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    again = run("-m", "paretide", "resume", "run.h5", "--budget", "+4", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert len(pt.open_run(tmp_path / "run.h5").evaluations) == 12


def test_a_folder_or_archive_that_is_run_is_no_module(write, tmp_path):
    guarded = GUARDED.replace("store=", "executor=sys.argv[2], store=")
    folder = script(write, guarded, "app/__main__.py").parent
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.write(folder / "__main__.py", "__main__.py")
    for number, app in enumerate(("app", "app.zip")):
        done = run(app, f"{number}.h5", "serial", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert ("defined in __main__, not in a file" in done.stderr) == (app == "app.zip")
        again = run("-m", "paretide", "resume", f"{number}.h5", "--budget", "+4", cwd=tmp_path)
        assert again.returncode == (0 if app == "app" else 2), again.stderr
        refused = run(app, "none.h5", "processes", cwd=tmp_path)
        assert "processes cannot find it; put it into a module" in refused.stderr


@pytest.mark.parametrize(
    "around", ["{}", "try:\n    {}\nexcept Exception:\n    sys.exit(0)", "print(1)\n{}\n1/0"]
)
def test_a_script_that_would_start_its_run_again_is_refused(write, tmp_path, around):
    start = "pt.minimize(Job(), pt.NSGA2(size=4), budget=8, seed=1, store='run.h5')"
    code = around.format(start)
    script(write, code)
    run("script.py", cwd=tmp_path)
    assert len(pt.open_run(tmp_path / "run.h5").evaluations) == 8
    again = run("-m", "paretide", "resume", "run.h5", "--budget", "+4", cwd=tmp_path)
    assert again.returncode == 2
    assert "starts a run when it is imported" in again.stderr
    assert '`if __name__ == "__main__":`' in again.stderr
    assert "Traceback" not in again.stderr


def test_a_script_resumes_itself_without_a_second_import(write, tmp_path):
    script(
        write,
        """
        import os
        print("imported")
        if os.path.exists("run.h5"):
            pt.resume("run.h5", budget=4)
        else:
            pt.minimize(Job(), pt.NSGA2(size=4), budget=8, seed=1, store="run.h5")
        """,
    )
    for _ in range(2):
        done = run("script.py", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("imported") == 1
    assert len(pt.open_run(tmp_path / "run.h5").evaluations) == 12


def test_a_script_that_exits_when_it_is_imported_says_so(write):
    with pytest.raises(ProblemReferenceError, match="SystemExit"):
        load_problem(f"{write('leaves.py', 'import sys; sys.exit(0)')}:Job")


def test_a_file_that_only_its_package_can_import_says_how_to_name_it(write, tmp_path):
    for folder in ("outer", "outer/inner"):
        write(f"{folder}/__init__.py")
    file = write("outer/inner/train.py", job("from . import other"))
    expected = f"name it outer.inner.train:Name, in the folder {tmp_path}"
    with pytest.raises(ProblemReferenceError, match=re.escape(expected)):
        load_problem(f"{file}:Job")


# -- where a problem's code is ---------------------------------------------------------------------


def test_installed_packages_stay_where_they_are():
    assert folders_of(pt.OneMinMax(12)) == []


def test_the_folders_of_a_problem_and_of_its_base_classes(write, tmp_path, monkeypatch):
    class Mine(toy.Schaffer):
        pass

    monkeypatch.setattr(Mine, "__module__", "its_own.part")
    write("path/its_own/__init__.py")
    write("path/its_own/part.py")
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    importlib.import_module("its_own.part")
    assert list(map(str, folders_of(Mine()))) == [
        str(tmp_path / "path"),
        os.path.dirname(toy.__file__),
    ]


def test_what_poses_as_a_module_is_none(monkeypatch):
    posing = types.ModuleType("posing")
    posing.__path__ = object()
    monkeypatch.setitem(sys.modules, "posing", posing)
    assert folders.folders_of_module("posing") == []


def test_a_file_brings_its_folder(write, tmp_path):
    problem = load_problem(f"{write('code/job.py', job())}:Job")
    assert folders_of(problem) == [tmp_path / "code"]
