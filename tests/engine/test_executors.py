"""One contract, kept by every executor: the same outcomes whatever the user's code does."""

import json
import logging
import re
import sys
import types

import numpy as np
import pytest
import toy
from threads import Threads

import paretide as pt
from paretide.errors import ConfigurationError, ExecutorError


class Contract:
    """Inherited by the tests of each executor."""

    def executor(self, workers=2, **settings):
        raise NotImplementedError

    def run(self, problem, budget=60, **arguments):
        return pt.minimize(
            problem, pt.NSGA2(size=12), budget=budget, seed=7, executor=self.executor(), **arguments
        )

    def test_same_bits_as_the_serial_one(self):
        for problem in (toy.Schaffer(), toy.Mixed(scale=2.0), toy.Tiny()):
            here = self.run(problem)
            there = pt.minimize(problem, pt.NSGA2(size=12), budget=60, seed=7)
            assert here.X.tobytes() == there.X.tobytes()
            assert here.F.tobytes() == there.F.tobytes()
            assert here.ids.tolist() == there.ids.tolist()

    def test_seeds_and_logged_values_come_from_the_candidate(self):
        extras = self.run(toy.Schaffer()).run.evaluations.extras
        expected = pt.minimize(toy.Schaffer(), pt.NSGA2(size=12), budget=60, seed=7)
        assert extras == expected.run.evaluations.extras
        assert len({e["seed"] for e in extras.values()}) == 60

    def test_exceptions_and_nan_fail_the_candidate_and_nothing_else(self):
        result = self.run(toy.Flaky())
        evaluations = result.run.evaluations
        assert len(evaluations) == 60
        failed = set(evaluations.failures)
        assert failed == {i for i in range(60) if i % 4 in (0, 1)}
        kinds = {i: evaluations.failures[i].kind for i in failed}
        assert all(kinds[i] == ("exception" if i % 4 == 0 else "non-finite") for i in failed)
        assert evaluations.failures[4].reason == "ValueError: candidate 4 is bad"
        assert "in evaluate" in evaluations.failures[4].detail
        assert evaluations.failures[5].reason == "not finite: g = nan"
        assert not failed & set(result.population.ids.tolist())
        assert not failed & set(result.ids.tolist())
        assert np.isfinite(result.population.F).all()

    def test_a_bad_row_fails_alone(self):
        evaluations = self.run(toy.BatchWithCulprit()).run.evaluations
        bad = evaluations.X[:, 0] > 0.6
        assert bad.any()
        assert np.array_equal(~evaluations.evaluated, bad)

    def test_setup_that_fails_ends_the_run_with_its_traceback(self):
        with pytest.raises(ExecutorError, match=r"setup\(ctx\) failed(.|\n)*no data here"):
            self.run(toy.BadSetup())

    def test_an_executor_can_be_used_again(self):
        executor = self.executor()
        results = [
            pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=16, seed=s, executor=executor)
            for s in (1, 1)
        ]
        assert results[0].X.tobytes() == results[1].X.tobytes()

    def test_teardown_runs_when_a_worker_is_dismissed(self, tmp_path):
        log = tmp_path / "teardowns"
        self.run(toy.Teardown(str(log)))
        workers = log.read_text().split()
        assert 1 <= len(workers) == len(set(workers)) <= 2

    def test_a_scratch_folder_goes_with_success_and_stays_with_failure(self, tmp_path):
        executor = self.executor(retries=0, workdir=str(tmp_path / "work"))
        folder = tmp_path / "tries"
        folder.mkdir()
        result = pt.minimize(
            toy.Untroubled(str(folder)), pt.NSGA2(size=12), budget=24, seed=7, executor=executor
        )
        evaluations = result.run.evaluations
        assert evaluations.failures.keys() == {9, 11}
        left = sorted((tmp_path / "work").glob("*/*"))
        assert [f.name for f in left] == ["candidate-11", "candidate-9"]
        assert (left[1] / "notes.txt").read_text() == "candidate 9"
        assert f"workdir: {left[1]} on " in evaluations.failures[9].detail
        row = evaluations.ids.tolist().index(8)
        assert evaluations.extras[8]["report"] == [{"step": 1, "f": evaluations.F[row, 0]}]

    def test_another_try_mends_what_fails_once(self, tmp_path):
        result = pt.minimize(
            toy.Untroubled(str(tmp_path)), pt.NSGA2(size=12), budget=24, seed=7,
            executor=self.executor(retries=1),
        )  # fmt: skip
        assert result.run.evaluations.failures.keys() == {9}
        tries = [len(list(tmp_path.glob(f"tried-{id}-*"))) for id in (8, 9, 11)]
        assert tries == [1, 2, 2]
        assert sorted(result.run.evaluations.ids.tolist()) == list(range(24))

    def test_shared_data_is_read_only_and_the_same_for_all(self):
        images = np.arange(600.0).reshape(20, 30)
        shared = {"images": images, "labels": ["a", "b"], "empty": np.empty((0, 3))}
        executor = self.executor(shared=shared)
        settings = executor.settings()
        names = settings.get("arguments", settings)["shared"]
        assert names == ["empty", "images", "labels"]
        result = pt.minimize(toy.Sharing(), pt.NSGA2(size=8), budget=16, seed=7, executor=executor)
        expected = {
            "total": images.sum(), "writable": False, "owner": False, "label": "b",
            "names": ["empty", "images", "labels"],
        }  # fmt: skip
        extras = result.run.evaluations.extras
        assert len(extras) == 16
        assert all(logged == expected for logged in extras.values())
        assert images.flags.writeable

    def test_a_run_with_shared_data_is_resumed_with_it_passed_again(self, tmp_path):
        path = tmp_path / "run.h5"
        shared = {"images": np.ones((2, 2)), "labels": [1, 2]}
        pt.minimize(
            toy.Sharing(), pt.NSGA2(size=8), budget=16, seed=7, store=path,
            executor=self.executor(shared=shared),
        )  # fmt: skip
        with pytest.raises(
            ConfigurationError, match=r"shares \['images', 'labels'\].*pass it again"
        ):
            pt.resume(path, budget=8)
        resumed = pt.resume(path, budget=8, executor=self.executor(shared=shared))
        whole = pt.minimize(
            toy.Sharing(), pt.NSGA2(size=8), budget=24, seed=7,
            executor=pt.SerialExecutor(shared=shared),
        )  # fmt: skip
        assert resumed.F.tobytes() == whole.F.tobytes()

    def test_what_is_shared_must_have_names(self):
        with pytest.raises(ConfigurationError, match="shared must be a mapping like"):
            self.executor(shared=[1.0])


class Workers(Contract):
    """What executors with workers of their own must do besides."""

    @pytest.mark.parametrize("retries", [0, 1])
    def test_one_that_hangs_is_ended_and_holds_up_nobody(self, retries, tmp_path):
        executor = self.executor(retries=retries, timeout=1.0, workdir=str(tmp_path / "work"))
        problem = toy.Trouble(str(tmp_path))
        result = pt.minimize(problem, pt.NSGA2(size=12), budget=36, seed=7, executor=executor)
        evaluations = result.run.evaluations
        assert sorted(evaluations.ids.tolist()) == list(range(36))
        expected = {5: "deadline", 9: "exception"}
        if not retries:
            expected |= {7: "deadline", 11: "exception"}
        assert {i: f.kind for i, f in evaluations.failures.items()} == expected
        assert evaluations.failures[5].reason == "deadline: not finished after 1 s"
        row = evaluations.ids.tolist().index(5)
        assert evaluations.seconds[row] == 1.0
        assert not set(expected) & set(result.population.ids.tolist())
        assert (next((tmp_path / "work").iterdir()) / "candidate-5" / "notes.txt").exists()
        assert evaluations.extras[8]["left"] is True
        assert evaluations.extras[8]["stop"] is False

    def test_setup_runs_once_in_every_worker_with_the_same_seed(self, tmp_path):
        log = tmp_path / "setups"
        result = self.run(toy.CountingSetup(str(log)), budget=120)
        assert not result.run.evaluations.failures
        lines = [line.split() for line in log.read_text().splitlines()]
        assert len(lines) == len({process for process, _, _ in lines}) == 2
        assert {(id, seed) for _, id, seed in lines} == {("None", lines[0][2])}

    def test_a_worker_that_dies_is_replaced_and_its_candidate_evaluated_again(
        self, tmp_path, caplog
    ):
        with caplog.at_level(logging.WARNING):
            result = self.run(toy.Deadly(str(tmp_path)))
        evaluations = result.run.evaluations
        assert sorted(evaluations.ids.tolist()) == list(range(60))
        assert list(evaluations.failures) == [3]  # deadly every time: it is to blame itself
        assert evaluations.failures[3].kind == "crash"
        assert "its worker died 2 times" in evaluations.failures[3].reason
        again = re.findall(r"candidates? ([\d, .]+): .* evaluated again", caplog.text)
        named = {int(id) for ids in again for id in re.findall(r"\d+", ids)}  # or with its chunk
        assert {3, 5, 6} <= named


class TestSerial(Contract):
    def executor(self, workers=2, **settings):
        return pt.SerialExecutor(**settings)


class TestThreads(Contract):
    """One that is written outside, without a private name."""

    def executor(self, workers=2, **settings):
        return Threads(workers=workers, **settings)

    def test_what_is_shared_must_have_names(self):
        with pytest.raises(ConfigurationError, match="shared must be a mapping like"):
            pt.minimize(
                toy.Sharing(), pt.NSGA2(size=8), budget=8, executor=self.executor(shared=[1.0])
            )


class TestProcesses(Workers):
    def executor(self, workers=2, **settings):
        return pt.ProcessExecutor(workers=workers, **settings)

    def test_what_cannot_be_pickled_is_named(self):
        problem = toy.Schaffer()
        problem.handle = lambda: None
        with pytest.raises(ExecutorError, match=r"Schaffer\.handle, a function, cannot be pickled"):
            self.run(problem)

    def test_no_process_is_left(self):
        import multiprocessing

        self.run(toy.Schaffer())
        assert not multiprocessing.active_children()

    def test_a_problem_from_a_file_reaches_the_workers(self, tmp_path):
        check_problem_from_file(self, tmp_path)


@pytest.mark.ray
@pytest.mark.usefixtures("ray_cluster")
class TestRay(Workers):
    def executor(self, workers=2, **settings):
        return pt.RayExecutor(workers=workers, cpus=0.5, **settings)

    def test_a_worker_is_replaced_after_its_share(self):
        executor = self.executor(max_evaluations_per_worker=10)
        result = pt.minimize(
            toy.Schaffer(), pt.NSGA2(size=12), budget=60, seed=7, executor=executor
        )
        names, counts = np.unique(result.run.evaluations.worker.astype(str), return_counts=True)
        assert len(names) >= 6
        assert counts.max() <= 10
        assert result.F.tobytes() == self.run(toy.Schaffer()).F.tobytes()

    def test_a_problem_from_a_file_reaches_the_workers(self, tmp_path):
        check_problem_from_file(self, tmp_path)

    def test_a_local_problem_reaches_the_workers(self):
        class Local(toy.Schaffer):
            pass

        assert self.run(Local()).X.tobytes() == self.run(toy.Schaffer()).X.tobytes()

    def test_a_module_that_workers_lack_is_named(self, monkeypatch):
        made_up = types.ModuleType("only_here")  # it stands nowhere, so that nothing can travel
        exec("import toy\nclass Mine(toy.Schaffer):\n    pass\n", made_up.__dict__)
        monkeypatch.setitem(sys.modules, "only_here", made_up)
        with pytest.raises(ExecutorError, match="cannot import the module 'only_here'"):
            self.run(made_up.Mine())

    def test_what_does_not_fit_is_named(self):
        with pytest.raises(ExecutorError, match="each needs 1 CPU, 3 GPU"):
            pt.minimize(
                toy.Schaffer(),
                pt.NSGA2(size=8),
                budget=8,
                executor=pt.RayExecutor(cpus=1, gpus=3),
            )

    def test_one_and_three_workers_give_the_same_bits(self):
        bits = set()
        for workers in (1, 3):
            result = pt.minimize(
                toy.Mixed(), pt.NSGA2(size=10), budget=50, seed=1, executor=self.executor(workers)
            )
            bits.add(result.X.tobytes() + result.F.tobytes())
        assert len(bits) == 1


def check_problem_from_file(contract, tmp_path):
    from paretide.problems.reference import load_problem

    file = tmp_path / "mine.py"
    file.write_text(
        "import paretide as pt\n"
        "class Mine(pt.Problem):\n"
        "    space = pt.Real(0, 1, n=2)\n"
        "    objectives = {'f': 'min', 'g': 'min'}\n"
        "    def __init__(self, shift=0.0):\n"
        "        self.shift = shift\n"
        "    def evaluate(self, x, ctx):\n"
        "        return {'f': x[0] + self.shift, 'g': 1 - x[0] + x[1]}\n"
    )
    result = contract.run(load_problem(f"{file}:Mine", {"shift": 5.0}))
    assert not result.run.evaluations.failures
    assert result.F[:, 0].min() >= 5.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.ProcessExecutor(workers=0), "workers must be a whole number >= 1, got 0"),
        (
            lambda: pt.RayExecutor(workers=-1),
            "workers must be a whole number >= 1, got -1",
        ),
        (lambda: pt.RayExecutor(cpus=-1), "cpus must be >= 0, got -1"),
        (lambda: pt.RayExecutor(cpus=float("nan")), "cpus must be a number, got nan"),
        (lambda: pt.RayExecutor(resources={"a": "1"}), r"resources\['a'\] must be a number"),
        (lambda: pt.RayExecutor(cpus=0), "say how many workers"),
        (lambda: pt.RayExecutor(memory=0), "memory must be bytes above 0, got 0"),
        (lambda: pt.RayExecutor(resources=["a100"]), "resources must be a mapping"),
        (lambda: pt.RayExecutor(runtime_env={"f": len}), "runtime_env must be a mapping that JSON"),
        (lambda: pt.RayExecutor(scheduling_strategy="HERE"), "scheduling_strategy must be one of"),
        (
            lambda: pt.RayExecutor(max_evaluations_per_worker=0),
            "max_evaluations_per_worker must be a whole number >= 1",
        ),
        (lambda: pt.ProcessExecutor(timeout=0), "timeout must be seconds above 0, or None, got 0"),
        (lambda: pt.ProcessExecutor(retries=-1), "retries must be a whole number >= 0, got -1"),
        (lambda: pt.SerialExecutor(workdir=3), "workdir must be the path of a folder, got 3"),
        (lambda: pt.SerialExecutor(keep_workdirs=1), "keep_workdirs must be True or False, got 1"),
    ],
)
def test_wrong_arguments_are_named(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()


def test_numbers_of_numpy_are_numbers():
    executor = pt.RayExecutor(
        workers=np.int64(2), cpus=np.float32(0.5), gpus=np.int8(0), memory=np.int64(10**9),
        resources={"a100": np.int64(1)}, max_evaluations_per_worker=np.int32(3),
        timeout=np.float64(2), retries=np.int64(1),
    )  # fmt: skip
    same = pt.RayExecutor(
        workers=2, cpus=0.5, memory=10**9, resources={"a100": 1}, max_evaluations_per_worker=3,
        timeout=2.0, retries=1,
    )  # fmt: skip
    assert json.dumps(executor.settings()) == json.dumps(same.settings())
