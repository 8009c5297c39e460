"""What an executor is: evaluations are submitted and collected, nothing else.

It never decides who is evaluated again: a task whose worker died comes back as ``LostTask``, and
the run loop says what happens to it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...errors import ConfigurationError
from ...problems.definition import Definition
from ..outcome import Completion, Failed, LostTask, Task, failed_completion


@dataclass(frozen=True)
class Job:
    """What every worker needs to know.

    Attributes:
        problem: The user's problem.
        definition: Read from it.
        seed: Of the run.
        run_id: Names the folders that its evaluations work in.
    """

    problem: Any
    definition: Definition
    seed: int
    run_id: str


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Under what a worker evaluates, the same for all of an executor.

    Attributes:
        timeout: Seconds that an evaluation may take; None for as long as it takes.
        workdir: Folder in which every candidate has one of its own; "" is the system's for
            temporary files.
        keep_workdirs: Keep them also when the evaluation succeeds.
    """

    timeout: float | None = None
    workdir: str = ""
    keep_workdirs: bool = False

    def __post_init__(self) -> None:
        timeout = self.timeout
        if timeout is not None and (
            isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0
        ):
            raise ConfigurationError(f"timeout must be seconds above 0, or None, got {timeout!r}")
        if not isinstance(self.workdir, str):
            raise ConfigurationError(f"workdir must be the path of a folder, got {self.workdir!r}")
        if not isinstance(self.keep_workdirs, bool):
            raise ConfigurationError(
                f"keep_workdirs must be True or False, got {self.keep_workdirs!r}"
            )

    def folder(self, run_id: str, name: str) -> str:
        """Path of the folder of this name for a run."""
        return os.path.join(self.workdir or tempfile.gettempdir(), f"paretide-{run_id}", name)

    def allowance(self, task: Task) -> float:
        """Seconds that a task may take."""
        return float("inf") if self.timeout is None else self.timeout * len(task.ids)

    def exceeded(self, task: Task, definition: Definition, worker: str) -> Completion:
        """What becomes of a task that took too long."""
        ids = task.ids.tolist()
        failure = Failed(f"deadline: not finished after {self.allowance(task):g} s", "deadline")
        done = failed_completion(task, failure, (definition.n_obj, definition.n_con))
        seconds = np.full(len(ids), self.allowance(task) / len(ids))
        return done._replace(seconds=seconds, worker=worker)


def check_retries(retries: Any) -> int:
    """``retries``, or ConfigurationError unless it is a count."""
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise ConfigurationError(f"retries must be a whole number >= 0, got {retries!r}")
    return retries


@dataclass(frozen=True)
class Activity:
    """What workers do at a moment: how many are busy, idle, and not ready yet; ``lost`` so far."""

    busy: int
    idle: int
    starting: int
    lost: int = 0


FIRST_ATTEMPTS, LATER_ATTEMPTS = 3, 50
"""Workers in a row that may die before they are ready: until one has been, and after that."""


class Starts:
    """Whether workers can be started at all.

    Until one has been ready, a few that die say that the problem or its environment is broken.
    Later it is the cluster that is in trouble, which may pass: a run is not given up so soon.
    """

    def __init__(self) -> None:
        self.deaths = 0  # in a row, before being ready
        self._ever_ready = False

    def ready(self) -> None:
        """A worker is."""
        self.deaths, self._ever_ready = 0, True

    def died(self) -> bool:
        """A worker did before it was ready; returns True if that is one too many."""
        self.deaths += 1
        return self.deaths >= (LATER_ATTEMPTS if self._ever_ready else FIRST_ATTEMPTS)


class Executor(Protocol):
    """Runs evaluations. ``start`` once, then ``submit`` and ``collect``, then ``close``.

    Attributes:
        evaluates_here: True if user code runs in the thread that calls ``collect``.
        retries: How often a candidate that failed is evaluated again, with the same seed.
    """

    evaluates_here: bool
    retries: int

    def start(self, job: Job) -> None:
        """Make workers, run the problem's ``setup`` in each; raises ExecutorError if that fails."""

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks; returns at once."""

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """What has finished; waits at most ``timeout`` seconds (serial: as long as it takes)."""

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were.

        An executor of one's own may do without it: a run that its clock ends then ends what runs.
        """

    def activity(self) -> Activity | None:
        """What the workers do now; None if there are none."""

    def close(self) -> None:
        """Drop what is queued or running and end the workers. May be called twice."""

    def settings(self) -> dict[str, Any]:
        """Name and arguments as JSON, so that a resumed run can make it again."""
