"""Several runs at once in the threads of one process, as in a service."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import toy

import paretide as pt
from paretide.errors import StoreLocked

KINDS = {
    "serial": lambda: pt.SerialExecutor(),
    "processes": lambda: pt.ProcessExecutor(workers=1),
}
ALGORITHMS = [pt.NSGA2(size=8), pt.NSGA2(size=8, mode="steady", window=4)]
RUNS = 4


def search(seed, executor="serial", **options):
    return pt.minimize(
        toy.Flaky(), ALGORITHMS[seed % 2], budget=64, seed=seed, executor=executor, **options
    )


@pytest.mark.parametrize("kind", list(KINDS))
def test_runs_in_threads_are_those_that_run_alone(kind, tmp_path):
    together = threading.Barrier(RUNS)

    def one(seed):
        together.wait()
        return search(
            seed, KINDS[kind](), store=tmp_path / f"{seed}.h5", progress=True,
            callbacks=[lambda p: p.population.best()],
        )  # fmt: skip

    with ThreadPoolExecutor(RUNS) as threads:
        results = list(threads.map(one, range(RUNS)))
    for seed, result in enumerate(results):
        alone, stored = search(seed), pt.open_run(tmp_path / f"{seed}.h5")
        for run in (result.run, stored):
            assert sorted(run.evaluations.ids.tolist()) == list(range(64))
            assert run.population().ids.tolist() == alone.population.ids.tolist()
            assert run.front().X.tobytes() == alone.run.front().X.tobytes()
            assert [p.tolist() for p in run.populations] == [
                p.tolist() for p in alone.run.populations
            ]
        assert pt.resume(tmp_path / f"{seed}.h5", budget=8).stopped_by == "budget"


def test_two_threads_do_not_write_one_store(tmp_path):
    inside, done = threading.Event(), threading.Event()

    def hold(progress):
        inside.set()
        assert done.wait(60)

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(search, 1, store=tmp_path / "run.h5", callbacks=[hold])
        assert inside.wait(60)
        with pytest.raises(StoreLocked, match="is being written by process"):
            search(2, store=tmp_path / "run.h5", overwrite=True)
        with pytest.raises(StoreLocked, match="is being written by process"):
            pt.resume(tmp_path / "run.h5")
        done.set()
        first.result(timeout=60)
    assert pt.open_run(tmp_path / "run.h5").specification["seed"] == 1


def test_an_error_in_one_thread_ends_its_run_alone(tmp_path):
    def fail(progress):
        raise RuntimeError("of the callback")

    with ThreadPoolExecutor(2) as threads:
        good = threads.submit(search, 1, store=tmp_path / "good.h5")
        bad = threads.submit(search, 2, store=tmp_path / "bad.h5", callbacks=[fail])
        with pytest.raises(RuntimeError, match="of the callback"):
            bad.result(timeout=60)
        assert good.result(timeout=60).stopped_by == "budget"
    assert pt.resume(tmp_path / "bad.h5").stopped_by == "budget"
