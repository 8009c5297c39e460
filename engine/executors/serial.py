"""Evaluation in the calling thread, one task after the other."""

from __future__ import annotations

import contextlib
import traceback
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import ExecutorError
from .. import interrupts, screen
from ..outcome import Completion, LostTask, Task
from .base import Conditions, Job, Output, check_retries
from .devices import visible_devices
from .output import SerialOutlet, announce
from .shared import check_shared, read_only
from .worker import Worker


class SerialExecutor:
    """No workers: ``collect`` evaluates the next task itself, and nothing can end it.

    A candidate that raises anything fails alone, as elsewhere; only the user's own Ctrl-C ends the
    run. One that kills its process, or hangs, takes the run with it: what had finished is in the
    store, and the run resumes without that candidate's outcome, which is evaluated again: choose
    ``executor="processes"`` where that may happen. Nor does anything end what a job has started.

    What a job prints by Python is shown line by line with its candidate; what its C code, commands
    and children print goes straight to the output of this process.

    ``ctx.device`` has all GPUs that this process sees.

    Args:
        shared: Named data, ``ctx.shared`` in ``setup`` and ``evaluate``; its arrays are read-only
            there. A run's file does not hold it: it must be passed again to resume.
        output: What becomes of what jobs print: "show" passes it on, each line with its candidate;
            "file" writes a file for each candidate; "drop" keeps the last lines of those that fail.
        retries: How often a candidate that failed is evaluated again, with the same seed.
        workdir: Folder in which every candidate has one of its own, ``ctx.workdir``; "" is the
            system's for temporary files.
        keep_workdirs: Keep them also when the evaluation succeeds.
    """

    evaluates_here = True

    def __init__(
        self,
        *,
        shared: Mapping[str, Any] | None = None,
        output: Output = "show",
        retries: int = 0,
        workdir: str = "",
        keep_workdirs: bool = False,
    ) -> None:
        self.shared = check_shared("SerialExecutor", shared)
        self.retries = check_retries(retries)
        self.conditions = Conditions(output=output, workdir=workdir, keep_workdirs=keep_workdirs)
        self._queue: deque[Task] = deque()
        self._worker: Worker | None = None
        self._outlet: SerialOutlet | None = None
        self._taken: screen.Taken | None = None
        self._tap = contextlib.ExitStack()

    def __repr__(self) -> str:
        return f"SerialExecutor(retries={self.retries})"

    def start(self, job: Job) -> None:
        """Run the problem's ``setup``; raises ExecutorError if it fails."""
        self._queue.clear()
        announce(self.conditions, job.run_id)
        self._tap.enter_context(screen.tapped())
        self._outlet = SerialOutlet(self.conditions, job.run_id)
        self._taken = screen.Taken(self._outlet.write)
        try:
            with self._taken:
                self._worker = Worker(
                    job,
                    "serial",
                    self.conditions,
                    visible_devices(),
                    read_only(self.shared),
                    outlet=self._outlet,
                    interrupted=interrupts.came,
                )
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and interrupts.came():
                raise
            raise ExecutorError(setup_failed(traceback.format_exc())) from error

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks."""
        self._queue.extend(tasks)

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """Evaluate the next task, however long it takes."""
        if self._worker is None or self._taken is None or not self._queue:
            return []
        with self._taken:
            return [self._worker.evaluate(self._queue.popleft())]

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were."""
        dropped = sum(len(task.ids) for task in self._queue)
        self._queue.clear()
        return dropped

    def activity(self) -> None:
        """There are no workers."""

    def close(self) -> None:
        """Drop what is queued, and run ``teardown``."""
        self._queue.clear()
        worker, self._worker = self._worker, None
        outlet, self._outlet = self._outlet, None
        taken, self._taken = self._taken, None
        with self._tap:
            if outlet is None or taken is None:
                return
            with taken:
                try:
                    if worker is not None:
                        worker.dismiss()
                finally:
                    outlet.close()

    def settings(self) -> dict[str, Any]:
        """Name and arguments."""
        return {
            "name": "serial",
            "shared": sorted(self.shared),
            "output": self.conditions.output,
            "retries": self.retries,
            "workdir": self.conditions.workdir,
            "keep_workdirs": self.conditions.keep_workdirs,
        }


def setup_failed(trace: str) -> str:
    """The message for a ``setup`` that raised."""
    return f"the problem's setup(ctx) failed, so nothing can be evaluated:\n{trace.rstrip()}"
