"""Evaluation in processes of this machine, without Ray.

Every worker is a fresh interpreter: nothing of the parent's threads, locks or open files leaks into
it. Between it and the driver stands a supervisor (``supervisor.py``), which sees it die and ends
whatever it has started. A worker that dies loses its task, which comes back as ``LostTask``, and is
replaced.
"""

from __future__ import annotations

import logging
import math
import os
import pickle
import select
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError, ExecutorError
from ...problems.definition import Definition
from ...problems.folder import FILE_MODULE
from ...problems.reference import from_file, reference_to
from ..outcome import Completion, LostTask, Task
from .base import Activity, Executor, Job, check_retries
from .conditions import Conditions, Output
from .devices import split_devices, visible_devices
from .evaluator import named
from .output import announce, output_file, show, with_last_words
from .pickling import cannot_be_pickled
from .shared import Parcel, SharedData, check_shared
from .starts import Starts
from .supervised import END_SECONDS, Supervised
from .worker import setup_failed
from .worker_process import READY, preparation

log = logging.getLogger(__name__)

TEARDOWN_SECONDS = 5.0
"""For all workers together to end by themselves."""

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
"""Set to ``cpus`` in workers: workers that each use every core slow each other down."""


@dataclass
class _Process:
    name: str
    slot: int  # whose GPUs it has
    handle: Supervised
    phase: Literal["starting", "ready", "leaving"] = "starting"
    task: Task | None = None
    ends: float = math.inf  # by time.monotonic(), what it does now
    late: bool = False  # it was ended for that
    trace: str = ""  # of a ``setup`` that raised
    evaluated: int = 0


class ProcessExecutor(Executor):
    """Processes of this machine.

    Args:
        workers: How many; None is one for every ``cpus`` cores that this process may use, and with
            ``gpus`` no more than there are GPUs for.
        cpus: Threads that a worker's numerical libraries use, unless the environment already says
            how many (``OMP_NUM_THREADS``).
        gpus: GPUs that every worker has to itself, ``ctx.device``: CUDA shows it no others. None
            splits those that this process sees evenly among the workers; if there are fewer than
            workers, all see all of them and ``ctx.device`` is empty. 0 hides them.
        shared: Named data that every worker reads, like {"images": array}: put into shared memory
            once, ``ctx.shared["images"]`` in ``setup`` and ``evaluate``. Arrays are read-only and
            not copied. A run's file does not hold it: it must be passed again to resume.
        timeout: Seconds that an evaluation may take: then its process is ended and replaced, and
            the candidate has failed. None for as long as it takes.
        setup_timeout: Seconds that a worker may take until it is ready, ``setup`` included.
        max_evaluations_per_worker: A worker is replaced after as many, for code that leaks memory.
        output: What becomes of what jobs print: "show" passes it on, each line with its candidate;
            "file" writes a file for each candidate; "drop" keeps the last lines of those that fail.
        retries: How often a candidate that failed is evaluated again, with the same seed.
        workdir: Folder in which every candidate has one of its own, ``ctx.workdir``; "" is the
            system's for temporary files.
        keep_workdirs: Keep them also when the evaluation succeeds.

    The problem must be picklable, and a script that uses it must start its run under
    ``if __name__ == "__main__":``, as Python's multiprocessing demands. Workers have the
    environment variables that are set when the run starts.

    **What a job starts ends with it.** On Linux, processes that a job has started end with their
    worker, in sessions of their own or not: at the candidate's deadline, at Ctrl-C or SIGTERM, and
    when the driver is killed. Those that a candidate leaves behind when it returns end then, unless
    the problem still holds them (a pool, a kept ``Popen``) or ``setup`` started them. On macOS only
    those end that have not left the worker's process group. Windows has no such executor.

    Raises ConfigurationError for wrong numbers.
    """

    evaluates_here = False

    def __init__(
        self,
        workers: int | None = None,
        *,
        cpus: int = 1,
        gpus: int | None = None,
        shared: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        setup_timeout: float | None = None,
        max_evaluations_per_worker: int | None = None,
        output: Output = "show",
        retries: int = 0,
        workdir: str = "",
        keep_workdirs: bool = False,
    ) -> None:
        if os.name != "posix":
            raise ConfigurationError(
                'processes need Linux or macOS: use executor="ray", or "serial"'
            )
        self.cpus = whole_number("ProcessExecutor: cpus", cpus, least=1)
        self.gpus = gpus if gpus is None else whole_number("ProcessExecutor: gpus", gpus, least=0)
        if workers is None:
            workers = max(1, available_cores() // self.cpus)
            if self.gpus:
                workers = max(1, min(workers, len(visible_devices()) // self.gpus))
        self.workers = whole_number("ProcessExecutor: workers", workers, least=1)
        self.max_evaluations_per_worker = max_evaluations_per_worker
        if max_evaluations_per_worker is not None:
            self.max_evaluations_per_worker = whole_number(
                "ProcessExecutor: max_evaluations_per_worker", max_evaluations_per_worker, least=1
            )
        self.shared = check_shared("ProcessExecutor", shared)
        self.retries = check_retries(retries)
        self.conditions = Conditions(
            timeout=timeout,
            setup_timeout=setup_timeout,
            output=output,
            workdir=workdir,
            keep_workdirs=keep_workdirs,
        )
        self._definition: Definition | None = None
        self._queue: deque[Task] = deque()
        self._processes: list[_Process] = []
        self._by_number: dict[int, _Process] = {}
        self._poll: Any = None  # waits for news of all
        self._due: list[tuple[float, int]] = []  # when another one is started, and its slot
        self._payload = b""
        self._run_id = ""
        self._devices: list[tuple[str, ...] | None] = []
        self._environment: dict[str, str] = {}
        self._shared_data: SharedData | None = None
        self._made = self._lost = 0
        self._starts = Starts()
        self._fatal: ExecutorError | None = None

    def __repr__(self) -> str:
        return f"ProcessExecutor(workers={self.workers}, timeout={self.conditions.timeout})"

    def settings(self) -> dict[str, Any]:
        """Name and arguments."""
        return {
            "name": "processes",
            "workers": self.workers,
            "cpus": self.cpus,
            "gpus": self.gpus,
            "max_evaluations_per_worker": self.max_evaluations_per_worker,
            "shared": sorted(self.shared),
            "retries": self.retries,
            **vars(self.conditions),
        }

    def start(self, job: Job) -> None:
        """Start all workers; they run ``setup`` at the same time, and tasks wait for them.

        Raises ExecutorError if ``setup`` fails, the problem cannot be pickled, or there are too few
        GPUs.
        """
        self._devices = split_devices(
            visible_devices() if self.gpus != 0 else (), self.workers, self.gpus
        )
        self._environment = {**thread_variables(self.cpus), **os.environ}
        if self.shared:
            self._shared_data = SharedData(self.shared)
        parcel = None if self._shared_data is None else self._shared_data.parcel
        self._payload = _pack(job, self.conditions, parcel)
        self._run_id = job.run_id
        self._definition = job.definition
        self._queue.clear()
        self._due.clear()
        self._starts, self._lost, self._fatal = Starts(), 0, None
        self._poll = select.poll()
        announce(self.conditions, job.run_id)
        for slot in range(self.workers):  # one by one: whatever was made is ended by close()
            self._add(slot)
        while not any(p.phase == "ready" for p in self._processes):
            self._look(1.0)
            if self._fatal is not None:
                raise self._fatal

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks and hand them to whoever is free."""
        self._queue.extend(tasks)
        self._hand_out()

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """What has finished; waits for the first at most ``timeout`` seconds.

        Raises ExecutorError if no worker can be had any more.
        """
        if self._fatal is not None:
            raise self._fatal
        finished = self._look(timeout)
        self._hand_out()
        return finished

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were."""
        dropped = sum(len(task.ids) for task in self._queue)
        self._queue.clear()
        return dropped

    def activity(self) -> Activity:
        """What the processes do now."""
        processes = list(self._processes)  # at once: other threads may look, too
        busy = sum(p.task is not None for p in processes)
        ready = sum(p.phase == "ready" for p in processes)
        return Activity(busy, ready - busy, self.workers - ready, self._lost)

    def close(self) -> None:
        """End the processes: those that are idle by their ``teardown``, the others at once."""
        self._queue.clear()
        self._due.clear()
        for p in self._processes:
            if p.phase == "ready" and p.task is None:
                p.handle.send(None)
            elif p.phase != "leaving":
                p.handle.kill()
        left = self._wait_for_the_end(self._processes, TEARDOWN_SECONDS)
        late = [p for p in left if p.handle.killed is None]
        if late:
            log.warning("%d workers are killed: teardown() takes too long", len(late))
        for p in left:
            p.handle.kill()
        self._wait_for_the_end(left, END_SECONDS)
        for p in self._processes:
            p.handle.close()
        self._processes = []
        self._by_number = {}
        if self._shared_data is not None:
            self._shared_data.close()
            self._shared_data = None

    # -- processes -------------------------------------------------------------------------------

    def _add(self, slot: int) -> None:
        name = f"process-{self._made}"
        self._made += 1
        device = self._devices[slot]
        environment = dict(self._environment)
        if device is not None:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(device)
        handle = Supervised(
            name, self.conditions, self.conditions.output_folder(self._run_id), environment,
            self._poll,
            share=self._shared_data is not None,
        )  # fmt: skip
        handle.send((preparation(name), self._payload, device))
        p = _Process(name, slot, handle)
        if self.conditions.setup_timeout is not None:
            p.ends = time.monotonic() + self.conditions.setup_timeout
        self._processes.append(p)
        self._by_number.update(dict.fromkeys(handle.numbers, p))

    def _hand_out(self) -> None:
        for p in self._processes:
            if p.phase == "ready" and p.task is None and self._queue:
                p.task = self._queue.popleft()
                p.ends = time.monotonic() + self.conditions.allowance(p.task)
                p.handle.send(p.task)

    def _look(self, timeout: float) -> list[Completion | LostTask]:
        """Wait for news, and act upon them."""
        finished: list[Completion | LostTask] = []
        for p, ready in self._with_news(timeout):
            news = p.handle.news(ready)
            if news.printed:
                show(news.printed)
            for message in news.messages:
                finished += self._take(p, message)
            if news.ended:
                finished += self._bury(p, news.ended)
        now = time.monotonic()
        self._end_those_that_hang(now)
        for due in [due for due in self._due if due[0] <= now]:
            self._due.remove(due)
            self._add(due[1])
        return finished

    def _with_news(self, timeout: float) -> list[tuple[_Process, set[int]]]:
        """Those of whom something has come, after at most so many seconds, and on what."""
        first = min(p.ends for p in self._processes) if self._processes else math.inf
        first = min([first, *(when for when, _ in self._due)])
        seconds = max(0.0, min(timeout, first - time.monotonic()))
        found: dict[str, tuple[_Process, set[int]]] = {}
        for number, _ in self._poll.poll(math.ceil(1000 * seconds)):
            p = self._by_number[number]
            found.setdefault(p.name, (p, set()))[1].add(number)
        for p in self._processes:
            if p.handle.uneasy:
                found.setdefault(p.name, (p, set()))
        return list(found.values())

    def _take(self, p: _Process, message: Any) -> list[Completion]:
        """A message of a worker."""
        if p.phase == "starting" and message == READY:
            p.phase, p.ends = "ready", math.inf
            self._starts.ready()
        elif p.phase == "starting" and isinstance(message, tuple):
            p.trace = setup_failed(message[1]) if message[0] == "setup" else not_started(message[1])
        elif self._answers(p, message):
            p.task, p.ends = None, math.inf
            p.evaluated += len(message.ids)
            most = self.max_evaluations_per_worker
            if most is not None and p.evaluated >= most:
                p.phase, p.ends = "leaving", time.monotonic() + TEARDOWN_SECONDS
                p.handle.send(None)
            return [message]
        else:  # a job has got hold of the connection
            p.handle.kill()
        return []

    def _answers(self, p: _Process, message: Any) -> bool:
        """True if it is the outcome of the worker's task."""
        if p.task is None or p.late or not isinstance(message, Completion):
            return False
        assert self._definition is not None
        k = len(p.task.ids)
        return (
            np.array_equal(message.ids, p.task.ids)
            and message.F.shape == (k, self._definition.n_obj)
            and message.G.shape == (k, self._definition.n_con)
        )

    def _end_those_that_hang(self, now: float) -> None:
        for p in self._processes:
            if p.ends <= now:
                p.ends, p.late = math.inf, True
                p.handle.kill()  # what becomes of its task is said once it has ended

    def _bury(self, p: _Process, how: str) -> list[Completion | LostTask]:
        """A worker has ended, with all that it started: another takes its place."""
        for number in p.handle.numbers:
            del self._by_number[number]
        p.handle.close()
        self._processes.remove(p)
        if p.phase == "starting":
            self._note_start(p, how)
        self._due.append((time.monotonic() + self._starts.pause(), p.slot))
        if p.task is None:
            return []
        assert self._definition is not None
        file = output_file(self.conditions, self._run_id, named(p.task))
        said = with_last_words("", p.handle.last_words, file)
        if p.late:
            return [self.conditions.exceeded(p.task, self._definition, p.name, said)]
        self._lost += 1
        return [LostTask(p.task, f"worker {p.name} {how}", detail=said)]

    def _note_start(self, p: _Process, how: str) -> None:
        """A worker has ended before it was ready: give up, or try again."""
        self._lost += 1
        if p.late:
            seconds = self.conditions.setup_timeout
            p.trace = f"worker {p.name} was not ready after {seconds:g} s, its setup_timeout"
        if p.trace:
            hopeless, message = self._starts.raised(), p.trace
        else:
            hopeless = self._starts.died()
            message = (
                f"worker {p.name} {how} before it was ready, as did {self._starts.deaths - 1} "
                'before it. A script must start its run under `if __name__ == "__main__":`; if it '
                "does, the output of the workers above says more"
            )
        if hopeless:
            self._fatal = ExecutorError(with_last_words(message, p.handle.last_words))
        else:
            log.warning("another worker is started: %s", message)

    def _wait_for_the_end(self, processes: list[_Process], seconds: float) -> list[_Process]:
        """Wait until they have ended, show what they print; returns those that have not."""
        until = time.monotonic() + seconds
        left = list(processes)
        while left and time.monotonic() < until:
            self._poll.poll(50)
            for p in list(left):
                news = p.handle.news()
                show(news.printed)
                if news.ended:
                    left.remove(p)
        return left


def available_cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


def thread_variables(cpus: int) -> dict[str, str]:
    """Variables that have a worker's numerical libraries use so many threads.

    Only those that nobody has set; none if ``OMP_NUM_THREADS`` is, which all of them look at.
    """
    if "OMP_NUM_THREADS" in os.environ:
        return {}
    return {name: str(cpus) for name in THREAD_VARIABLES if name not in os.environ}


def not_started(trace: str) -> str:
    """The message for a worker that could not import what the driver has, or unpack the problem."""
    return f"a worker cannot make the problem again:\n{trace.rstrip()}"


def _pack(job: Job, conditions: Conditions, parcel: Parcel | None) -> bytes:
    """The job as bytes. One from a file goes as what it is made of: no import finds it."""
    problem: Any = job.problem
    main = sys.modules["__main__"]
    unit = getattr(main.__spec__, "name", "").rpartition(".")[2]
    if type(problem).__module__ == "__main__" and (
        unit == "__main__" or not hasattr(main, "__file__")
    ):
        where = "the __main__.py of a package, a folder or a zip file"
        raise ExecutorError(
            f"{type(problem).__name__} is defined in {where if unit else 'a notebook or typed in'}"
            ', where processes cannot find it; put it into a module, or use executor="ray" or '
            '"serial"'
        )
    if (made := from_file(problem)) is not None:
        problem = made
    elif type(problem).__module__.startswith(FILE_MODULE):
        reason = reference_to(problem).reason
        raise ExecutorError(f"{problem!r} cannot be sent to processes: {reason}")
    try:
        return pickle.dumps((problem, job.seed, job.run_id, conditions, parcel))
    except Exception as error:  # whatever the user's objects raise when pickled
        raise cannot_be_pickled(job.problem, error, pickle.dumps) from error
