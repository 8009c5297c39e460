"""Reading a run while it is written; folders and clocks that change under it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import toy
from torture import ENVIRONMENT, evaluations_in

import paretide as pt
from paretide.errors import StoreError, StoreLocked

START = """
import sys, toy, paretide as pt
if __name__ == "__main__":
    pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=400, seed=3, store=sys.argv[1])
"""

CLOCK = """
import sys, time, toy, paretide as pt
real, calls = time.time, [0]
def jumping():
    calls[0] += 1
    return real() + (-1) ** calls[0] * 365 * 86400
time.time = jumping
pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=200, seed=3, store=sys.argv[1])
"""

READ_ONLY = """
import ctypes, os, sys, toy, paretide as pt
# A superuser may write anywhere; without these two capabilities it is bound by modes like others.
DAC_OVERRIDE, DAC_READ_SEARCH, VERSION_3 = 1, 2, 0x20080522
libc = ctypes.CDLL(None, use_errno=True)
header, sets = (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * 6)()
assert libc.capget(header, sets) == 0
sets[0] &= ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH)
assert libc.capset(header, sets) == 0
def forbid(progress):
    os.chmod(os.path.dirname(sys.argv[1]), 0o555)
try:
    pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=200, seed=3, store=sys.argv[1],
                callbacks=[forbid])
except pt.errors.StoreError as error:
    print(error)
    sys.exit(7)
"""


def start(script, path, **more):
    file = path.parent.parent / "script.py"
    file.write_text(script)
    return subprocess.Popen([sys.executable, str(file), str(path)], env=ENVIRONMENT, **more)


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder / "run.h5"


def test_refresh_sees_a_run_grow_and_end(path):
    writer = start(START, path)
    while evaluations_in(path) < 10:
        assert writer.poll() is None
        time.sleep(0.005)
    run, sizes = pt.open_run(path), []
    while not run.stopped_by:
        later = run.refresh()
        before, now = run.evaluations, later.evaluations
        assert len(now) >= len(before)
        assert now.X[: len(before)].tobytes() == before.X.tobytes()
        assert now.F[: len(before)].tobytes() == before.F.tobytes()
        run = later
        sizes.append(len(now))
    assert writer.wait() == 0
    assert len(set(sizes)) > 3
    assert len(run.evaluations) == 400
    run = run.refresh()  # it may have been read before its journal was removed
    assert run.refresh() is run
    whole = pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=400, seed=3)
    assert run.population().ids.tolist() == whole.population.ids.tolist()
    assert whole.run.refresh() is whole.run


def test_a_second_writer_is_told_who_writes(path):
    writer = start(START, path)
    while evaluations_in(path) < 10:
        assert writer.poll() is None
        time.sleep(0.005)
    with pytest.raises(StoreLocked, match=rf"is being written by process {writer.pid} on "):
        pt.resume(path)
    writer.kill()
    writer.wait()
    resumed = pt.resume(path)  # the lock went with its holder
    assert len(resumed.run.evaluations) == 400


def test_a_clock_that_jumps_changes_nothing(path):
    assert start(CLOCK, path).wait() == 0
    os.utime(path, (2**33, 2**33))  # written in the future
    run = pt.open_run(path)
    whole = pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=200, seed=3)
    assert run.evaluations.X.tobytes() == whole.run.evaluations.X.tobytes()
    assert (run.evaluations.seconds < 60).all()
    assert len(pt.resume(path, budget=20).run.evaluations) == 220


@pytest.mark.skipif(sys.platform != "linux", reason="a superuser's rights are dropped as on Linux")
def test_a_folder_that_becomes_read_only(path):
    done = start(READ_ONLY, path, stdout=subprocess.PIPE, text=True)
    output, _ = done.communicate(timeout=200)
    assert done.returncode == 7, output
    assert "cannot write" in output
    assert "Permission denied" in output
    found = pt.open_run(path).evaluations
    assert len(found) == 200  # all that was done is in the journal
    path.parent.chmod(0o777)
    whole = pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=240, seed=3)
    resumed = pt.resume(path, budget=40)
    assert np.array_equal(resumed.F, whole.F)


def test_a_folder_that_is_read_only_from_the_start(tmp_path):
    missing = Path(tmp_path) / "nowhere" / "run.h5"
    with pytest.raises(StoreError, match="there is no folder"):
        pt.minimize(toy.Slow(), pt.NSGA2(size=4), budget=8, store=missing)
