"""Evaluation in the calling thread, one task after the other."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import ExecutorError
from ..outcome import Completion, LostTask, Task
from .base import Conditions, Job, check_retries
from .shared import check_shared, read_only
from .worker import Worker


class SerialExecutor:
    """No workers: ``collect`` evaluates the next task itself, and nothing can end it.

    Args:
        shared: Named data, ``ctx.shared`` in ``setup`` and ``evaluate``; its arrays are read-only
            there. A run's file does not hold it: it must be passed again to resume.
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
        retries: int = 0,
        workdir: str = "",
        keep_workdirs: bool = False,
    ) -> None:
        self.shared = check_shared("SerialExecutor", shared)
        self.retries = check_retries(retries)
        self.conditions = Conditions(workdir=workdir, keep_workdirs=keep_workdirs)
        self._queue: deque[Task] = deque()
        self._worker: Worker | None = None

    def __repr__(self) -> str:
        return f"SerialExecutor(retries={self.retries})"

    def start(self, job: Job) -> None:
        """Run the problem's ``setup``."""
        self._queue.clear()
        try:
            self._worker = Worker(job, "serial", self.conditions, shared=read_only(self.shared))
        except (Exception, SystemExit) as error:
            raise ExecutorError(setup_failed(traceback.format_exc())) from error

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks."""
        self._queue.extend(tasks)

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """Evaluate the next task, however long it takes."""
        if self._worker is None or not self._queue:
            return []
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
        if worker is not None:
            worker.dismiss()

    def settings(self) -> dict[str, Any]:
        """Name and arguments."""
        return {
            "name": "serial",
            "shared": sorted(self.shared),
            "retries": self.retries,
            "workdir": self.conditions.workdir,
            "keep_workdirs": self.conditions.keep_workdirs,
        }


def setup_failed(trace: str) -> str:
    """The message for a ``setup`` that raised."""
    return f"the problem's setup(ctx) failed, so nothing can be evaluated:\n{trace.rstrip()}"
