"""A worker in this process, for executors of one's own and for the serial one."""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Mapping
from typing import Any

from ...errors import ExecutorError
from ..records.outcome import Completion, Task
from ..runs import interrupts, screen
from .base import Job
from .conditions import Conditions
from .evaluator import Evaluator, named
from .output import LocalOutlet
from .shared import check_shared, read_only


class Worker:
    """Evaluates tasks in the process and the thread that ask it to.

    To make one runs the problem's ``setup``. ``evaluate`` makes an outcome of whatever the user's
    code does: values, an exception, NaN, wrong names. ``dismiss`` runs ``teardown``.

    Several workers may be in threads of one process, each with a ``job.copy()`` of its own, and
    each used by one thread at a time. What a candidate prints by Python in the worker's thread
    comes out line by line with its candidate before it; what C code, commands and children print
    goes straight to the output of the process. A thread cannot be ended: there are no deadlines.

    Args:
        job: What is evaluated, as ``start`` has got it.
        name: Of the worker; the file has it with every evaluation.
        conditions: Folders and output; a ``timeout`` is told to candidates, as ``ctx.deadline``,
            and ends nobody.
        device: Ids of the GPUs that it has to itself, ``ctx.device``.
        shared: Named data that all workers read, ``ctx.shared``; arrays are read-only there.

    Raises:
        ExecutorError: With the traceback, if ``setup`` fails.
    """

    def __init__(
        self,
        job: Job,
        name: str,
        *,
        conditions: Conditions | None = None,
        device: tuple[str, ...] = (),
        shared: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        conditions = conditions or Conditions()
        data = read_only(check_shared("Worker", shared))
        self._busy = threading.Lock()
        self._outlet = LocalOutlet(conditions, job.run_id, name)
        self._taken = screen.Taken(self._outlet.write)
        self._tap = contextlib.ExitStack()
        self._tap.enter_context(screen.tapped())
        try:
            with self._taken:
                self._evaluator: Evaluator | None = Evaluator(
                    job, name, conditions, device, data,
                    outlet=self._outlet, interrupted=_interrupted,
                )  # fmt: skip
        except BaseException as error:
            self._tap.close()
            self._outlet.close()
            if isinstance(error, KeyboardInterrupt) and _interrupted():
                raise
            raise ExecutorError(setup_failed(traceback.format_exc())) from error

    def evaluate(self, task: Task) -> Completion:
        """Evaluate every candidate of the task; never raises for what the user's code does.

        Raises:
            ExecutorError: If it is dismissed, or evaluates another task in another thread.
        """
        if not self._busy.acquire(blocking=False):
            raise ExecutorError(
                f"worker {self.name} was to evaluate {named(task)} while it evaluates something "
                "else: make one worker for each thread"
            )
        try:
            if self._evaluator is None:
                raise ExecutorError(
                    f"worker {self.name} was to evaluate {named(task)} after it had been dismissed"
                )
            with self._taken:
                return self._evaluator.evaluate(task)
        finally:
            self._busy.release()

    def dismiss(self) -> None:
        """Run the problem's ``teardown``, and give back what was claimed. May be called twice."""
        evaluator, self._evaluator = self._evaluator, None
        if evaluator is None:
            return
        with self._tap, self._taken:
            try:
                evaluator.dismiss()
            finally:
                self._outlet.close()


def _interrupted() -> bool:
    """Whether a KeyboardInterrupt that is seen now is the user's: no signal comes to a thread."""
    return threading.current_thread() is threading.main_thread() and interrupts.came()


def setup_failed(trace: str) -> str:
    """The message for a ``setup`` that raised."""
    return f"the problem's setup(ctx) failed, so nothing can be evaluated:\n{trace.rstrip()}"
