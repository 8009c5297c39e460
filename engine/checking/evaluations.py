"""Problems and executors: candidates are evaluated, and what comes back is compared."""

from __future__ import annotations

import pickle
import time
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ContractError, EvaluationError, ExecutorError, RuleBroken
from ...problems.definition import Definition, read_definition
from ...problems.reference import reference_to
from ...typing import Candidates
from ..algorithms.algorithm import cost_of
from ..algorithms.evolution import Evolution
from ..executors.base import Executor, Job
from ..executors.handed import Handed
from ..executors.stored import describe_executor
from ..executors.worker import Worker
from ..records.outcome import EVALUATED, Completion, LostTask, Task
from ..runs.conduct import leave_if_spawning
from .again import as_rule, bits_of, difference, left_alone
from .bench import PASSED_AGAIN, Bench
from .spaces import check_of_space
from .tiny import DEFAULT, Hashed, OneByOne

FEW = 4
"""Candidates of a problem that are evaluated; each as often as there is something to compare."""

PATIENCE = 60.0
"""Seconds without any outcome after which an executor is said to bring none."""

LOSSES = 3
"""Times that an executor may lose the tasks of the smallest of problems."""


def job_of(problem: Any, definition: Definition, seed: int) -> Job:
    """A job that is of no run."""
    return Job(problem, definition, seed, f"check-{uuid.uuid4().hex}")


def evaluated(problem: Any, definition: Definition, task: Task, seed: int) -> Completion:
    """What one worker makes of a task in this process."""
    worker = Worker(job_of(problem, definition, seed), "check")
    try:
        return worker.evaluate(task)
    finally:
        worker.dismiss()


# -- problems --------------------------------------------------------------------------------------


def check_problem(problem: Any, bench: Bench) -> list[str]:
    """Its space, and what it returns of a few candidates."""
    definition = read_definition(problem)
    remarks = check_of_space(bench)
    X = bench.rows(FEW)
    task = Task(np.arange(FEW), X)
    worker = Worker(job_of(problem, definition, bench.seed), "check")
    try:
        first = worker.evaluate(task)
        remarks += _failures(definition, first)
        again = worker.evaluate(task)
        if bits_of((first.F, first.G)) != bits_of((again.F, again.G)):
            remarks.append(
                f"{definition.name} has other values when the same candidates are evaluated again "
                f"with the same ctx.seed, {difference(first.F, again.F)}: a run of it cannot be "
                "repeated, only replayed"
            )
        elif definition.vectorized:
            _rows_are_their_own(worker, definition, task, first)
    finally:
        worker.dismiss()
    _check_cost(problem, definition, X, bench.seed)
    return remarks + _where_it_runs(problem, definition)


def _failures(definition: Definition, done: Completion) -> list[str]:
    for id, failure in done.failures.items():
        if failure.kind == "contract":
            raise ContractError(f"{definition.name}, candidate {id}: {failure.reason}", [id])
    if not done.failures:
        return []
    failure = next(iter(done.failures.values()))
    if len(done.failures) == len(done.ids):
        raise EvaluationError(
            f"{definition.name}: all {len(done.ids)} candidates that were tried failed, the first "
            f"of them: {failure.reason}\n{failure.detail}".rstrip(),
            done.ids.tolist(),
        )
    return [f"{len(done.failures)} of {len(done.ids)} candidates failed: {failure.reason}"]


def _rows_are_their_own(
    worker: Worker, definition: Definition, task: Task, together: Completion
) -> None:
    """The values of a row do not depend on which others are there, but for the last digits."""
    for row in np.flatnonzero(together.status == EVALUATED):
        alone = worker.evaluate(Task(task.ids[[row]], task.X[[row]]))
        for one, other in ((together.F, alone.F), (together.G, alone.G)):
            if not np.allclose(one[row], other[0], rtol=1e-5, atol=1e-9, equal_nan=True):
                raise RuleBroken(
                    f"{definition.name}.evaluate_batch gave row {row} {one[row].tolist()} among "
                    f"{len(task.ids)}, and {other[0].tolist()} alone; expected the same: batches "
                    "are split, so that rows must not depend on each other"
                )


def _check_cost(problem: Any, definition: Definition, X: Candidates, seed: int) -> None:
    """A number above 0, and a function of the candidate alone."""
    cost = cost_of(problem)
    if cost is None:
        return
    name = f"{definition.name}.cost"
    for row in X:
        with left_alone(name), as_rule(problem, "in cost"):
            one, other = (cost(definition.space.candidate(row)) for _ in range(2))
        if bits_of(one) != bits_of(other):
            raise RuleBroken(
                f"{name} gave a candidate {one!r:.80}, and then {other!r:.80}; expected a plain "
                "function of the candidate: the order of telling follows it"
            )
    steady = Evolution(size=2, mode="steady", window=len(X), duplicates=None)
    steady.machine(definition, seed, cost, X).ask(len(X))  # which asks for the cost of each


def _where_it_runs(problem: Any, definition: Definition) -> list[str]:
    remarks = []
    reference = reference_to(problem)
    if reference.factory:
        remarks.append(f"it is made by the function {reference.target}{PASSED_AGAIN}")
    elif not reference.target:
        remarks.append(f"a store cannot say how to make it again, {reference.reason}{PASSED_AGAIN}")
    try:
        pickle.dumps(job_of(problem, definition, 1))
    except Exception as error:  # whatever the user's objects raise
        remarks.append(
            f"it cannot be pickled, {type(error).__name__}: {error}: it runs in this process alone"
        )
    return remarks


# -- executors -------------------------------------------------------------------------------------


def check_executor(executor: Executor, seed: int) -> list[str]:
    """Brings back what it is handed, once, with the values that one worker here has for it.

    It is started twice: for candidates that are evaluated one by one, one of which fails, and for
    some that are evaluated together, after which it is to forget what is queued.
    """
    leave_if_spawning()
    remarks = []
    reason = describe_executor(executor).get("reason")
    if reason:
        remarks.append(f"a store cannot hold it, {reason}{PASSED_AGAIN}")
    X = np.random.default_rng(seed).random((8, DEFAULT.n_var))
    ids = np.arange(len(X))
    single = [Task(ids[i : i + 1], X[i : i + 1]) for i in range(len(X))]
    remarks += _round(executor, OneByOne(), single, seed, drop=False)
    chunks = [Task(ids[:3], X[:3]), Task(ids[3:6], X[3:6]), Task(ids[6:], X[6:])]
    return remarks + _round(executor, Hashed(DEFAULT), chunks, seed, drop=True)


def _round(
    executor: Executor, problem: Any, tasks: Sequence[Task], seed: int, *, drop: bool
) -> list[str]:
    """Started, handed all tasks, asked until all are back, and closed twice."""
    definition = read_definition(problem)
    expected = _by_id(evaluated(problem, definition, task, seed) for task in tasks)
    before = [bits_of((task.ids, task.X)) for task in tasks]
    name = type(executor).__name__
    try:
        with as_rule(executor, "in start"):
            executor.start(job_of(problem, definition, seed))
        handed = Handed(executor, definition)
        done, remarks = _brought(executor, handed, tasks)
        if drop:
            with as_rule(executor, "in submit, drop_queued or collect"):
                executor.submit(tasks)
                handed.give(tasks)
                handed.drop(executor.drop_queued())
            _collected(executor, handed)
        if [bits_of((task.ids, task.X)) for task in tasks] != before:
            raise RuleBroken(f"{name} changed the tasks that it was handed; expected copies")
        found = _by_id(done)
        for id, its in expected.items():
            if found[id] != its:
                raise RuleBroken(
                    f"{name} brought back candidate {id} with {_named(found[id])}; expected "
                    f"{_named(its)}, as a pt.Worker makes them: results never depend on an executor"
                )
    finally:
        with as_rule(executor, "in close"):
            executor.close()
            executor.close()
    return remarks


def _brought(
    executor: Executor, handed: Handed, tasks: Sequence[Task]
) -> tuple[list[Completion], list[str]]:
    """The outcomes of all tasks; what is lost is handed out again."""
    done: list[Completion] = []
    remarks: list[str] = []
    for _ in range(LOSSES + 1):
        with as_rule(executor, "in submit"):
            executor.submit(tasks)
        handed.give(tasks)
        lost = []
        for outcome in _collected(executor, handed):
            if isinstance(outcome, LostTask):
                lost.append(outcome)
            else:
                done.append(outcome)
        if not lost:
            return done, remarks
        remarks = [f"it lost a task: {lost[0].reason}"]
        again = {int(one.task.ids[0]) for one in lost}
        tasks = [task for task in tasks if int(task.ids[0]) in again]  # as they were handed out
    raise ExecutorError(
        f"the executor {type(executor).__name__} is wrong: it lost the same tasks {LOSSES + 1} "
        f"times, the last time since {lost[0].reason}; expected outcomes of a problem that adds "
        "five numbers"
    )


def _collected(executor: Executor, handed: Handed) -> list[Completion | LostTask]:
    """All that it has by now, checked as a run does."""
    found: list[Completion | LostTask] = []
    heard = time.monotonic()
    while handed.candidates:
        with as_rule(executor, "in collect"):
            arrived = executor.collect(0.5)
        now = time.monotonic()
        found += handed.take(arrived, now)
        heard = now if arrived else heard
        if now - heard > PATIENCE:
            raise RuleBroken(
                f"{type(executor).__name__} has brought nothing for {PATIENCE:.0f} s, while it has "
                f"{handed.candidates} candidates that take no time; expected each to come back by "
                "collect, once"
            )
    return found


VALUES = ("F", "G", "seed", "extras", "failure")
"""Of a candidate, that no executor changes."""


def _by_id(completions: Any) -> dict[int, tuple[Any, ...]]:
    """What has become of each candidate."""
    found = {}
    for done in completions:
        for row, id in enumerate(done.ids.tolist()):
            failure = done.failures.get(id)
            found[id] = (
                repr(done.F[row].tolist()),
                repr(done.G[row].tolist()),
                int(done.seeds[row]),
                repr(done.extras.get(id)),
                None if failure is None else (failure.kind, failure.reason),
            )
    return found


def _named(values: tuple[Any, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(VALUES, values, strict=True))
