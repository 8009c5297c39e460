"""What the terminal shows of a run."""

import io
import re

import pytest
import toy

import paretide as pt
from paretide.engine.executors.base import Activity
from paretide.engine.runs.screen import LiveText
from paretide.engine.runs.terminal import LiveLine, Utilization


class Stub:
    """An executor that says what its workers do."""

    def __init__(self, activity):
        self.now = activity

    def activity(self):
        return self.now


def lines(problem, activity, budget=40):
    texts = []

    def show(progress):
        texts.append(LiveLine(progress, Stub(activity), LiveText(io.StringIO())).text())

    pt.minimize(problem, pt.NSGA2(size=20), budget=budget, seed=1, callbacks=[show])
    return texts[-1].split("\n")


def test_without_workers_it_is_one_line():
    (line,) = lines(toy.Schaffer(), None)
    assert line.startswith("40/40 evaluations | generation 1 | population 20 | front ")
    assert "0 failed |" in line


def test_failures_are_shown_by_kind():
    line = lines(toy.Flaky(), None)[0]
    assert "20 failed (10 exception, 10 non-finite)" in line


def test_workers_have_a_line_of_their_own():
    _, line = lines(toy.Slow(), Activity(busy=3, idle=1, starting=2, lost=5))
    assert line.startswith("3 workers busy | 1 idle | 2 starting | 5 lost | 0 queued | ")
    assert re.search(r"0\.00\d+ s each, 95% below 0\.\d+ s \| utilization --$", line)


def test_utilization_counts_time_and_not_looks():
    utilization = Utilization()
    start = utilization._since
    utilization.note(start + 1, Activity(busy=4, idle=0, starting=3))
    for step in range(10):
        utilization.note(start + 1.1 + step / 10, Activity(busy=0, idle=4, starting=0))
    assert utilization.texts() == ["utilization 50%"]


def test_time_that_is_spent_waiting_for_turns_is_shown():
    utilization = Utilization()
    start = utilization._since
    utilization.note(start + 30, Activity(busy=4, idle=0, starting=0))
    utilization.note(start + 40, Activity(busy=2, idle=2, starting=0), held=True)
    utilization.note(start + 50, Activity(busy=3, idle=1, starting=0))
    first, second = utilization.texts()
    assert first == "utilization 85%"
    assert second.startswith("10% (20 worker-s) spent waiting for turns: declare cost(x)")


def test_a_wrong_estimate_is_shown_while_workers_wait(capfd, tmp_path):
    pt.minimize(
        toy.Misjudged(tmp_path / "other"), pt.NSGA2(size=4, mode="steady", window=6), budget=30,
        seed=1, executor=pt.ProcessExecutor(workers=2), progress=True,
    )  # fmt: skip
    assert "worker-s) spent waiting for turns" in capfd.readouterr().err


@pytest.mark.parametrize("executor", ["serial", pt.ProcessExecutor(workers=2)])
def test_progress_says_what_executors_do(executor, capfd):
    pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=60, seed=1, executor=executor, progress=True)
    shown = capfd.readouterr().err
    assert "60/60 evaluations" in shown
    assert ("workers busy" in shown) == (executor != "serial")
