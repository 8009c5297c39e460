"""Runs that are really killed, and go on to the same bits."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import toy
from torture import ALGORITHMS, EXECUTORS, Counts, evaluations_in, script_of, torment

import paretide as pt


@pytest.mark.parametrize("executor", list(EXECUTORS))
@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_sigkill_at_random_moments_changes_nothing(algorithm, executor, tmp_path):
    counts = torment(algorithm, executor, tmp_path, 5, np.random.default_rng(1), Counts())
    assert counts.kills == 5
    assert counts.runs >= 1
    assert counts.clean, counts


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
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert f"interrupted; go on with: paretide resume {path}" in errors
    assert not os.path.exists(f"{path}.journal")  # sealed
    found = evaluations_in(path)
    resumed = pt.resume(path, stop=lambda p: p.evaluations >= found + 40)
    whole = pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=len(resumed.run.evaluations), seed=3)
    assert resumed.X.tobytes() == whole.X.tobytes()


def test_workers_end_with_a_killed_parent(tmp_path):
    script, path = tmp_path / "run.py", tmp_path / "run.h5"
    script.write_text(script_of("nsga2", "processes"))
    process = subprocess.Popen([sys.executable, str(script), str(path), "start"])
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


STEADY = """
import sys, toy, paretide as pt
if __name__ == "__main__":
    algorithm = pt.NSGA2(size=20, mode="steady", window=12)
    pt.minimize(toy.Slow(), algorithm, budget=300, seed=3, store=sys.argv[1],
                executor=pt.ProcessExecutor(workers=int(sys.argv[2])))
"""


def test_steady_state_gives_the_same_bits_with_any_number_of_workers_and_after_a_kill(tmp_path):
    (tmp_path / "run.py").write_text(STEADY)
    whole = pt.minimize(toy.Slow(), pt.NSGA2(size=20, mode="steady", window=12), budget=300, seed=3)
    for workers, others, kill in ((1, 5, True), (2, 16, True), (5, 2, True), (16, 1, False)):
        path = tmp_path / f"{workers}.h5"
        process = subprocess.Popen([sys.executable, str(tmp_path / "run.py"), path, str(workers)])
        if kill:
            while evaluations_in(path) < 100:
                assert process.poll() is None
                time.sleep(0.005)
            process.kill()
        process.wait()
        if kill:
            pt.resume(path, executor=pt.ProcessExecutor(workers=others))
        run = pt.open_run(path)
        assert run.evaluations.ids.tolist() == whole.run.evaluations.ids.tolist()
        assert run.evaluations.F.tobytes() == whole.run.evaluations.F.tobytes()
        assert run.population().ids.tolist() == whole.population.ids.tolist()
