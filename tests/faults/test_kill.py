"""Runs that are really killed, and go on to the same bits."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import toy

import paretide as pt

SCRIPT = """
import sys, toy, paretide as pt
if __name__ == "__main__":
    algorithm = {algorithm}
    executor = {executor}
    if sys.argv[2] == "start":
        pt.minimize(toy.Slow(), algorithm, budget=400, seed=3, store=sys.argv[1], executor=executor)
    else:
        pt.resume(sys.argv[1], executor=executor)
"""

ALGORITHMS = {
    "nsga2": "pt.NSGA2(size=20)",
    "dnsga2": "pt.DynamicNSGA2(start=4, max_size=32, tau=30)",
}


def launch(script, path, mode):
    return subprocess.Popen(
        [sys.executable, str(script), str(path), mode], stderr=subprocess.PIPE, text=True
    )


def evaluations_in(path):
    try:
        return len(pt.open_run(path).evaluations)
    except pt.errors.StoreNotFound:
        return 0


@pytest.mark.parametrize("executor", ["'serial'", "pt.ProcessExecutor(workers=2)"])
@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_sigkill_at_random_moments_changes_nothing(name, executor, tmp_path):
    script, path = tmp_path / "run.py", tmp_path / "run.h5"
    script.write_text(SCRIPT.format(algorithm=ALGORITHMS[name], executor=executor))
    generator = np.random.default_rng(len(name) + len(executor))
    kills, known = 0, 0
    for _ in range(40):
        process = launch(script, path, "resume" if path.exists() else "start")
        floor = known + 5
        while process.poll() is None and evaluations_in(path) < floor:
            time.sleep(0.01)
        time.sleep(float(generator.random()) * 0.15)
        if process.poll() is not None:
            assert process.returncode == 0, process.stderr.read()
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        found = evaluations_in(path)
        assert found >= floor  # what a reader saw before the kill is still there
        known = found
    else:
        pytest.fail("never finished")
    assert kills >= 2
    whole = pt.minimize(toy.Slow(), eval(ALGORITHMS[name]), budget=400, seed=3)
    run = pt.open_run(path)
    assert run.stopped_by == "budget"
    order = np.argsort(run.evaluations.ids)
    assert run.evaluations.X[order].tobytes() == whole.run.evaluations.X.tobytes()
    assert run.population().ids.tolist() == whole.population.ids.tolist()
    assert run.front().F.tobytes() == whole.run.front().F.tobytes()
    assert [p.tolist() for p in run.populations] == [p.tolist() for p in whole.run.populations]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_seals_and_says_how_it_goes_on(sign, tmp_path):
    path = tmp_path / "run.h5"
    command = [
        sys.executable, "-m", "paretide", "run", "toy:Slow", "--budget", "5000",
        "--set", "size=20", "--store", str(path), "--no-progress", "--seed", "3",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        # Background jobs of a shell inherit an ignored SIGINT; a terminal's do not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads yet
    )  # fmt: skip
    while evaluations_in(path) < 30:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(sign)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"interrupted; go on with: paretide resume {path}" in errors
    assert not os.path.exists(f"{path}.journal")  # sealed
    found = evaluations_in(path)
    resumed = pt.resume(path, stop=lambda p: p.evaluations >= found + 40)
    whole = pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=len(resumed.run.evaluations), seed=3)
    assert resumed.X.tobytes() == whole.X.tobytes()


def test_workers_end_with_a_killed_parent(tmp_path):
    script, path = tmp_path / "run.py", tmp_path / "run.h5"
    script.write_text(
        SCRIPT.format(algorithm=ALGORITHMS["nsga2"], executor="pt.ProcessExecutor(workers=2)")
    )
    process = launch(script, path, "start")
    while evaluations_in(path) < 10:
        time.sleep(0.02)
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert len(children) >= 2
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{c}") for c in children):
        time.sleep(0.05)
    assert not [c for c in children if os.path.exists(f"/proc/{c}")]
