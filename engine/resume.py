"""Resuming runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..checks import whole_number
from ..errors import ConfigurationError
from ..problems.definition import read_definition
from .algorithms.specification import as_problem, cost_of
from .conduct import absolute, conduct, leave_if_spawning
from .executors import make_executor
from .executors.base import Executor, Job
from .failures import FailureBudget
from .foreign_names import WHOLE_RUN, foreign_names
from .interrupts import Interrupts, deferred
from .memory import Memory
from .oversight import AtEnd, Callback, OnEvaluation, Oversight, Stop
from .recorder import Recorder
from .result import Result
from .session import Session
from .specification import refuse_other_problem, stored_algorithm, stored_problem
from .store.codec import Event
from .store.store import RunStore


@foreign_names(WHOLE_RUN)
def resume(
    path: str | Path,
    *,
    budget: int | None = None,
    problem: Any = None,
    executor: str | Executor | None = None,
    failure_budget: FailureBudget | None = None,
    stop: Stop | None = None,
    at_end: AtEnd = "wait",
    callbacks: Sequence[Callback] = (),
    on_evaluation: Sequence[OnEvaluation] = (),
    progress: bool = False,
    without_journal: bool = False,
) -> Result:
    """Continue a run from its file; no finished evaluation is done twice.

    Args:
        path: Of the run's HDF5 file.
        budget: Evaluations to add to the run's budget; None leaves it as it is. A run without a
            budget has none to add to: end it with ``stop``, which it needs.
        problem: The problem; needed only if the store cannot say how to make it again.
        executor: As in ``minimize``; None is the one that the run was started with.
        failure_budget: As in ``minimize``; None is the one that the run was started with.
        stop: As in ``minimize``.
        at_end: As in ``minimize``.
        callbacks: As in ``minimize``.
        on_evaluation: As in ``minimize``; not called for what is replayed.
        progress: As in ``minimize``.
        without_journal: Go on from the file alone, and lose what was finished after it was
            written: for a run whose journal is gone or damaged.

    Returns:
        The same as if the run had never been interrupted.

    Raises:
        StoreNotFound, StoreCorrupt, StoreVersion, StoreLocked: If the file cannot be continued.
        StoreMismatch: If the problem is another one, the replay asks for other candidates, or the
            journal is not there.
        ConfigurationError: For a wrong budget or executor, or if the problem must be passed.
    """
    leave_if_spawning()
    if budget is not None:
        budget = whole_number("budget (evaluations to add)", budget, least=1)
    oversight = Oversight(
        stop=stop, at_end=at_end, callbacks=callbacks, on_evaluation=on_evaluation,
        failure_budget=failure_budget, progress=progress,
    )  # fmt: skip
    path = absolute(path)
    with contextlib.ExitStack() as stack:
        interrupts = stack.enter_context(deferred())  # until all is closed
        store, image, events = RunStore.reopen(path, without_journal=without_journal)
        stack.callback(store.release)
        specification = image.specification
        with interrupts.allowed():
            if problem is None:
                problem = stored_problem(specification, path)
            problem = as_problem(problem)
            definition = read_definition(problem)
        refuse_other_problem(specification, problem, definition, path)
        workers = _stored_executor(specification) if executor is None else make_executor(executor)
        oversight.refuse_executor(workers)
        specification["executor"] = workers.settings()
        specification["budget"] = _extended(specification["budget"], budget, stop, path)
        if failure_budget is not None:
            specification["failure_budget"] = asdict(failure_budget)
        elif "failure_budget" in specification:
            stored_budget = FailureBudget(**specification["failure_budget"])
            oversight = replace(oversight, failure_budget=stored_budget)
        seed = int(specification["seed"])
        machine = stored_algorithm(specification).machine(definition, seed, cost_of(problem))
        known = replace(image.known, definition=definition)
        memory = Memory(known, grows=specification["cache"])
        session = Session.fresh(definition, machine, specification["budget"], memory)
        session.restore(image.evaluations, image.waiting, image.populations, image.state)
        _replay(session, events, interrupts)
        recorder = Recorder(session, specification, store, image.seal)
        job = Job(problem, definition, seed, specification["run_id"])
        return conduct(
            job, session, recorder, workers, oversight, stack, interrupts,
            begins=True, resumed=not image.stopped_by,
        )  # fmt: skip


def _extended(stored: int | None, added: int | None, stop: Stop | None, path: Path) -> int | None:
    """The budget of a run that goes on; raises ConfigurationError if nothing would end it."""
    if stored is not None:
        return int(stored) + (added or 0)
    if added is not None:
        raise ConfigurationError(
            f"{path} is a run without a budget, so {added} evaluations cannot be added to it; end "
            "it with stop=pt.MaxEvaluations(...)"
        )
    if stop is None:
        raise ConfigurationError(
            f"{path} is a run without a budget, which only its stop condition ends: pass "
            "stop=pt.MaxSeconds(...) (--max-seconds) or another one"
        )
    return None


def _stored_executor(specification: dict[str, Any]) -> Executor:
    settings = dict(specification["executor"])
    return make_executor(settings.pop("name"), **settings)


def _replay(session: Session, events: Sequence[Event], interrupts: Interrupts) -> None:
    for event in events:
        interrupts.raise_pending()
        if isinstance(event, tuple):
            session.check_population(*event)
        else:
            session.replay(event)
    session.withdraw()
