"""What a worker does, for executors of one's own: alone, several in threads, in other processes."""

import copy
import pickle
import threading
import time

import numpy as np
import pytest
import toy
from threads import Threads

import paretide as pt
from paretide.engine.executors.base import Job
from paretide.errors import ConfigurationError, ExecutorError
from paretide.problems.definition import read_definition
from paretide.problems.reference import load_problem

FAILED = 2


def job_of(problem):
    return pt.Job(problem, read_definition(problem), 7, "a-run")


def task_of(job, *ids):
    X = np.full((len(ids), job.definition.space.n_var), 0.5)
    return pt.Task(np.array(ids, dtype=np.int64), X)


def test_a_worker_makes_an_outcome_of_whatever_happens():
    job = job_of(toy.Flaky())
    worker = pt.Worker(job, "mine")
    done = worker.evaluate(task_of(job, 4, 5, 6))
    assert isinstance(done, pt.Completion)
    assert {id: f.kind for id, f in done.failures.items()} == {4: "exception", 5: "non-finite"}
    assert done.status.tolist() == [FAILED, FAILED, 1]
    assert np.isfinite(done.F[2]).all()
    assert done.worker == worker.name == "mine"
    worker.dismiss()


def test_a_setup_that_fails_is_told_with_its_traceback():
    with pytest.raises(ExecutorError, match=r"setup\(ctx\) failed(.|\n)*no data here"):
        pt.Worker(job_of(toy.BadSetup()), "mine")


def test_teardown_runs_once_and_nothing_after_it(tmp_path):
    job = job_of(toy.Teardown(str(tmp_path / "log")))
    worker = pt.Worker(job, "mine")
    worker.dismiss()
    worker.dismiss()
    assert len((tmp_path / "log").read_text().split()) == 1
    with pytest.raises(ExecutorError, match="worker mine was to evaluate 3 after it had been"):
        worker.evaluate(task_of(job, 3))


def test_shared_data_must_have_names():
    with pytest.raises(ConfigurationError, match="shared must be a mapping"):
        pt.Worker(job_of(toy.Schaffer()), "mine", shared=[1])


class Waits(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def setup(self, ctx):
        self.let_go = threading.Event()
        self.begun = threading.Event()

    def evaluate(self, x, ctx):
        self.begun.set()
        self.let_go.wait(20)
        return {"f": 0.0, "g": 0.0}


def test_one_worker_is_for_one_thread_at_a_time():
    job = job_of(Waits())
    worker = pt.Worker(job, "mine")
    thread = threading.Thread(target=worker.evaluate, args=(task_of(job, 0),))
    thread.start()
    assert job.problem.begun.wait(20)
    with pytest.raises(ExecutorError, match=r"evaluate 1 while .* each thread"):
        worker.evaluate(task_of(job, 1))
    job.problem.let_go.set()
    thread.join(20)
    worker.dismiss()


class Remembers(pt.Problem):
    """Setup writes to the problem, and candidates print, in every worker for itself."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def setup(self, ctx):
        print("getting ready")
        self.thread = None

    def evaluate(self, x, ctx):
        print(f"candidate {ctx.id} begins")
        self.mine = ctx.id
        time.sleep(0.01)
        print(f"candidate {ctx.id} ends")
        if ctx.id == 5:
            raise KeyboardInterrupt  # its own: no signal comes to a thread
        ctx.log(mine=self.mine, id=ctx.id)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


def test_workers_in_threads_keep_apart_what_is_theirs(capfd):
    result = pt.minimize(
        Remembers(), pt.NSGA2(size=12), budget=24, seed=1, executor=Threads(workers=3)
    )
    evaluations = result.run.evaluations
    assert set(evaluations.worker) == {"thread-0", "thread-1", "thread-2"}
    assert all(extra["mine"] == extra["id"] for extra in evaluations.extras.values())
    assert evaluations.failures.keys() == {5}
    assert evaluations.failures[5].reason == "KeyboardInterrupt"
    said = evaluations.failures[5].detail
    assert "candidate 5 begins\ncandidate 5 ends" in said
    assert "candidate 6" not in said
    out = capfd.readouterr().out.splitlines()
    for id in range(24):
        assert out.count(f"[{id}] candidate {id} begins") == 1
        assert out.count(f"[{id}] candidate {id} ends") == 1
    for n in range(3):
        assert f"[thread-{n} setup] getting ready" in out


def test_a_copy_of_a_job_has_a_problem_of_its_own():
    job = job_of(toy.CountingSetup("/dev/null"))
    other = job.copy()
    assert other.problem is not job.problem
    assert other.definition is job.definition
    pt.Worker(other, "mine").dismiss()
    assert (job.problem.ready, other.problem.ready) == (0, 1)


def test_what_cannot_be_copied_is_named():
    problem = toy.Schaffer()
    problem.lock = threading.Lock()
    with pytest.raises(ExecutorError, match=r"Schaffer cannot be copied.*in setup\(ctx\)"):
        job_of(problem).copy()


def test_a_job_travels_to_other_processes(tmp_path):
    job = pickle.loads(pickle.dumps(job_of(toy.Mixed(scale=3.0))))
    assert isinstance(job, Job)
    assert job.problem.scale == 3.0
    assert (job.seed, job.run_id) == (7, "a-run")
    assert job.definition.describe() == read_definition(toy.Mixed(scale=3.0)).describe()
    file = tmp_path / "mine.py"
    file.write_text(
        "import paretide as pt\n"
        "class Mine(pt.Problem):\n"
        "    space = pt.Real(0, 1, n=2)\n"
        "    objectives = {'f': 'min', 'g': 'min'}\n"
        "    def __init__(self, shift=0.0):\n"
        "        self.shift = shift\n"
        "    def evaluate(self, x, ctx):\n"
        "        return {'f': x[0], 'g': x[1]}\n"
    )
    job = pickle.loads(pickle.dumps(job_of(load_problem(f"{file}:Mine", {"shift": 2.0}))))
    assert job.problem.shift == 2.0


def test_settings_are_what_an_executor_was_made_with():
    assert Threads(workers=3, shared={"b": 1, "a": 2}).settings() == {
        "name": "threads:Threads",
        "folder": str(toy.Path(toy.__file__).parent),
        "arguments": {"workers": 3, "retries": 0, "workdir": "", "shared": ["a", "b"]},
    }
    settings = Threads(workdir=lambda: 0).settings()
    assert settings["name"] == ""
    assert "JSON cannot hold" in settings["reason"]

    class Local(Threads):
        pass

    assert "defined inside a function" in Local().settings()["reason"]
    assert copy.copy(Threads(workers=4)).settings()["arguments"]["workers"] == 4


def test_a_run_is_resumed_by_its_file_with_the_executor_that_it_names(tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(
        toy.Schaffer(), pt.NSGA2(size=8), budget=16, seed=1, store=path, executor=Threads(workers=3)
    )
    result = pt.resume(path, budget=8)
    assert {str(w)[:7] for w in result.run.evaluations.worker} == {"thread-"}
    whole = pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=24, seed=1)
    assert result.population.F.tobytes() == whole.population.F.tobytes()


def test_one_that_cannot_be_made_again_is_asked_for(tmp_path):
    class Local(Threads):
        pass

    path = tmp_path / "run.h5"
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=16, seed=1, store=path, executor=Local())
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"inside a function\); pass it: executor="):
        pt.resume(path, budget=8)
    assert path.read_bytes() == before
    assert len(pt.resume(path, budget=8, executor="serial").run.evaluations) == 24
