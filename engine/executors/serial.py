"""Evaluation in the calling thread, one task after the other."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Sequence
from typing import Any

from ...errors import ExecutorError
from ..outcome import Completion, LostTask, Task
from .base import Job
from .worker import Worker


class SerialExecutor:
    """No workers: ``collect`` evaluates the next task itself."""

    evaluates_here = True

    def __init__(self) -> None:
        self._queue: deque[Task] = deque()
        self._worker: Worker | None = None

    def __repr__(self) -> str:
        return "SerialExecutor()"

    def start(self, job: Job) -> None:
        """Run the problem's ``setup``."""
        self._queue.clear()
        try:
            self._worker = Worker(job, "serial")
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

    def close(self) -> None:
        """Drop what is queued."""
        self._queue.clear()
        self._worker = None

    def settings(self) -> dict[str, Any]:
        """The name alone."""
        return {"name": "serial"}


def setup_failed(trace: str) -> str:
    """The message for a ``setup`` that raised."""
    return f"the problem's setup(ctx) failed, so nothing can be evaluated:\n{trace.rstrip()}"
