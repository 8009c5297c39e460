"""What an executor is: evaluations are submitted and collected, nothing else.

It never decides who is evaluated again: a task whose worker died comes back as ``LostTask``, and
the run loop says what happens to it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np

from ...checks import real_number, whole_number
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


class Printed(NamedTuple):
    """A line that a job has printed. Executors hand them to ``output.show`` as they come.

    Attributes:
        worker: Who printed it.
        whose: The candidate that was evaluated, "12", or the chunk, "8-15"; "setup" in ``setup``
            and ``teardown``; "" for a word of the executor's own.
        stream: "stdout" or "stderr": where it goes in the driver, too.
        line: Without its end, control characters and escape sequences.
    """

    worker: str
    whose: str
    stream: str
    line: str


Output = Literal["show", "file", "drop"]
"""What becomes of what jobs print: it is shown with its candidate, written to files, or dropped."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Under what a worker evaluates, the same for all of an executor.

    Attributes:
        timeout: Seconds that an evaluation may take; None for as long as it takes.
        setup_timeout: Seconds that a worker may take until it is ready, ``setup`` included; None
            for as long as it takes.
        output: "show" passes on every line that a job prints, with its candidate before it; "file"
            writes a file for each candidate to the folder ``output_folder``; "drop" keeps only the
            last lines of a candidate that fails, as the other two do.
        workdir: Folder in which every candidate has one of its own; "" is the system's for
            temporary files.
        keep_workdirs: Keep them also when the evaluation succeeds.
    """

    timeout: float | None = None
    setup_timeout: float | None = None
    output: Output = "show"
    workdir: str = ""
    keep_workdirs: bool = False

    def __post_init__(self) -> None:
        for what in ("timeout", "setup_timeout"):
            seconds = getattr(self, what)
            if seconds is None:
                continue
            object.__setattr__(self, what, real_number(what, seconds))
            if not getattr(self, what) > 0:
                raise ConfigurationError(f"{what} must be seconds above 0, or None, got {seconds}")
        if self.output not in get_args(Output):
            raise ConfigurationError(
                f"output must be one of {list(get_args(Output))}, got {self.output!r}"
            )
        if not isinstance(self.workdir, str):
            raise ConfigurationError(f"workdir must be the path of a folder, got {self.workdir!r}")
        if not isinstance(self.keep_workdirs, bool):
            raise ConfigurationError(
                f"keep_workdirs must be True or False, got {self.keep_workdirs!r}"
            )

    def folder(self, run_id: str, name: str) -> str:
        """Path of the folder of this name for a run."""
        return os.path.join(self.workdir or tempfile.gettempdir(), f"paretide-{run_id}", name)

    def output_folder(self, run_id: str) -> str:
        """Path of the folder in which the files of ``output="file"`` are."""
        return self.folder(run_id, "output")

    def allowance(self, task: Task) -> float:
        """Seconds that a task may take."""
        return float("inf") if self.timeout is None else self.timeout * len(task.ids)

    def exceeded(
        self, task: Task, definition: Definition, worker: str, detail: str = ""
    ) -> Completion:
        """What becomes of a task that took too long; ``detail``: what it said before its end."""
        ids = task.ids.tolist()
        reason = f"deadline: not finished after {self.allowance(task):g} s"
        failure = Failed(reason, "deadline", detail)
        done = failed_completion(task, failure, (definition.n_obj, definition.n_con))
        seconds = np.full(len(ids), self.allowance(task) / len(ids))
        return done._replace(seconds=seconds, worker=worker)


def check_retries(retries: Any) -> int:
    """``retries``, or ConfigurationError unless it is a count."""
    return whole_number("retries", retries, least=0)


@dataclass(frozen=True)
class Activity:
    """What workers do at a moment: how many are busy, idle, and not ready yet; ``lost`` so far."""

    busy: int
    idle: int
    starting: int
    lost: int = 0


FIRST_ATTEMPTS, LATER_ATTEMPTS = 3, 50
"""Workers in a row that may die before they are ready: until one has been, and after that."""

LONGEST_PAUSE = 30.0
"""Seconds before another worker is started, after many that died before they were ready."""


class Starts:
    """Whether workers can be started at all.

    Until one has been ready, a few that die say that the problem or its environment is broken, and
    a single ``setup`` that raises says so at once. Later it is the machine or the cluster that is
    in trouble, which may pass: a run is not given up so soon.
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

    def raised(self) -> bool:
        """``setup`` raised in a worker, or took too long; True if that is one too many."""
        return self.died() or not self._ever_ready

    def pause(self) -> float:
        """Seconds to wait before another one is started."""
        return min(LONGEST_PAUSE, 0.1 * 2 ** (self.deaths - 2)) if self.deaths > 1 else 0.0


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
