"""A problem on its way to another machine: its code, its data and its paths arrive."""

import dataclasses
import os
import sys
import textwrap

import numpy as np
import pytest

import paretide as pt
from paretide.engine.executors import ray_actors, travel
from paretide.engine.executors.archive import TooLarge
from paretide.engine.executors.travel import Origin, mark, moved_to, origin_of, pack_folders
from paretide.errors import ExecutorError
from paretide.problems import folder as folders
from paretide.problems.reference import load_problem

JOB = """
import os
import pathlib
import threading
import paretide as pt
import neighbour_x

HERE = pathlib.Path(__file__).parent
LOCK = threading.Lock()  # which nobody can pickle

class Job(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, data=None):
        self.data = data or str(HERE / "data.csv")

    def evaluate(self, x, ctx):
        import neighbour_y
        with LOCK:
            value = float((HERE / "data.csv").read_text()) + float(open(self.data).read())
        ctx.log(file=__file__, x=neighbour_x.__file__, y=neighbour_y.__file__, cwd=os.getcwd())
        return {"f": float(x[0]) + value, "g": 1 - float(x[0])}
"""


@pytest.fixture(autouse=True)
def process_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(folders, "_beside", {})
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def project(tmp_path):
    for name, text in {
        "job.py": JOB, "neighbour_x.py": "", "neighbour_y.py": "", "data.csv": "5",
    }.items():  # fmt: skip
        (tmp_path / "project" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "project" / name).write_text(textwrap.dedent(text))
    return tmp_path / "project"


@pytest.fixture
def elsewhere(monkeypatch):
    """Actors that take every folder of the driver's for one that they do not see."""
    monkeypatch.setattr(
        ray_actors.Actors,
        "_marked_origin",
        lambda self: dataclasses.replace(
            self._origin, marks=(("nowhere",),) * (len(self._origin.folders) + 1)
        ),
    )


def logged(problem, **settings):
    result = pt.minimize(
        problem, pt.NSGA2(size=4), budget=8, seed=1,
        executor=pt.RayExecutor(workers=2, cpus=0.5, **settings),
    )  # fmt: skip
    assert not result.run.evaluations.failures, result.run.evaluations.failures
    assert (result.run.evaluations.F[:, 0] >= 10).all()
    return result.run.evaluations.extras.get(0, {})


@pytest.mark.ray
@pytest.mark.usefixtures("ray_cluster")
class TestOnRay:
    def test_where_the_folder_is_seen_paths_are_the_drivers(self, project, monkeypatch):
        monkeypatch.chdir(project.parent)
        found = logged(load_problem(f"{project}/job.py:Job"))
        assert found == {
            "file": f"{project}/job.py",
            "x": f"{project}/neighbour_x.py",
            "y": f"{project}/neighbour_y.py",
            "cwd": str(project.parent),
        }

    @pytest.mark.usefixtures("elsewhere")
    def test_elsewhere_the_folder_arrives(self, project, monkeypatch):
        monkeypatch.chdir(project)
        problem = load_problem(f"{project}/job.py:Job", {"data": f"{project}/data.csv"})
        found = logged(problem)
        folder = os.path.dirname(found["file"])
        assert "paretide-code-" in folder
        assert {os.path.dirname(found[name]) for name in ("x", "y")} == {folder}
        assert found["cwd"] == folder

    @pytest.mark.usefixtures("elsewhere")
    def test_a_module_that_was_imported_arrives_with_its_folder(self, project, monkeypatch):
        (project / "job.py").rename(project / "job_module.py")
        monkeypatch.chdir(project)
        found = logged(load_problem("job_module:Job"))
        assert "paretide-code-" in found["file"]
        assert os.path.dirname(found["x"]) == os.path.dirname(found["file"])

    def test_code_that_is_edited_meanwhile_stays_what_it_was(self, project):
        problem = load_problem(f"{project}/job.py:Job")
        (project / "job.py").write_text("no Python at all")
        assert logged(problem)["file"] == f"{project}/job.py"

    @pytest.mark.usefixtures("elsewhere")
    def test_a_folder_that_is_too_large_ends_the_run_before_it_begins(
        self, project, monkeypatch, tmp_path
    ):
        monkeypatch.setattr(travel, "pack", too_large)
        with pytest.raises(ExecutorError, match="it is too large"):
            pt.minimize(
                load_problem(f"{project}/job.py:Job"), pt.NSGA2(size=4), budget=8, seed=1,
                executor=pt.RayExecutor(workers=1, cpus=0.5), store=tmp_path / "run.h5",
            )  # fmt: skip
        assert not (tmp_path / "run.h5").exists()

    @pytest.mark.usefixtures("elsewhere")
    def test_a_file_that_needs_nothing_of_a_large_folder_travels_alone(self, tmp_path, monkeypatch):
        monkeypatch.setattr(travel, "pack", too_large)
        (tmp_path / "alone.py").write_text(
            "import paretide as pt\n"
            "class Alone(pt.Problem):\n"
            "    space = pt.Real(0, 1, n=2)\n"
            "    objectives = {'f': 'min', 'g': 'min'}\n"
            "    def evaluate(self, x, ctx):\n"
            "        return {'f': float(x[0]) + 10, 'g': 1 - float(x[0])}\n"
        )
        logged(load_problem(f"{tmp_path}/alone.py:Alone"))


def too_large(folders):
    raise TooLarge("it is too large")


# -- without Ray -----------------------------------------------------------------------------------


def test_a_folder_is_known_by_what_is_in_it(project, tmp_path):
    before = mark(str(project))
    assert before == mark(str(project))
    (project / "output.csv").write_text("of a job")
    assert mark(str(project)) == before
    (project / "neighbour_x.py").write_text("changed = True")
    assert mark(str(project)) != before
    assert mark(str(tmp_path / "gone")) == ()
    assert not Origin((str(tmp_path / "gone"),)).marked().is_seen()
    assert Origin((str(project),)).marked().is_seen()
    assert Origin((str(tmp_path / "gone"),)).is_seen()  # of one machine: there is no other folder


def test_a_copy_of_a_folder_is_another_one(project, tmp_path):
    import shutil

    origin = origin_of(load_problem(f"{project}/job.py:Job")).marked()
    assert origin.is_seen()
    shutil.copytree(project, tmp_path / "copy")
    shutil.rmtree(project)
    (tmp_path / "copy").rename(project)
    assert not origin.is_seen()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/p/a.csv", "/n/0/a.csv"), ("/p", "/n/0"), ("/pp/a", "/pp/a"), ("a.csv", "a.csv"),
     ("/q/r/s", "/n/1/s"), ("/", "/")],
)  # fmt: skip
def test_paths_into_a_folder_move_with_it(path, expected):
    assert moved_to(path, {"/p": "/n/0", "/q/r": "/n/1"}) == expected


def test_arrays_of_a_problem_are_shared_not_copied():
    ray = pytest.importorskip("ray")
    import toy

    problem = toy.Schaffer()
    problem.images, problem.empty = np.arange(100_000.0), np.zeros(0)
    from paretide.engine.executors.base import Job
    from paretide.problems.definition import read_definition

    packed = travel.pack_job(ray.cloudpickle, Job(problem, read_definition(problem), 1, "id"))
    assert len(packed.content) < 10_000
    again = packed.unpack({}).problem
    assert np.array_equal(again.images, problem.images)
    assert np.shares_memory(again.images, packed.buffers[0])


def test_a_notebook_whose_folder_is_too_large_runs_without_it(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(travel, "pack", too_large)

    class Typed(pt.Problem):
        pass

    monkeypatch.setattr(Typed, "__module__", "typed_in")
    archive = pack_folders(Typed(), Origin((str(tmp_path),)))
    assert "does not travel" in caplog.text
    assert archive.data
