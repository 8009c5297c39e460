"""What a job starts ends with it: at its deadline, at its return, and with the driver."""

import os
import signal
import subprocess
import sys
import time

import pytest
import starters
from torture import evaluations_in

import paretide as pt
from paretide.engine.runs import interrupts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs subreapers and /proc")

WAYS = ["command", "daemon", "fork", "nohup", "session"]

DRIVER = """
import os, sys
sys.path.insert(0, {helpers!r})
import starters, paretide as pt
if __name__ == "__main__":
    pt.minimize(
        starters.Starter(sys.argv[1]), pt.NSGA2(size=6), budget=12, seed=1,
        executor=pt.ProcessExecutor(workers=2, timeout={timeout}), store=sys.argv[1] + "/run.h5",
        callbacks=[lambda progress: sys.exit(3)] if {leaves} else [],
    )
"""


def start_driver(folder, timeout=None, leaves=False, **options):
    script = folder / "driver.py"
    helpers = os.path.dirname(starters.__file__)
    script.write_text(DRIVER.format(helpers=helpers, timeout=timeout, leaves=leaves))
    return subprocess.Popen(
        [sys.executable, str(script), str(folder)], stderr=subprocess.DEVNULL, **options
    )


@pytest.mark.parametrize("which", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_children_of_jobs_end_with_the_driver(which, tmp_path):
    driver = start_driver(tmp_path)
    run = tmp_path / "run.h5"
    assert starters.wait_until(
        lambda: starters.living(tmp_path) == WAYS and evaluations_in(run) >= 4, 30
    )
    driver.send_signal(which)
    assert starters.wait_until(lambda: not starters.living(tmp_path))
    driver.wait(10)
    if which != signal.SIGKILL:  # sealed: what had finished is in the file
        assert not run.with_suffix(".h5.journal").exists()
        assert len(pt.open_run(run).evaluations) >= 4


def test_a_driver_that_leaves_takes_all_with_it(tmp_path):
    driver = start_driver(tmp_path, timeout=3, leaves=True)
    assert starters.wait_until(lambda: starters.living(tmp_path) == WAYS, 30)
    assert driver.wait(20) == 3
    assert starters.wait_until(lambda: not starters.living(tmp_path))


def test_children_end_at_the_deadline_and_at_the_return(tmp_path):
    for waits in (True, False):
        folder = tmp_path / str(waits)
        folder.mkdir()
        seen = []
        result = pt.minimize(
            starters.Starter(str(folder), waits), pt.NSGA2(size=6), budget=12, seed=1,
            executor=pt.ProcessExecutor(workers=1, timeout=2),
            callbacks=[lambda progress, at=folder, seen=seen: seen.append(starters.living(at))],
        )  # fmt: skip
        assert set(result.run.evaluations.failures) == ({3} if waits else set())
        assert len(list(folder.glob("*.pid"))) == len(WAYS)
        assert seen == [[], []]


def test_what_setup_started_or_the_problem_holds_lives_on(tmp_path):
    result = pt.minimize(
        starters.Server(str(tmp_path)), pt.NSGA2(size=6), budget=12, seed=1,
        executor=pt.ProcessExecutor(workers=1),
    )  # fmt: skip
    assert not result.run.evaluations.failures


IGNORED = """
import signal, sys
sys.path.insert(0, {helpers!r})
import toy, paretide as pt
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
def sends(progress):
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGINT)
pt.minimize(toy.Schaffer(), pt.NSGA2(size=4), budget=12, seed=1, callbacks=[sends])
print("done")
"""


def test_what_is_ignored_stays_ignored():
    script = IGNORED.format(helpers=os.path.dirname(starters.__file__))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "done\n"


@pytest.mark.parametrize("ending", ["return", "exception", "exit"])
def test_a_forked_child_is_no_second_driver(ending, tmp_path):
    process = os.getpid()

    def forks(progress):
        if progress.evaluations == 4 and os.fork() == 0:
            if ending == "exception":
                raise ValueError("in the child")
            if ending == "exit":
                sys.exit(7)

    result = pt.minimize(
        starters.Starter(str(tmp_path), waits=False), pt.NSGA2(size=2), budget=10, seed=1,
        callbacks=[forks], store=tmp_path / "run.h5", executor=pt.ProcessExecutor(workers=1),
    )  # fmt: skip
    assert os.getpid() == process
    _, status = os.waitpid(-1, 0)
    expected = {"return": 0, "exception": 1, "exit": 7}[ending]
    assert os.waitstatus_to_exitcode(status) == expected
    assert len(result.run.evaluations) == 10


@pytest.fixture
def usual():
    """Handlers that nobody has changed: Ray, in this process, installs one of its own."""
    before = {which: signal.signal(which, handler) for which, handler in interrupts.OURS.items()}
    yield
    for which, handler in before.items():
        signal.signal(which, handler)


@pytest.mark.usefixtures("usual")
def test_a_forked_child_has_the_usual_handlers():
    with interrupts.deferred():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        child = os.fork()
        if child == 0:
            usual = all(signal.getsignal(s) is h for s, h in interrupts.OURS.items())
            os._exit(0 if usual else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


class Swallows(pt.Problem):
    """Takes Ctrl-C for its own, as some training loops do."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        if ctx.id == 5:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                return {"f": 0.0, "g": 0.0}
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


def test_an_interrupted_job_that_returns_is_not_told(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        pt.minimize(Swallows(), pt.NSGA2(size=4), budget=12, seed=1, store=tmp_path / "run.h5")
    assert pt.open_run(tmp_path / "run.h5").evaluations.ids.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("usual")
def test_a_forked_child_loses_no_signal_that_comes_while_it_is_made():
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with interrupts.deferred() as held, held.allowed():
        for _ in range(100):
            child = os.fork()
            if not child:
                time.sleep(10)
                os._exit(7)
            os.kill(child, signal.SIGTERM)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked


def test_a_signal_in_the_middle_of_making_a_child_leaves_none_blocked(monkeypatch):
    real = signal.pthread_sigmask
    before = real(signal.SIG_BLOCK, [])

    def interrupted(how, which):
        mask = real(how, which)
        if how == signal.SIG_BLOCK and which:
            raise KeyboardInterrupt
        return mask

    monkeypatch.setattr(signal, "pthread_sigmask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        interrupts._before_fork()
    interrupts._after_fork()
    assert real(signal.SIG_BLOCK, []) == before
