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
from collections.abc import Mapping, Sequence
from typing import Any

from ...checks import whole_number
from ...errors import ConfigurationError, ExecutorError
from ...problems.folder import FILE_MODULE
from ...problems.reference import from_file, reference_to
from ..records.outcome import Completion, LostTask, Task
from .base import Activity, Executor, Job, check_retries
from .conditions import Conditions, Output
from .devices import split_devices, visible_devices
from .evaluator import named
from .instructions import Death, Dismiss, GiveUp, Instruction, Kill, Say, Send, Start, Tell
from .output import announce, output_file, show, with_last_words
from .pickling import cannot_be_pickled
from .pool import TEARDOWN_SECONDS, Pool, Rules
from .shared import Parcel, SharedData, check_shared
from .supervised import END_SECONDS, Supervised
from .worker import setup_failed
from .worker_process import READY, preparation

log = logging.getLogger(__name__)

ADVICE = (
    '. A script must start its run under `if __name__ == "__main__":`; if it does, the output of '
    "the workers above says more"
)
"""For those whose workers die before they are ready."""

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
"""Set to ``cpus`` in workers: workers that each use every core slow each other down."""


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
        self._pool: Pool | None = None
        self._processes: dict[str, Supervised] = {}
        self._by_number: dict[int, Supervised] = {}
        self._poll: Any = None  # waits for news of all
        self._payload = b""
        self._run_id = ""
        self._devices: list[tuple[str, ...] | None] = []
        self._environment: dict[str, str] = {}
        self._shared_data: SharedData | None = None
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
        self._fatal = None
        self._poll = select.poll()
        announce(self.conditions, job.run_id)
        self._pool = Pool(
            Rules(
                kind="process",
                definition=job.definition,
                conditions=self.conditions,
                most=self.max_evaluations_per_worker,
            )
        )
        self._carry_out(self._pool.resize(self.workers, time.monotonic()))
        while not self._pool.ready_ones:
            self._look(1.0)
            if self._fatal is not None:
                raise self._fatal

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks and hand them to whoever is free."""
        if self._pool is not None:
            self._pool.submit(tasks)
            self._carry_out(self._pool.hand_out(time.monotonic()))

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """What has finished; waits for the first at most ``timeout`` seconds.

        Raises ExecutorError if no worker can be had any more.
        """
        if self._fatal is not None:
            raise self._fatal
        return self._look(timeout)

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were."""
        return 0 if self._pool is None else self._pool.drop_queued()

    def activity(self) -> Activity | None:
        """What the processes do now."""
        return None if self._pool is None else self._pool.activity()

    def close(self) -> None:
        """End the processes: those that are idle by their ``teardown``, the others at once."""
        pool, self._pool = self._pool, None
        if pool is not None:
            self._carry_out(pool.close())
        left = self._wait_for_the_end(list(self._processes.values()), TEARDOWN_SECONDS)
        late = [process for process in left if process.killed is None]
        if late:
            log.warning("%d workers are killed: teardown() takes too long", len(late))
        for process in left:
            process.kill()
        self._wait_for_the_end(left, END_SECONDS)
        for process in self._processes.values():
            process.close()
        self._processes, self._by_number = {}, {}
        if self._shared_data is not None:
            self._shared_data.close()
            self._shared_data = None

    # -- what the pool wants ---------------------------------------------------------------------

    def _carry_out(self, todo: Sequence[Instruction]) -> list[Completion | LostTask]:
        """Do what the pool says; returns what it tells."""
        told: list[Completion | LostTask] = []
        for each in todo:
            match each:
                case Tell(outcome):
                    told.append(outcome)
                case Send(worker, (task,)):
                    self._processes[worker].send(task)
                case Start(worker, slot):
                    self._add(worker, slot)
                case Dismiss(worker):
                    self._processes[worker].send(None)
                case Kill(worker):
                    if worker in self._processes:  # else an interruption came before it was made
                        self._processes[worker].kill()
                case Say(text):
                    log.warning("%s", text)
                case GiveUp(reason):
                    self._fatal = self._fatal or ExecutorError(reason)
        return told

    def _add(self, name: str, slot: int) -> None:
        """Start a process, which goes on to ``setup`` by itself."""
        device = self._devices[slot]
        environment = dict(self._environment)
        if device is not None:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(device)
        process = Supervised(
            name, self.conditions, self.conditions.output_folder(self._run_id), environment,
            self._poll,
            share=self._shared_data is not None,
        )  # fmt: skip
        self._processes[name] = process
        self._by_number.update(dict.fromkeys(process.numbers, process))
        process.send((preparation(name), self._payload, device))
        assert self._pool is not None
        self._pool.placed(name, time.monotonic())

    # -- what happens ----------------------------------------------------------------------------

    def _look(self, timeout: float) -> list[Completion | LostTask]:
        """Wait for news, tell the pool of them, and do what it says."""
        assert self._pool is not None
        todo: list[Instruction] = []
        for process, ready in self._with_news(timeout):
            news = process.news(ready)
            if news.printed:
                show(news.printed)
            for message in news.messages:
                todo += self._understand(process.name, message)
            if news.ended:
                todo += self._bury(process, news.ended)
        told = self._carry_out(todo)
        return told + self._carry_out(self._pool.turn(time.monotonic()))

    def _with_news(self, timeout: float) -> list[tuple[Supervised, set[int]]]:
        """Those of whom something has come, after at most so many seconds, and on what."""
        assert self._pool is not None
        seconds = max(0.0, min(timeout, self._pool.next_time() - time.monotonic()))
        found: dict[str, tuple[Supervised, set[int]]] = {}
        for number, _ in self._poll.poll(math.ceil(1000 * seconds)):
            process = self._by_number[number]
            found.setdefault(process.name, (process, set()))[1].add(number)
        for name, process in self._processes.items():
            if process.uneasy:
                found.setdefault(name, (process, set()))
        return list(found.values())

    def _understand(self, worker: str, message: Any) -> list[Instruction]:
        """A message of a worker."""
        assert self._pool is not None
        match message:
            case Completion():
                return self._pool.answered(worker, (message,), time.monotonic())
            case str() if message == READY:
                return self._pool.ready(worker)
            case ("start" | "setup" as stage, str(trace)):
                reason = setup_failed(trace) if stage == "setup" else not_started(trace)
                return self._pool.broken(worker, reason, time.monotonic())
        return self._pool.babbled(worker)

    def _bury(self, process: Supervised, how: str) -> list[Instruction]:
        """A worker has ended, with all that it started."""
        assert self._pool is not None
        for number in process.numbers:
            del self._by_number[number]
        process.close()
        del self._processes[process.name]
        tasks = self._pool.tasks_of(process.name)
        file = output_file(self.conditions, self._run_id, named(tasks[0])) if tasks else ""
        said = with_last_words("", process.last_words, file)
        return self._pool.died(process.name, Death(how, said, advice=ADVICE), time.monotonic())

    def _wait_for_the_end(self, processes: list[Supervised], seconds: float) -> list[Supervised]:
        """Wait until they have ended, show what they print; returns those that have not."""
        until = time.monotonic() + seconds
        left = list(processes)
        while left and time.monotonic() < until:
            self._poll.poll(50)
            for process in list(left):
                news = process.news()
                show(news.printed)
                if news.ended:
                    left.remove(process)
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
    if from_file(problem) is None and type(problem).__module__.startswith(FILE_MODULE):
        reason = reference_to(problem).reason
        raise ExecutorError(f"{problem!r} cannot be sent to processes: {reason}")
    try:
        return pickle.dumps((job, conditions, parcel))
    except Exception as error:  # whatever the user's objects raise when pickled
        raise cannot_be_pickled(job.problem, error, pickle.dumps) from error
