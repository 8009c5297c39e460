"""What a candidate does in a Ray actor is its own affair; what it started ends with it."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ray_jobs import Hostile, NeverDone, OnceBad, SlowSetup, Starts

import paretide as pt
from paretide.errors import ExecutorError

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("ray_cluster")]


def run(problem, budget=16, workers=2, cpus=0.5, **settings):
    executor = pt.RayExecutor(workers=workers, cpus=cpus, **settings)
    return pt.minimize(problem, pt.NSGA2(size=8), budget=budget, seed=1, executor=executor)


def test_hostile_candidates_fail_alone(capfd):
    evaluations = run(Hostile()).run.evaluations
    kinds = {id: failure.kind for id, failure in evaluations.failures.items()}
    assert kinds == {1: "exception", 2: "exception", 5: "exception", 6: "crash", 7: "crash"}
    assert sorted(evaluations.ids.tolist()) == list(range(16))
    out = capfd.readouterr().out.splitlines()
    for id in set(range(16)) - {6, 7}:
        assert f"[{id}] said by {id}" in out
    assert f"[{6}] said by 6" in out  # whoever dies is heard, too
    for id in (1, 6, 7):
        assert f"said by {id}" in evaluations.failures[id].detail


def test_one_later_setup_that_raises_does_not_end_the_run(tmp_path, caplog):
    evaluations = run(OnceBad(str(tmp_path))).run.evaluations
    assert sorted(evaluations.ids.tolist()) == list(range(16))
    assert set(evaluations.failures) == {5, 9}
    assert "out of memory" in caplog.text
    assert (tmp_path / "setups").stat().st_size >= 4


def test_a_setup_that_takes_too_long_ends_the_run_at_first():
    with pytest.raises(ExecutorError, match="not ready after 2 s, its setup_timeout"):
        run(SlowSetup(), setup_timeout=2.0)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def left_of(folder):
    """Processes that have noted themselves there and live after ten seconds; they are ended."""
    pids = [int(path.stem) for path in folder.glob("*.pid")]
    patience = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < patience:
        time.sleep(0.1)
    left = [pid for pid in pids if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_what_a_job_started_ends_with_its_deadline(tmp_path):
    evaluations = run(Starts(str(tmp_path)), timeout=3.0).run.evaluations
    assert {id: f.kind for id, f in evaluations.failures.items()} == {1: "deadline"}
    assert len(list(tmp_path.glob("*.pid"))) == 4
    assert left_of(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_a_worker_that_never_finishes_its_teardown_makes_room_for_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("paretide.engine.executors.pool.TEARDOWN_SECONDS", 1.0)
    # The cluster has places for four: a second worker each needs that of the first.
    problem = NeverDone(str(tmp_path))
    evaluations = run(problem, workers=4, cpus=1, max_evaluations_per_worker=2).run.evaluations
    assert sorted(evaluations.ids.tolist()) == list(range(16))
    assert left_of(tmp_path) == []


def test_runs_in_two_threads_share_a_ray_of_the_users(tmp_path):
    def evolve(seed):
        executor = pt.RayExecutor(workers=1, cpus=0.5)
        return pt.minimize(
            Hostile(), pt.NSGA2(size=4), budget=4, seed=seed, executor=executor,
            store=tmp_path / f"{seed}.h5",
        )  # fmt: skip

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(evolve, (1, 2), timeout=300)
    assert len(first.run.evaluations) == len(second.run.evaluations) == 4
    assert not np.array_equal(first.X, second.X)
