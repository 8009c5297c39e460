"""What happens in a worker: user code is called, and whatever it does becomes an outcome.

Failure is classified here, before anything reaches the algorithm: exceptions, NaN and infinity,
wrong names and shapes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...operators.arrays import all_finite, full_float64
from ...problems.context import Context
from ...problems.definition import ContractViolation
from ...problems.logged import storable_text
from ...typing import Candidates, FloatArray, IntArray
from ..randomness import evaluation_seed, setup_seed
from ..records.fast import constants
from ..records.outcome import EVALUATED, FAILED, Completion, Failed, Task
from ..runs.interrupts import leave_if_forked
from .base import Job
from .conditions import Conditions
from .leftovers import SHORTEST_SECONDS, Leftovers
from .output import Nowhere, Outlet, output_file, with_last_words

log = logging.getLogger(__name__)

LONGEST_REASON, LONGEST_DETAIL = 500, 20_000
"""Characters of a failure that are kept; of a traceback, the last ones."""

Values = tuple[FloatArray, FloatArray]
Read = TypeVar("Read")


class Evaluator:
    """Holds the user's problem after one ``setup`` and evaluates tasks with it.

    Args:
        job: What is evaluated.
        name: Of the worker.
        conditions: Under which.
        device: Ids of the GPUs that it has to itself.
        shared: Data that all workers read.
        outlet: Told whom what is printed is of.
        leftovers: Ends what candidates leave behind; None where nobody may.
        interrupted: Whether a KeyboardInterrupt is the user's, and no candidate's.
    """

    def __init__(
        self,
        job: Job,
        name: str,
        conditions: Conditions,
        device: tuple[str, ...] = (),
        shared: Mapping[str, Any] = MappingProxyType({}),
        outlet: Outlet | None = None,
        leftovers: Leftovers | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.job = job
        self._finds_more = hasattr(job.problem, "take_logged")
        self.name = name
        self._conditions = conditions
        self._device = device
        self._shared = shared
        self._outlet: Outlet = outlet or Nowhere()
        self._leftovers = leftovers
        self._interrupted = interrupted
        self._process = os.getpid()
        self._remarked: set[str] = set()
        self._outlet.begin("setup")
        self._setup = Context(
            None,
            setup_seed(job.seed),
            folder=conditions.folder(job.run_id, f"setup-{name}"),
            device=device,
            shared=shared,
        )
        setup = getattr(job.problem, "setup", None)
        if setup is not None:
            with self._in_one_process():
                setup(self._setup)
        if leftovers is not None:
            leftovers.keep()

    @contextlib.contextmanager
    def _in_one_process(self) -> Iterator[None]:
        """User code that forks within does not come back as two."""
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            leave_if_forked(self._process, error)

    def dismiss(self) -> None:
        """Run the problem's ``teardown``, and remove the folder that ``setup`` may have used."""
        self._outlet.begin("setup")
        teardown = getattr(self.job.problem, "teardown", None)
        if teardown is not None:
            try:
                with self._in_one_process():
                    teardown()
            except BaseException as error:  # all that it was to clean up after is told
                if isinstance(error, KeyboardInterrupt) and self._interrupted():
                    raise
                log.warning("worker %s: the problem's teardown() failed", self.name, exc_info=True)
        if self._setup.has_workdir and not self._conditions.keep_workdirs:
            self._remove(self._setup.workdir)

    def evaluate(self, task: Task) -> Completion:
        """Evaluate every candidate of the task; never raises for what the user's code does."""
        return self._together(task) if self.job.definition.vectorized else self._each(task)

    def _keep_last_words(self, whose: str, failures: dict[int, Failed], ids: list[int]) -> None:
        """Add what was printed last, and where all of it is, to the failures of these."""
        failed = [id for id in ids if id in failures]
        if not failed:
            return
        said = self._outlet.last_lines(whose)
        file = output_file(self._conditions, self.job.run_id, whose)
        for id in failed:
            detail = with_last_words(failures[id].detail, said, file)
            failures[id] = replace(failures[id], detail=detail)

    def _together(self, task: Task) -> Completion:
        """One call of ``evaluate_batch``; if it raises, one for each, so that the culprit fails."""
        k = len(task.ids)
        failures: dict[int, Failed] = {}
        extras: dict[int, dict[str, Any]] = {}
        remarks: dict[str, str] = {}
        whose = named(task)
        self._outlet.begin(whose)
        began = time.perf_counter()
        values = self._batch(task.ids, task.X, failures)
        if isinstance(values, Failed):
            F, G = self._nothing(k)
            if k == 1 or values.kind == "contract":  # a wrong shape is no row's fault
                failures.update(dict.fromkeys(task.ids.tolist(), values))
            else:
                for row, id in enumerate(task.ids.tolist()):
                    values = self._batch(task.ids[row : row + 1], task.X[row : row + 1], failures)
                    if isinstance(values, Failed):
                        failures[id] = values
                    else:
                        F[row : row + 1], G[row : row + 1] = values
                        if self._finds_more:
                            self._take_logged([id], extras, remarks)
        else:
            F, G = values
            if self._finds_more:
                self._take_logged(task.ids.tolist(), extras, remarks)
        took = time.perf_counter() - began
        seconds = full_float64(k, took / max(1, k))
        if self._leftovers is not None and took > SHORTEST_SECONDS:
            self._leftovers.end()
        self._refuse_nonfinite(task, F, G, failures)
        if failures:
            self._keep_last_words(whose, failures, task.ids.tolist())
        seeds = constants[k, 0, np.uint32]
        return self._completion(task, F, G, failures, extras, seeds, seconds, remarks)

    def _take_logged(
        self, ids: list[int], extras: dict[int, dict[str, Any]], remarks: dict[str, str]
    ) -> None:
        """Take in what an adapted problem found beside the values of the last batch."""
        for id, values in zip(ids, self.job.problem.take_logged(), strict=False):  # none, or all
            ctx = Context(id, 0)
            ctx.extra.update(values)  # whatever their names are
            self._collect(ctx, id, extras, remarks)

    def _each(self, task: Task) -> Completion:
        """One call of ``evaluate`` for each candidate."""
        k = len(task.ids)
        F, G = self._nothing(k)
        failures: dict[int, Failed] = {}
        extras: dict[int, dict[str, Any]] = {}
        remarks: dict[str, str] = {}
        with_folders: list[int] = []
        seeds = np.zeros(k, dtype=np.uint32)
        seconds = np.empty(k)
        ended = time.perf_counter()
        for i, id in enumerate(task.ids.tolist()):
            ctx = self._context(id)
            seeds[i] = ctx.seed
            self._outlet.begin(str(id))
            self._single(task, i, ctx, F, G, failures)
            self._collect(ctx, id, extras, remarks)
            if ctx.has_workdir:
                with_folders.append(id)
            began, ended = ended, time.perf_counter()
            seconds[i] = ended - began
            if self._leftovers is not None and seconds[i] > SHORTEST_SECONDS:
                self._leftovers.end()
                ended = time.perf_counter()
        self._refuse_nonfinite(task, F, G, failures)
        for id in list(failures):
            self._keep_last_words(str(id), failures, [id])
        for id in with_folders:
            self._leave_folder(id, failures)
        return self._completion(task, F, G, failures, extras, seeds, seconds, remarks)

    def _collect(
        self, ctx: Context, id: int, extras: dict[int, dict[str, Any]], remarks: dict[str, str]
    ) -> None:
        """Take in what was logged, as what a file can hold; it never costs the outcome."""
        try:
            collected = ctx.collected()
        except BaseException as error:  # an object of the user's in ``ctx.extra``
            leave_if_forked(self._process, error)
            if isinstance(error, KeyboardInterrupt) and self._interrupted():
                raise
            collected = {}
            remarks["extra"] = f"ctx.extra cannot be read, {type(error).__name__}: it is not stored"
        if collected:
            extras[id] = collected
        for name, remark in ctx.remarks.items():
            if name not in self._remarked:
                self._remarked.add(name)
                remarks[name] = remark

    def _completion(
        self,
        task: Task,
        F: FloatArray,
        G: FloatArray,
        failures: dict[int, Failed],
        extras: dict[int, dict[str, Any]],
        seeds: NDArray[np.uint32],
        seconds: FloatArray,
        remarks: dict[str, str],
    ) -> Completion:
        status = constants[len(task.ids), EVALUATED, np.uint8]
        if failures:
            status = status.copy()
            failed = [i for i, id in enumerate(task.ids.tolist()) if id in failures]
            status[failed] = FAILED
            F[failed], G[failed] = np.nan, np.nan
        return Completion(
            task.ids, status, F, G, failures, extras, seeds, seconds, self.name,
            tuple(remarks.items()),
        )  # fmt: skip

    def _nothing(self, k: int) -> Values:
        definition = self.job.definition
        return np.full((k, definition.n_obj), np.nan), np.full((k, definition.n_con), np.nan)

    def _batch(self, ids: IntArray, X: Candidates, failures: dict[int, Failed]) -> Values | Failed:
        """Of copies: the user's code may write to what it gets, and keep what it returns.

        Rows that hold no numbers are added to ``failures``.
        """
        definition, problem = self.job.definition, self.job.problem
        own = X.copy()
        read = self._guarded(lambda: definition.read_batch(problem.evaluate_batch(own), len(own)))
        if isinstance(read, Failed):
            return read
        F, G, wrong = read
        failures.update({int(ids[i]): Failed(reason, "contract") for i, reason in wrong.items()})
        return F, G

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
        definition, problem, x = self.job.definition, self.job.problem, task.X[i]

        def candidate() -> Any:
            return definition.space.candidate(x)  # a new one: the user's code may write to it

        def evaluated() -> Values:
            if not definition.has_known:
                return definition.read_values(problem.evaluate(candidate(), ctx))
            known = definition.read_known(problem.known(candidate()))
            return definition.read_values(problem.evaluate(candidate(), ctx), known)

        values = self._guarded(evaluated)
        if isinstance(values, Failed):
            failures[int(task.ids[i])] = values
        else:
            F[i], G[i] = values

    def _guarded(self, call: Callable[[], Read]) -> Read | Failed:
        """What is read of a call into user code, or how it failed."""
        try:
            values = call()
        except BaseException as error:  # sys.exit and others in a candidate: it fails alone
            leave_if_forked(self._process, error)
            if isinstance(error, KeyboardInterrupt) and self._interrupted():
                raise
            if isinstance(error, ContractViolation):
                return Failed(str(error), "contract")
            return _described(error)
        leave_if_forked(self._process)
        return values

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


def named(task: Task) -> str:
    """A task as what is printed for it is labelled: "12", or "8-15" for a chunk."""
    first, last = int(task.ids[0]), int(task.ids[-1])
    return str(first) if first == last else f"{first}-{last}"


def _described(error: BaseException) -> Failed:
    kind = type(error).__name__
    try:
        lines = f"{kind}: {error}".strip().removesuffix(":").splitlines() or [kind]
        detail = traceback.format_exc()
    except BaseException as second:  # an exception that cannot even be printed
        return Failed(f"{kind}, whose message raises {type(second).__name__}", "exception")
    reason, detail = (
        storable_text(text.replace("\0", "\\x00"))
        for text in (lines[0][:LONGEST_REASON], detail[-LONGEST_DETAIL:])
    )
    return Failed(reason, "exception", detail)
