"""What happens in a worker: user code is called, and whatever it does becomes an outcome.

Failure is classified here, before anything reaches the algorithm: exceptions, NaN and infinity,
wrong names and shapes.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...operators.finite import all_finite
from ...operators.vectors import full_float64
from ...problems.context import Context
from ...problems.definition import ContractViolation
from ...typing import Candidates, FloatArray
from ..constants import constants
from ..outcome import EVALUATED, FAILED, Completion, Failed, Task
from ..randomness import evaluation_seed, setup_seed
from .base import Conditions, Job

LONGEST_REASON, LONGEST_DETAIL = 500, 20_000
"""Characters of a failure that are kept; of a traceback, the last ones."""

Values = tuple[FloatArray, FloatArray]


class Worker:
    """Holds the user's problem after one ``setup`` and evaluates tasks with it."""

    def __init__(
        self,
        job: Job,
        name: str,
        conditions: Conditions,
        device: tuple[str, ...] = (),
        shared: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.job = job
        self.name = name
        self._conditions = conditions
        self._device = device
        self._shared = shared
        self._setup = Context(
            None,
            setup_seed(job.seed),
            folder=conditions.folder(job.run_id, f"setup-{name}"),
            device=device,
            shared=shared,
        )
        setup = getattr(job.problem, "setup", None)
        if setup is not None:
            setup(self._setup)

    def dismiss(self) -> None:
        """Run the problem's ``teardown``, and remove the folder that ``setup`` may have used."""
        teardown = getattr(self.job.problem, "teardown", None)
        if teardown is not None:
            teardown()
        if self._setup.has_workdir and not self._conditions.keep_workdirs:
            self._remove(self._setup.workdir)

    def evaluate(self, task: Task) -> Completion:
        """Evaluate every candidate of the task; never raises for what the user's code does."""
        return self._together(task) if self.job.definition.vectorized else self._each(task)

    def _together(self, task: Task) -> Completion:
        """One call of ``evaluate_batch``; if it raises, one for each, so that the culprit fails."""
        k = len(task.ids)
        failures: dict[int, Failed] = {}
        extras: dict[int, dict[str, Any]] = {}
        began = time.perf_counter()
        values = self._batch(task.X)
        if isinstance(values, Failed):
            F, G = self._nothing(k)
            if k == 1 or values.kind == "contract":  # a wrong shape is no row's fault
                failures.update(dict.fromkeys(task.ids.tolist(), values))
            else:
                for row, id in enumerate(task.ids.tolist()):
                    values = self._batch(task.X[row : row + 1])
                    if isinstance(values, Failed):
                        failures[id] = values
                    else:
                        F[row : row + 1], G[row : row + 1] = values
                        extras |= self._logged([id])
        else:
            F, G = values
            extras |= self._logged(task.ids.tolist())
        seconds = full_float64(k, (time.perf_counter() - began) / max(1, k))
        self._refuse_nonfinite(task, F, G, failures)
        return self._completion(task, F, G, failures, extras, constants[k, 0, np.uint32], seconds)

    def _logged(self, ids: list[int]) -> dict[int, dict[str, Any]]:
        """What an adapted problem found beside the values of the last batch, by id."""
        take = getattr(self.job.problem, "take_logged", None)
        extras = {}
        for id, values in zip(ids, [] if take is None else take(), strict=False):  # none, or all
            ctx = Context(id, 0)
            ctx.log(**values)
            extras[id] = ctx.extra
        return extras

    def _each(self, task: Task) -> Completion:
        """One call of ``evaluate`` for each candidate."""
        k = len(task.ids)
        F, G = self._nothing(k)
        failures: dict[int, Failed] = {}
        extras: dict[int, dict[str, Any]] = {}
        with_folders: list[int] = []
        seeds = np.zeros(k, dtype=np.uint32)
        seconds = np.empty(k)
        ended = time.perf_counter()
        for i, id in enumerate(task.ids.tolist()):
            ctx = self._context(id)
            seeds[i] = ctx.seed
            self._single(task, i, ctx, F, G, failures)
            if ctx.reports:
                ctx.extra["report"] = ctx.reports
            if ctx.extra:
                extras[id] = ctx.extra
            if ctx.has_workdir:
                with_folders.append(id)
            began, ended = ended, time.perf_counter()
            seconds[i] = ended - began
        self._refuse_nonfinite(task, F, G, failures)
        for id in with_folders:
            self._leave_folder(id, failures)
        return self._completion(task, F, G, failures, extras, seeds, seconds)

    def _completion(
        self,
        task: Task,
        F: FloatArray,
        G: FloatArray,
        failures: dict[int, Failed],
        extras: dict[int, dict[str, Any]],
        seeds: NDArray[np.uint32],
        seconds: FloatArray,
    ) -> Completion:
        status = constants[len(task.ids), EVALUATED, np.uint8]
        if failures:
            status = status.copy()
            failed = [i for i, id in enumerate(task.ids.tolist()) if id in failures]
            status[failed] = FAILED
            F[failed], G[failed] = np.nan, np.nan
        return Completion(task.ids, status, F, G, failures, extras, seeds, seconds, self.name)

    def _nothing(self, k: int) -> Values:
        definition = self.job.definition
        return np.full((k, definition.n_obj), np.nan), np.full((k, definition.n_con), np.nan)

    def _batch(self, X: Candidates) -> Values | Failed:
        """Of copies: the user's code may write to what it gets, and keep what it returns."""
        definition, problem = self.job.definition, self.job.problem
        own = X.copy()
        return _guarded(lambda: definition.read_batch(problem.evaluate_batch(own), len(own)))

    def _context(self, id: int) -> Context:
        folder = self._conditions.folder(self.job.run_id, f"candidate-{id}")
        timeout = self._conditions.timeout
        deadline = None if timeout is None else time.monotonic() + timeout
        seed = evaluation_seed(self.job.seed, id)
        return Context(
            id, seed, folder=folder, device=self._device, deadline=deadline, shared=self._shared
        )

    def _leave_folder(self, id: int, failures: dict[int, Failed]) -> None:
        """Remove a scratch folder; that of a failure stays, and is named."""
        folder = self._conditions.folder(self.job.run_id, f"candidate-{id}")
        failure = failures.get(id)
        if failure is not None:
            where = f"workdir: {folder} on {socket.gethostname()}"
            failures[id] = replace(failure, detail=f"{failure.detail.rstrip()}\n{where}".lstrip())
        elif not self._conditions.keep_workdirs:
            self._remove(Path(folder))

    @staticmethod
    def _remove(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)  # the candidate may have removed it itself
        with contextlib.suppress(OSError):  # the folder of all, unless there are others in it
            folder.parent.rmdir()

    def _single(
        self,
        task: Task,
        i: int,
        ctx: Context,
        F: FloatArray,
        G: FloatArray,
        failures: dict[int, Failed],
    ) -> None:
        definition, problem = self.job.definition, self.job.problem
        values = _guarded(
            lambda: definition.read_values(
                problem.evaluate(definition.space.candidate(task.X[i]), ctx)
            )
        )
        if isinstance(values, Failed):
            failures[int(task.ids[i])] = values
        else:
            F[i], G[i] = values

    def _refuse_nonfinite(
        self, task: Task, F: FloatArray, G: FloatArray, failures: dict[int, Failed]
    ) -> None:
        definition = self.job.definition
        if all_finite(F, G):
            return
        names = list(definition.names)
        values = np.concatenate([F, G], axis=1)
        wrong = np.concatenate([~np.isfinite(F), definition.endless(G)], axis=1)
        for i in np.flatnonzero(wrong.any(axis=1)):
            id = int(task.ids[i])
            if id not in failures:
                named = [f"{names[j]} = {values[i, j]}" for j in np.flatnonzero(wrong[i])]
                failures[id] = Failed(f"not finite: {', '.join(named)}", "non-finite")


def _guarded(call: Callable[[], Values]) -> Values | Failed:
    """The values of a call into user code, or how it failed."""
    try:
        return call()
    except ContractViolation as error:
        return Failed(str(error), "contract")
    except (Exception, SystemExit) as error:  # sys.exit in a candidate must not end the worker
        return _described(error)


def _described(error: BaseException) -> Failed:
    kind = type(error).__name__
    try:
        lines = f"{kind}: {error}".strip().removesuffix(":").splitlines()
        detail = traceback.format_exc()
    except Exception as second:  # an exception that cannot even be printed
        return Failed(f"{kind}, whose message raises {type(second).__name__}", "exception")
    return Failed(lines[0][:LONGEST_REASON], "exception", detail[-LONGEST_DETAIL:])
