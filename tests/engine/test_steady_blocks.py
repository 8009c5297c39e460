"""What ``evaluate_batch`` gets in steady state is split the same way whoever evaluates it."""

import signal

import numpy as np
import pytest
from blocks import Together, Uneven

import paretide as pt
from paretide.engine.records.evaluations import empty
from paretide.engine.records.outcome import EVALUATED, Completion
from paretide.engine.runs.cache import Memory
from paretide.engine.runs.session import Session
from paretide.problems.definition import read_definition


class Interrupting(Uneven):
    """Stops the run in one of its calls."""

    at = 10**9

    def evaluate_batch(self, X):
        self.at -= 1
        if self.at < 0:
            signal.raise_signal(signal.SIGINT)
        return super().evaluate_batch(X)


class Few(pt.Problem):
    """Eight candidates in all."""

    space = pt.Binary(3)
    objectives = {"ones": "max", "zeros": "max"}

    def evaluate_batch(self, X):
        ones = X.sum(axis=1)
        return np.stack([ones, 3 - ones], axis=1).astype(float)


SMALL = pt.NSGA2(size=10, mode="steady", window=20)
DYNAMIC = pt.DynamicNSGA2(start=4, max_size=16, first_tau=40, tau=25, mode="steady", window=24)


def session_of(algorithm, problem, budget):
    definition = read_definition(problem)
    machine = algorithm.start(problem, seed=1)
    return Session.fresh(definition, machine, budget, Memory(empty(definition), grows=False))


def finish(session, task):
    k = len(task.ids)
    session.tell(
        Completion(
            ids=task.ids,
            status=np.full(k, EVALUATED, dtype=np.uint8),
            F=Together().evaluate_batch(task.X),
            G=np.empty((k, 0)),
            failures={},
            extras={},
            seeds=np.zeros(k, dtype=np.uint32),
            seconds=np.zeros(k),
            worker="",
        )
    )


def same(first, second):
    for name in ("ids", "status", "parents", "X", "F"):
        ours, theirs = (getattr(run.run.evaluations, name) for run in (first, second))
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    np.testing.assert_array_equal(first.population.ids, second.population.ids)


@pytest.mark.parametrize("algorithm", [SMALL, DYNAMIC], ids=["nsga2", "dnsga2"])
@pytest.mark.parametrize("problem", [Together(), Uneven()], ids=["even", "uneven"])
def test_workers_do_not_change_the_split(algorithm, problem):
    serial = pt.minimize(problem, algorithm, budget=173, seed=3)
    assert len(serial.run.evaluations) == 173
    for workers in (1, 3):
        executor = pt.ProcessExecutor(workers=workers)
        same(pt.minimize(problem, algorithm, budget=173, seed=3, executor=executor), serial)


@pytest.mark.parametrize("at", [0, 1, 4, 9, 17, 30])
def test_nor_does_a_kill(tmp_path, at):
    problem = Interrupting()
    problem.at = at
    with pytest.raises(KeyboardInterrupt):
        pt.minimize(problem, SMALL, budget=150, seed=1, store=tmp_path / "run.h5")
    resumed = pt.resume(tmp_path / "run.h5", problem=Interrupting())
    same(resumed, pt.minimize(Interrupting(), SMALL, budget=150, seed=1))


def test_blocks_are_a_quarter_of_the_window():
    session = session_of(SMALL, Together(), 40)
    tasks = session.ask()
    assert [task.ids.tolist() for task in tasks] == [list(range(k, k + 5)) for k in (0, 5, 10, 15)]


def test_or_as_many_rows_as_the_problem_takes():
    problem = Together()
    problem.batch_size = 2
    assert [len(task.ids) for task in session_of(SMALL, problem, 40).ask()] == [2] * 10
    problem.batch_size = 1
    assert [len(task.ids) for task in session_of(SMALL, problem, 40).ask()] == [1] * 20


def test_the_end_of_the_budget_hands_out_what_there_is():
    tasks = session_of(SMALL, Together(), 8).ask()
    assert [task.ids.tolist() for task in tasks] == [[0, 1, 2, 3, 4], [5, 6, 7]]


def test_a_part_of_a_block_waits_until_nothing_else_is_evaluated():
    session = session_of(pt.NSGA2(size=10, mode="steady", window=18), Together(), 100)
    tasks = session.ask()  # of 4: the last two of 18 are a part of a block
    assert [len(task.ids) for task in tasks] == [4, 4, 4, 4]
    assert session.rest() == []
    for task in tasks[1:]:
        finish(session, task)
        assert not session.advance()
        assert session.rest() == []
    finish(session, tasks[0])
    while session.advance():
        pass
    assert [task.ids[0] for task in session.ask()] == [16, 20, 24, 28]
    assert session.rest() == []


def test_a_space_that_is_exhausted_ends_the_run():
    result = pt.minimize(Few(), pt.NSGA2(size=8, mode="steady", window=12), budget=50, seed=1)
    assert result.stopped_by == "exhausted"
    assert len(result.run.evaluations) == 8


def test_known_outcomes_and_blocks_go_together():
    first = pt.minimize(Together(), SMALL, budget=60, seed=2)
    serial = pt.minimize(Together(), SMALL, budget=90, seed=2, cache=first)
    assert serial.run.evaluations.recalled.any()
    executor = pt.ProcessExecutor(workers=3)
    same(pt.minimize(Together(), SMALL, budget=90, seed=2, cache=first, executor=executor), serial)
