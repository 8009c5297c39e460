"""Under what a worker evaluates, and what becomes of what its jobs print."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from ...checks import real_number
from ...errors import ConfigurationError
from ...problems.definition import Definition
from ..records.outcome import Completion, Failed, Task, failed_completion


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
