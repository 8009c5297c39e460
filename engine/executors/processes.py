"""Evaluation in processes of this machine, without Ray.

Every worker is a fresh interpreter ("spawn": nothing of the parent's threads, locks or open files
leaks into it) with a pipe of its own. A worker that dies loses its task, which comes back as
``LostTask``, and is replaced.
"""

from __future__ import annotations

import contextlib
import logging
import math
import multiprocessing as mp
import os
import pickle
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from ...errors import ConfigurationError, ExecutorError
from ...problems.definition import Definition, read_definition
from ...problems.reference import FILE_MODULE, load_problem, reference_to
from ..outcome import Completion, LostTask, Task
from .base import Activity, Conditions, Job, Starts, check_retries
from .serial import setup_failed
from .shared import Parcel, SharedData, check_shared, unpack
from .worker import Worker

log = logging.getLogger(__name__)

TEARDOWN_SECONDS = 5.0
"""For all workers together to end by themselves."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Set to 1 in workers unless set already: workers that each use every core slow each other down."""


@dataclass
class _Process:
    name: str
    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    task: Task | None = None
    ends: float = math.inf  # by time.monotonic(), what it does now


class ProcessExecutor:
    """Processes of this machine.

    Args:
        workers: How many; None is one for every core that this process may use.
        shared: Named data that every worker reads, like {"images": array}: put into shared memory
            once, ``ctx.shared["images"]`` in ``setup`` and ``evaluate``. Arrays are read-only and
            not copied. A run's file does not hold it: it must be passed again to resume.
        timeout: Seconds that an evaluation may take: then its process is ended and replaced, and
            the candidate has failed. None for as long as it takes.
        retries: How often a candidate that failed is evaluated again, with the same seed.
        workdir: Folder in which every candidate has one of its own, ``ctx.workdir``; "" is the
            system's for temporary files.
        keep_workdirs: Keep them also when the evaluation succeeds.

    The problem must be picklable, and a script that uses it must start its run under
    ``if __name__ == "__main__":``, as Python's multiprocessing demands.
    """

    evaluates_here = False

    def __init__(
        self,
        workers: int | None = None,
        *,
        shared: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        retries: int = 0,
        workdir: str = "",
        keep_workdirs: bool = False,
    ) -> None:
        if workers is not None and (
            isinstance(workers, bool) or not isinstance(workers, int) or workers < 1
        ):
            raise ConfigurationError(
                f"ProcessExecutor: workers must be a whole number >= 1, got {workers!r}"
            )
        self.workers = workers or available_cores()
        self.shared = check_shared("ProcessExecutor", shared)
        self.retries = check_retries(retries)
        self.conditions = Conditions(timeout=timeout, workdir=workdir, keep_workdirs=keep_workdirs)
        self._definition: Definition | None = None
        self._queue: deque[Task] = deque()
        self._processes: list[_Process] = []
        self._payload = b""
        self._shared_data: SharedData | None = None
        self._made = self._lost = 0
        self._starts = Starts()

    def __repr__(self) -> str:
        return f"ProcessExecutor(workers={self.workers}, timeout={self.conditions.timeout})"

    def settings(self) -> dict[str, Any]:
        """Name and arguments."""
        return {
            "name": "processes",
            "workers": self.workers,
            "shared": sorted(self.shared),
            "retries": self.retries,
            **vars(self.conditions),
        }

    def start(self, job: Job) -> None:
        """Start all workers; they run ``setup`` at the same time, and tasks wait for them."""
        if self.shared:
            self._shared_data = SharedData(self.shared)
        parcel = None if self._shared_data is None else self._shared_data.parcel
        self._payload = _pack(job, self.conditions, parcel)
        self._definition = job.definition
        self._queue.clear()
        self._starts, self._lost = Starts(), 0
        for _ in range(self.workers):  # one by one: whatever was made is ended by close()
            self._processes.append(self._new())
        while not any(p.ready for p in self._processes):
            self._receive(1.0)

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks and hand them to whoever is free."""
        self._queue.extend(tasks)
        self._hand_out()

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """What has finished; waits for the first at most ``timeout`` seconds."""
        now = time.monotonic()
        first = min((p.ends for p in self._processes), default=math.inf)
        finished = self._receive(max(0.0, min(timeout, first - now)))
        finished += self._end_those_that_hang()
        self._hand_out()
        return finished

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were."""
        dropped = sum(len(task.ids) for task in self._queue)
        self._queue.clear()
        return dropped

    def activity(self) -> Activity:
        """What the processes do now."""
        busy = sum(p.task is not None for p in self._processes)
        ready = sum(p.ready for p in self._processes)
        return Activity(busy, ready - busy, len(self._processes) - ready, self._lost)

    def close(self) -> None:
        """End the workers: those that are idle by their ``teardown``, the others at once."""
        self._queue.clear()
        for p in self._processes:
            if p.ready and p.task is None:
                with contextlib.suppress(OSError):  # it has died meanwhile
                    p.pipe.send(None)
            else:
                p.process.kill()
        patience = time.monotonic() + TEARDOWN_SECONDS
        for p in self._processes:
            p.process.join(max(0.0, patience - time.monotonic()))
            if p.process.is_alive():
                log.warning("worker %s: teardown() takes too long, it is killed", p.name)
                p.process.kill()
                p.process.join()
            p.pipe.close()
            p.process.close()
        self._processes = []
        if self._shared_data is not None:
            self._shared_data.close()
            self._shared_data = None

    def _new(self) -> _Process:
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        name = f"process-{self._made}"
        self._made += 1
        process = context.Process(
            target=_serve, args=(theirs, self._payload, name), name=name, daemon=True
        )
        with _single_threaded():
            process.start()
        theirs.close()  # so that the worker's death closes the pipe
        return _Process(name, process, ours)

    def _hand_out(self) -> None:
        for p in self._processes:
            if p.ready and p.task is None and self._queue:
                p.task = self._queue.popleft()
                p.ends = time.monotonic() + self.conditions.allowance(p.task)
                # A death that is not noticed yet: the pipe says so when it is read.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    p.pipe.send(p.task)

    def _receive(self, timeout: float) -> list[Completion | LostTask]:
        by_pipe = {p.pipe: p for p in self._processes}
        finished: list[Completion | LostTask] = []
        for pipe in wait(list(by_pipe), timeout):
            p = by_pipe[pipe]  # type: ignore[index]
            try:
                message = p.pipe.recv()
            except (EOFError, ConnectionResetError):
                self._lost += 1
                finished += self._bury(p)
                continue
            if isinstance(message, Completion):
                p.task, p.ends = None, math.inf
                finished.append(message)
            elif message is None:
                p.ready = True
                self._starts.ready()
            else:
                raise ExecutorError(setup_failed(message))
        return finished

    def _end_those_that_hang(self) -> list[Completion | LostTask]:
        now = time.monotonic()
        finished: list[Completion | LostTask] = []
        for p in [p for p in self._processes if p.ends <= now]:
            assert p.task is not None
            assert self._definition is not None
            finished.append(self.conditions.exceeded(p.task, self._definition, p.name))
            p.process.kill()
            p.task, p.ends = None, math.inf
            self._bury(p)
        return finished

    def _bury(self, p: _Process) -> list[LostTask]:
        p.pipe.close()
        p.process.join()
        how = f"worker {p.name} ended with exit code {p.process.exitcode}"
        p.process.close()
        self._processes.remove(p)
        if not p.ready and self._starts.died():
            raise ExecutorError(
                f"{how} before it was ready, as did {self._starts.deaths - 1} before it. "
                'A script must start its run under `if __name__ == "__main__":`; if it does, '
                "the output of the workers above says more"
            )
        self._processes.append(self._new())
        return [LostTask(p.task, how)] if p.task is not None else []


def visible_devices() -> tuple[str, ...]:
    """GPUs that this process may use, as its environment says."""
    return tuple(d for d in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if d)


def available_cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    added = [v for v in THREAD_VARIABLES if v not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for variable in added:
            del os.environ[variable]


def _pack(job: Job, conditions: Conditions, parcel: Parcel | None) -> bytes:
    """The job as bytes. A problem from a file goes by its reference: it cannot be imported."""
    problem: Any = job.problem
    main = sys.modules["__main__"]
    if type(problem).__module__ == "__main__" and not hasattr(main, "__file__"):
        raise ExecutorError(
            f"{type(problem).__name__} is defined in a notebook or typed in, where processes "
            'cannot find it; put it into a file, or use executor="ray" or "serial"'
        )
    if type(problem).__module__.startswith(FILE_MODULE):
        reference = reference_to(problem)
        if not reference.target:
            raise ExecutorError(f"{problem!r} cannot be sent to processes: {reference.reason}")
        problem = reference
        definition = None
    else:
        definition = job.definition
    try:
        return pickle.dumps((problem, definition, job.seed, job.run_id, conditions, parcel))
    except Exception as error:  # whatever the user's objects raise when pickled
        raise ExecutorError(
            f"{type(job.problem).__name__} cannot be pickled for processes: {error}; "
            "define it in a module, load what cannot be pickled in setup(ctx), "
            'or use executor="ray"'
        ) from error


def _unpack(payload: bytes) -> tuple[Job, Conditions, Mapping[str, Any]]:
    problem, definition, seed, run_id, conditions, parcel = pickle.loads(payload)
    if definition is None:
        problem = load_problem(problem.target, problem.arguments)
        definition = read_definition(problem)
    shared = {} if parcel is None else unpack(parcel)
    return Job(problem, definition, seed, run_id), conditions, shared


def _serve(pipe: Connection, payload: bytes, name: str) -> None:
    """A worker's life: get ready, say so, answer tasks until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        try:
            job, conditions, shared = _unpack(payload)
            worker = Worker(job, name, conditions, visible_devices(), shared)
        except (Exception, SystemExit):  # told to the parent, which raises
            pipe.send(traceback.format_exc())
            return
        pipe.send(None)
        while (task := pipe.recv()) is not None:
            pipe.send(worker.evaluate(task))
        worker.dismiss()
