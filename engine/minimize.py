"""Starting and resuming runs."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError, ParetideError
from ..problems.definition import read_definition
from ..problems.files import refuse_run_in_import
from .algorithms.specification import Specification, as_problem, cost_of
from .executors import make_executor
from .executors.base import Executor, Job
from .executors.stored import stored_executor
from .failures import FailureBudget
from .initial import Source, read_initial
from .interrupts import Interrupts, deferred
from .loop import Callback, Stop, drive
from .memory import Memory
from .progress import Progress
from .randomness import check_seed
from .recorder import Recorder
from .result import Result
from .schedule import check_count
from .session import Session
from .specification import (
    commit_of,
    refuse_other_problem,
    specify,
    stored_algorithm,
    stored_problem,
)
from .store.codec import Event
from .store.store import RunStore
from .terminal import live_display

log = logging.getLogger(__name__)


def minimize(
    problem: Any,
    algorithm: Specification,
    *,
    budget: int,
    seed: int | None = None,
    executor: str | Executor = "serial",
    store: str | Path | None = None,
    overwrite: bool = False,
    initial: Any = None,
    cache: bool | Source | None = None,
    failure_budget: FailureBudget | None = None,
    stop: Stop | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
) -> Result:
    """Search for the best trade-offs of a problem.

    Args:
        problem: A ``Problem``, or a pymoo Problem. Maximized objectives are declared in it.
        algorithm: ``NSGA2(...)`` or ``DynamicNSGA2(...)``.
        budget: Evaluations in all, failed ones included.
        seed: An int from 0 to 2**63 - 1; None draws one, which the result and the store keep.
        executor: "serial", "processes", "ray", or an executor made by hand. It never changes the
            result.
        store: Path of the run's HDF5 file; None keeps the run in memory.
        overwrite: Replace a run that is already at that path.
        initial: Candidates to begin with, before a sample fills up the first population. An array
            (k, n_var) like ``X`` or a list of what ``evaluate`` gets; or a run's file, a ``Run``,
            ``Result`` or ``Population`` of the same problem, whose (last) population is taken and
            not evaluated again. All of them belong to the first generation, also if they are more
            than the population's size, and count as evaluations.
        cache: Give candidates that equal one evaluated before its outcome instead of evaluating
            them; they count as evaluations, their worker is "cache". None is True for spaces
            without real numbers, otherwise False. A run's file, a ``Run``, ``Result`` or
            ``Population`` of the same problem is True, with its outcomes known from the start.
        failure_budget: ``FailureBudget(count=20, share=0.5)`` ends the run with an EvaluationError
            that says what fails and where, once more than that have failed. None bears any number,
            except a first generation that fails altogether.
        stop: Called with a ``Progress`` after every generation; a true value ends the run, and a
            string says why.
        callbacks: Called with a ``Progress`` after every generation.
        progress: Show a live line in the terminal.

    Returns:
        The final population, its front, and the run.

    Raises:
        ConfigurationError: For a wrong problem, algorithm, budget, seed, executor or candidate.
        ShapeError: For an ``initial`` array that is none of candidates.
        StoreMismatch: For ``initial`` or ``cache`` outcomes of another problem.
        EvaluationError: If nothing of the first generation could be evaluated, or more failed than
            the failure budget allows.
        StoreError: If the file exists, is in use, or cannot be written.
    """
    _leave_if_spawning()
    if not isinstance(algorithm, Specification):
        raise ConfigurationError(
            f"algorithm must be one like pt.NSGA2(size=100), got {algorithm!r}"
        )
    check_count("budget", budget, 1)
    _check_callables(stop, callbacks)
    _check_failure_budget(failure_budget)
    seed = check_seed(seed)
    workers = make_executor(executor)
    problem = as_problem(problem)
    definition = read_definition(problem)
    algorithm = algorithm.resolved(definition, budget)
    candidates, memory = read_initial(initial, cache, problem, definition)
    machine = algorithm.machine(definition, seed, cost_of(problem), candidates)
    _check_budget(
        budget, max(algorithm.smallest_budget, 0 if candidates is None else len(candidates))
    )
    session = Session.fresh(definition, machine, budget, memory)
    specification = specify(problem, definition, algorithm, budget, seed, workers, memory)
    if failure_budget is not None:
        specification["failure_budget"] = asdict(failure_budget)
    keeper = None
    with contextlib.ExitStack() as stack:
        interrupts = stack.enter_context(deferred())  # until all is closed
        if store is not None:
            path = _absolute(store)
            specification["problem"]["commit"] = commit_of(problem)
            keeper, specification["replaces"] = RunStore.claim(path, overwrite=overwrite)
            stack.callback(keeper.release)
            if not specification["problem"]["target"]:
                log.warning(
                    "resuming %s will need the problem passed again: %s",
                    path.name,
                    specification["problem"]["reason"],
                )
        recorder = Recorder(session, specification, keeper, -1)
        job = Job(problem, definition, seed, specification["run_id"])
        return _run(
            job, session, recorder, keeper, workers, stop, callbacks, progress, failure_budget,
            stack, interrupts, begins=keeper is not None and not keeper.path.exists(),
            resumed=False,
        )  # fmt: skip


def resume(
    path: str | Path,
    *,
    budget: int | None = None,
    problem: Any = None,
    executor: str | Executor | None = None,
    trust_executor: bool = False,
    failure_budget: FailureBudget | None = None,
    stop: Stop | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
) -> Result:
    """Continue a run from its file; no finished evaluation is done twice.

    Args:
        path: Of the run's HDF5 file.
        budget: Evaluations to add to the run's budget; None leaves it as it is.
        problem: The problem; needed only if the store cannot say how to make it again.
        executor: As in ``minimize``; None is the one that the run was started with.
        trust_executor: Join the Ray cluster at the address that the file names, and use its
            ``runtime_env``. Without it a file that names either is refused, unless RAY_ADDRESS
            names the cluster.
        failure_budget: As in ``minimize``; None is the one that the run was started with.
        stop: As in ``minimize``.
        callbacks: As in ``minimize``.
        progress: As in ``minimize``.

    Returns:
        The same as if the run had never been interrupted.

    Raises:
        StoreNotFound, StoreCorrupt, StoreVersion, StoreLocked: If the file cannot be continued.
        StoreMismatch: If the problem is another one, or the replay asks for other candidates.
        ConfigurationError: For a wrong budget or executor, or if the problem must be passed.
    """
    _leave_if_spawning()
    if budget is not None:
        check_count("budget (evaluations to add)", budget, 1)
    _check_callables(stop, callbacks)
    _check_failure_budget(failure_budget)
    path = _absolute(path)
    with contextlib.ExitStack() as stack:
        interrupts = stack.enter_context(deferred())  # until all is closed
        store, image, events = RunStore.reopen(path)
        stack.callback(store.release)
        specification = image.specification
        with interrupts.allowed():
            if problem is None:
                problem = stored_problem(specification, path)
            problem = as_problem(problem)
            definition = read_definition(problem)
        refuse_other_problem(specification, problem, definition, path)
        workers = (
            stored_executor(specification["executor"], trusted=trust_executor)
            if executor is None
            else make_executor(executor)
        )
        specification["executor"] = workers.settings()
        if budget is not None:
            specification["budget"] += budget
        if failure_budget is not None:
            specification["failure_budget"] = asdict(failure_budget)
        elif "failure_budget" in specification:
            failure_budget = FailureBudget(**specification["failure_budget"])
        seed = int(specification["seed"])
        machine = stored_algorithm(specification).machine(definition, seed, cost_of(problem))
        known = replace(image.known, definition=definition)
        memory = Memory(known, grows=specification["cache"])
        session = Session.fresh(definition, machine, int(specification["budget"]), memory)
        session.restore(image.evaluations, image.waiting, image.populations, image.state)
        _replay(session, events, interrupts)
        recorder = Recorder(session, specification, store, image.seal)
        job = Job(problem, definition, seed, specification["run_id"])
        return _run(
            job, session, recorder, store, workers, stop, callbacks, progress, failure_budget,
            stack, interrupts, begins=True, resumed=not image.stopped_by,
        )  # fmt: skip


def _replay(session: Session, events: Sequence[Event], interrupts: Interrupts) -> None:
    for event in events:
        interrupts.raise_pending()
        if isinstance(event, tuple):
            session.check_population(*event)
        else:
            session.replay(event)
    session.withdraw()


def _leave_if_spawning() -> None:
    """End a worker that is importing a script which starts its run without a guard.

    The parent says what is wrong; a run within the import would only bury that in tracebacks.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)
    refuse_run_in_import()


def _absolute(path: str | Path) -> Path:
    """``path`` as it is meant now: user code may change the working folder."""
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise ConfigurationError(f"a store is the path of a file, like 'run.h5', got {path!r}")
    return Path(path).absolute()


def _run(
    job: Job,
    session: Session,
    recorder: Recorder,
    store: RunStore | None,
    executor: Executor,
    stop: Stop | None,
    callbacks: Sequence[Callback],
    progress: bool,
    failure_budget: FailureBudget | None,
    stack: contextlib.ExitStack,
    interrupts: Interrupts,
    *,
    begins: bool,
    resumed: bool,
) -> Result:
    """Drive a session to its end; whatever is opened is closed by ``stack``."""
    view = Progress(session)
    stack.callback(executor.close)
    with interrupts.allowed():  # before anything is written: one that cannot start leaves no trace
        executor.start(job)
    if begins:  # one that replaces another waits for its first outcome
        recorder.begin()
    display = stack.enter_context(live_display(view, executor)) if progress else None
    try:
        stopped_by = drive(
            session,
            executor,
            recorder,
            interrupts,
            resumed=resumed,
            progress=view,
            stop=stop,
            callbacks=callbacks,
            display=display,
            failure_budget=failure_budget,
        )
    except BaseException as error:
        if isinstance(error, ParetideError) and not session.machine.evaluations:
            recorder.discard()  # nothing ever ran: leave no empty file in the way
        else:
            _keep(recorder, error)
        raise
    recorder.finish(stopped_by)
    _warn_if_small(session, stopped_by)
    return Result(session.outcome(stopped_by), stopped_by, recorder.run(stopped_by), job.seed)


def _keep(recorder: Recorder, error: BaseException) -> None:
    """Seal a run that ends by ``error``; if that fails, what was journaled stays in the journal."""
    try:
        recorder.finish("")
    except Exception as second:
        error.add_note(f"while it ended, the store could not be sealed either: {second}")


def _warn_if_small(session: Session, stopped_by: str) -> None:
    machine = session.machine
    if stopped_by == "budget" and machine.size < machine.schedule.last_size:
        log.warning(
            "the budget of %d ended before the population reached max_size=%d: it is %d; "
            "add to the budget, or choose a smaller tau",
            session.budget,
            machine.schedule.last_size,
            machine.size,
        )


def _check_callables(stop: Stop | None, callbacks: Sequence[Callback]) -> None:
    if stop is not None and not callable(stop):
        raise ConfigurationError(f"stop must be callable with a Progress, got {stop!r}")
    if isinstance(callbacks, Callable):  # type: ignore[arg-type]
        raise ConfigurationError("callbacks must be a sequence of callables: write callbacks=[f]")
    for callback in callbacks:
        if not callable(callback):
            raise ConfigurationError(f"callbacks must be callable, got {callback!r}")


def _check_failure_budget(budget: FailureBudget | None) -> None:
    if budget is not None and not isinstance(budget, FailureBudget):
        raise ConfigurationError(
            f"failure_budget must be pt.FailureBudget(count=..., share=...), got {budget!r}"
        )


def _check_budget(budget: int, least: int) -> None:
    if budget < least:
        raise ConfigurationError(
            f"budget={budget} is below the first population of {least}; "
            "raise the budget or make it smaller"
        )
