"""Driving a run from its start, or from where it was, to its end."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
from pathlib import Path

from ...errors import ConfigurationError, ParetideError
from ...problems.files import refuse_run_in_import
from ..algorithms.algorithm import Algorithm
from ..executors.base import Executor, Job
from .interrupts import Interrupts
from .loop import drive
from .oversight import Oversight
from .progress import Progress
from .recorder import Recorder
from .result import Result
from .session import Session
from .terminal import live_display

log = logging.getLogger(__name__)


def conduct(
    job: Job,
    algorithm: Algorithm,
    session: Session,
    recorder: Recorder,
    executor: Executor,
    oversight: Oversight,
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
        _warn_if_idle(algorithm, executor)
    if begins:  # one that replaces another waits for its first outcome
        recorder.begin()
    display = stack.enter_context(live_display(view, executor)) if oversight.progress else None
    try:
        stopped_by = drive(
            session,
            executor,
            recorder,
            interrupts,
            resumed=resumed,
            progress=view,
            oversight=oversight,
            display=display,
        )
    except BaseException as error:
        if isinstance(error, ParetideError) and not session.finished:
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


def _warn_if_idle(algorithm: Algorithm, executor: Executor) -> None:
    """Say it before the first evaluation if there are more workers than can ever be busy."""
    activity = executor.activity()
    most = algorithm.at_once()
    if activity is None or most is None:
        return
    workers, (count, setting) = activity.busy + activity.idle + activity.starting, most
    if workers > count:
        advice = " (two to three times the workers keep them busy)" if setting == "window" else ""
        log.warning(
            "there are %d workers, and at most %d candidates are under evaluation at once: %d "
            "workers will always be idle; start a run with a larger %s%s, or take fewer workers",
            workers, count, workers - count, setting, advice,
        )  # fmt: skip


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


def leave_if_spawning() -> None:
    """End a worker that is importing a script which starts its run without a guard.

    The parent says what is wrong; a run within the import would only bury that in tracebacks.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)
    refuse_run_in_import()


def absolute(path: str | Path) -> Path:
    """``path`` as it is meant now: user code may change the working folder."""
    if not isinstance(path, (str, os.PathLike)) or not str(path) or "\0" in str(path):
        raise ConfigurationError(f"a store is the path of a file, like 'run.h5', got {path!r}")
    return Path(path).absolute()
