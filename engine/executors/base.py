"""What an executor is: evaluations are submitted and collected, nothing else.

It never decides who is evaluated again: a task whose worker died comes back as ``LostTask``, and
the run loop says what happens to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...problems.definition import Definition
from ..outcome import Completion, LostTask, Task


@dataclass(frozen=True)
class Job:
    """What every worker needs to know.

    Attributes:
        problem: The user's problem.
        definition: Read from it.
        seed: Of the run.
    """

    problem: Any
    definition: Definition
    seed: int


class Executor(Protocol):
    """Runs evaluations. ``start`` once, then ``submit`` and ``collect``, then ``close``.

    Attributes:
        evaluates_here: True if user code runs in the thread that calls ``collect``.
    """

    evaluates_here: bool

    def start(self, job: Job) -> None:
        """Make workers, run the problem's ``setup`` in each; raises ExecutorError if that fails."""

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks; returns at once."""

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """What has finished; waits at most ``timeout`` seconds (serial: as long as it takes)."""

    def close(self) -> None:
        """Drop what is queued or running and end the workers. May be called twice."""

    def settings(self) -> dict[str, Any]:
        """Name and arguments as JSON, so that a resumed run can make it again."""
