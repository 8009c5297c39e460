"""Evaluation in the calling thread, one task after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ..records.outcome import Completion, LostTask, Task
from .base import Executor, Job, check_retries
from .conditions import Conditions, Output
from .devices import visible_devices
from .output import announce
from .shared import check_shared
from .worker import Worker


class SerialExecutor(Executor):
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

    def __repr__(self) -> str:
        return f"SerialExecutor(retries={self.retries})"

    def start(self, job: Job) -> None:
        """Run the problem's ``setup``; raises ExecutorError if it fails."""
        self._queue.clear()
        announce(self.conditions, job.run_id)
        self._worker = Worker(
            job, "serial", conditions=self.conditions, device=visible_devices(), shared=self.shared
        )

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
            "output": self.conditions.output,
            "retries": self.retries,
            "workdir": self.conditions.workdir,
            "keep_workdirs": self.conditions.keep_workdirs,
        }
