"""Ctrl-C at any line of the engine: the store is sealed, and resumes to the same bits."""

import linecache
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import toy

import paretide as pt
from paretide.engine.runs import interrupts, screen

ENGINE = Path(interrupts.__file__).parent


class Interrupter:
    """Sends this process a real SIGINT when the n-th line of the engine's own code runs.

    Lines of ``with`` are left out: they are traced once more when their block is left, where
    Python itself looks at no signal before a lock is let go.
    """

    def __init__(self, at):
        self.left = at

    def __call__(self, frame, event, argument):
        if Path(frame.f_code.co_filename).parent not in FOLDERS:
            return None
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and not source.lstrip().startswith("with "):
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)
        return self


FOLDERS = {ENGINE, ENGINE / "algorithms", ENGINE / "store", ENGINE / "executors"}


def interrupted(at, path, algorithm):
    """A run in which line ``at`` was interrupted; False if it ended before."""
    interrupter = Interrupter(at)
    sys.settrace(interrupter)
    try:
        pt.minimize(toy.Mixed(), algorithm, budget=40, seed=5, store=path)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.parametrize(
    "algorithm",
    [pt.NSGA2(size=10), pt.DynamicNSGA2(start=4, max_size=16, tau=8)],
    ids=lambda a: a.name,
)
def test_ctrl_c_at_any_line_changes_no_bit(algorithm, tmp_path):
    counter = Interrupter(10**9)
    sys.settrace(counter)
    whole = pt.minimize(toy.Mixed(), algorithm, budget=40, seed=5, store=tmp_path / "whole.h5")
    sys.settrace(None)
    lines = 10**9 - counter.left
    assert lines > 2_000
    interruptions = 0
    ends = range(lines - 120, lines, 5)  # where everything is closed, line by line
    for at in sorted({*range(1, lines, lines // 60), *ends}):
        path = tmp_path / f"{at}.h5"
        interruptions += interrupted(at, path, algorithm)
        if not path.exists():  # before the first file there is nothing to lose
            continue
        result = pt.resume(path)
        assert result.X.tobytes() == whole.X.tobytes(), at
        assert result.population.ids.tolist() == whole.population.ids.tolist(), at
        assert [p.tolist() for p in result.run.populations] == [
            p.tolist() for p in whole.run.populations
        ], at
    assert interruptions > 40
    another = threading.Thread(target=screen.write, args=("stderr", ""), daemon=True)
    another.start()
    another.join(20)
    assert not another.is_alive()  # nobody has kept the terminal to himself


RAY = """
import sys, toy, paretide as pt
pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=100_000, seed=3, store=sys.argv[1],
            executor=pt.RayExecutor(workers=2))
"""


@pytest.mark.ray
def test_sigterm_seals_a_run_on_ray_too(tmp_path):
    path = tmp_path / "run.h5"
    process = subprocess.Popen([sys.executable, "-c", RAY, str(path)], stderr=subprocess.DEVNULL)
    while not path.exists() or len(pt.open_run(path).evaluations) < 30:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=200)
    assert not (tmp_path / "run.h5.journal").exists()  # sealed
    kept = len(pt.open_run(path).evaluations)
    stop = {"stop": lambda p: p.evaluations >= kept + 20}
    resumed = pt.resume(path, executor="serial", **stop)
    whole = pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=len(resumed.run.evaluations), seed=3)
    assert resumed.X.tobytes() == whole.X.tobytes()
