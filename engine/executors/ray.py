"""Evaluation in Ray actors, on this machine or on a cluster.

Every actor holds the user's problem after one ``setup`` and has one task at a time, or some short
ones. Actors are never restarted by Ray (they would come back without their ``setup``): one that
dies is replaced here, and its task comes back as ``LostTask``.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...checks import whole_number
from ...errors import ConfigurationError, ExecutorError
from ..records.outcome import Completion, LostTask, Task
from .base import Activity, Executor, Job, check_retries
from .conditions import Conditions, Output
from .evaluator import named
from .instructions import (
    Death,
    Dismiss,
    GiveUp,
    Instruction,
    Kill,
    Say,
    Send,
    Start,
    StopListening,
    Tell,
)
from .output import with_last_words
from .pickling import cannot_be_pickled
from .pool import TEARDOWN_SECONDS, Pool, Rules, joined
from .ray_actor import Trouble
from .ray_actors import Actors, Answer
from .ray_cluster import Connection, Needs, import_ray, storable
from .ray_output import Speech
from .shared import check_shared
from .travel import PackedJob, origin_of, pack_job
from .worker import setup_failed

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Without any actor placed after this long, something is missing in the cluster, and is named."""

RESIZE_SECONDS = 5.0
"""Between two looks at how many workers a cluster has room for."""


class RayExecutor(Executor):
    """A pool of Ray actors.

    Args:
        workers: How many; None is what fits into the cluster, also when it grows or shrinks.
        cpus: CPUs for each, may be a fraction.
        gpus: GPUs for each, may be a fraction.
        address: Of a running cluster ("auto" for the one this machine belongs to); None starts Ray
            on this machine, unless the program has initialized it already.
        memory: Bytes for each, by which Ray places them; it does not limit them.
        resources: Of the cluster's own names, like {"a100": 1}.
        runtime_env: Ray's description of the workers' environment: packages, variables, files.
        scheduling_strategy: "DEFAULT" packs, "SPREAD" spreads over the nodes.
        max_evaluations_per_worker: A worker is replaced after as many, for code that leaks memory.
        shared: Named data that every worker reads, like {"images": array}: put into the object
            store once, ``ctx.shared["images"]`` in ``setup`` and ``evaluate``. Arrays are read-only
            and not copied within a machine. A run's file does not hold it: it must be passed again
            to resume.
        timeout: Seconds that an evaluation may take: then its actor is killed and replaced, and the
            candidate has failed. None for as long as it takes.
        setup_timeout: Seconds that a worker that has a place may take until ``setup`` has run.
        retries: How often a candidate that failed is evaluated again, with the same seed.
        output: "show" passes on every line that a job prints, with its candidate before it; "file"
            writes them to files on the node; "drop" keeps only the last ones of a failure.
        workdir: Folder in which every candidate has one of its own, ``ctx.workdir``, on the node
            that evaluates it; "" is the system's for temporary files.
        keep_workdirs: Keep them also when the evaluation succeeds.

    With a fixed number of workers, those that find no place wait for one: that is what makes an
    autoscaling cluster grow.
    Raises ConfigurationError for wrong numbers, and if Ray is not installed.
    """

    evaluates_here = False

    def __init__(
        self,
        workers: int | None = None,
        *,
        cpus: float = 1,
        gpus: float = 0,
        address: str | None = None,
        memory: float | None = None,
        resources: Mapping[str, float] | None = None,
        runtime_env: Mapping[str, Any] | None = None,
        scheduling_strategy: str = "DEFAULT",
        max_evaluations_per_worker: int | None = None,
        shared: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        setup_timeout: float | None = None,
        retries: int = 0,
        output: Output = "show",
        workdir: str = "",
        keep_workdirs: bool = False,
    ) -> None:
        self.needs = Needs(
            cpus=cpus,
            gpus=gpus,
            memory=memory,
            resources=resources,
            runtime_env=runtime_env,
            scheduling_strategy=scheduling_strategy,
        )
        if workers is None and not self.needs.bounded:
            raise ConfigurationError("RayExecutor: with cpus=0 and gpus=0, say how many workers")
        self.workers, self.max_evaluations_per_worker = (
            value if value is None else whole_number(f"RayExecutor: {what}", value, least=1)
            for what, value in (
                ("workers", workers),
                ("max_evaluations_per_worker", max_evaluations_per_worker),
            )
        )
        self.address = address
        self.shared = check_shared("RayExecutor", shared)
        self.retries = check_retries(retries)
        self.conditions = Conditions(
            timeout=timeout,
            setup_timeout=setup_timeout,
            output=output,
            workdir=workdir,
            keep_workdirs=keep_workdirs,
        )
        self._ray: Any = None
        self._connection: Connection | None = None
        self._pool: Pool | None = None
        self._actors: Actors | None = None
        self._speech: Speech | None = None
        self._vectorized = False
        self._next_look = 0.0  # at how many workers fit, by time.monotonic()
        self._next_complaint = START_SECONDS  # seconds without a place for any worker
        self._fatal: ExecutorError | None = None

    def __repr__(self) -> str:
        return f"RayExecutor(workers={self.workers}, {self.needs}, address={self.address!r})"

    def settings(self) -> dict[str, Any]:
        """Name and arguments."""
        return {
            "name": "ray",
            "workers": self.workers,
            **vars(self.needs),
            "runtime_env": storable(self.needs.runtime_env),
            "address": self.address,
            "max_evaluations_per_worker": self.max_evaluations_per_worker,
            "shared": sorted(self.shared),
            "retries": self.retries,
            **vars(self.conditions),
        }

    def start(self, job: Job) -> None:
        """Join or start Ray, make the actors, and wait until the first has run ``setup``.

        Raises:
            ConfigurationError: If Ray is not installed.
            ExecutorError: If no cluster answers, no actor can be placed, or ``setup`` fails.
        """
        self._ray = import_ray()
        # As many slots as workers were asked for, also on a machine with fewer cores.
        self._connection = Connection(
            self._ray, self.address, math.ceil((self.workers or 0) * self.needs.cpus)
        )
        own_folder = self._connection.has_working_folder or "working_dir" in (
            self.needs.runtime_env or {}
        )
        self._fatal, self._next_complaint = None, START_SECONDS
        self._vectorized = job.definition.vectorized
        self._speech = Speech(self._ray, self.conditions, job.run_id)
        self._actors = Actors(
            self._ray,
            self.needs,
            job,
            self._ray.put(_packed(self._ray.cloudpickle, job)),
            origin_of(job.problem, own_folder=own_folder),
            self.conditions,
            {name: self._ray.put(value) for name, value in self.shared.items()},
            self._speech,
            alone=self._connection.is_of_this_machine,
        )
        self._pool = Pool(
            Rules(
                kind="ray",
                definition=job.definition,
                conditions=self.conditions,
                most=self.max_evaluations_per_worker,
                together=True,
            )
        )
        self._resize()
        if not self._pool.wanted:
            raise ExecutorError(
                f"no worker fits: each needs {self.needs}, and the cluster has "
                f"{self._ray.cluster_resources()} in all"
            )
        while not self._pool.ready_ones:
            self._look(0.2)
            if self._fatal is not None:
                raise self._fatal
            waited = self._pool.without_place(time.monotonic())
            if waited > START_SECONDS and not self._connection.is_shared:
                raise ExecutorError(
                    f"no actor could be placed within {START_SECONDS:.0f} s: each needs "
                    f"{self.needs}, and free are {self._ray.available_resources()}; ask for less, "
                    "or add nodes"
                )
            self._say_if_nobody_works()  # there is a place when another run of ours ends

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
        finished = self._look(timeout)
        self._say_if_nobody_works()
        return finished

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were."""
        return 0 if self._pool is None else self._pool.drop_queued()

    def activity(self) -> Activity | None:
        """What the actors do now."""
        return None if self._pool is None else self._pool.activity()

    def close(self) -> None:
        """End the actors: those that are idle by their ``teardown``, the others at once.

        Ends Ray, too, if it was started here.
        """
        pool, self._pool = self._pool, None
        actors, self._actors = self._actors, None
        speech, self._speech = self._speech, None
        connection, self._connection = self._connection, None
        if pool is not None and actors is not None:
            idle = [each.worker for each in pool.close() if isinstance(each, Dismiss)]
            late = actors.close(idle, TEARDOWN_SECONDS)
            if late:
                log.warning("%d workers are killed: teardown() takes too long", late)
        if speech is not None:
            speech.close()
        if connection is not None:
            connection.close()
        self._ray = None

    # -- what the pool wants ---------------------------------------------------------------------

    def _carry_out(self, todo: Sequence[Instruction]) -> list[Completion | LostTask]:
        """Do what the pool says; returns what it tells."""
        assert self._pool is not None
        assert self._actors is not None
        told: list[Completion | LostTask] = []
        for each in todo:
            match each:
                case Tell(outcome):
                    told.append(outcome)
                case Send(worker, tasks):
                    self._actors.evaluate(worker, joined(tasks, vectorized=self._vectorized))
                case Start(worker, _):
                    self._actors.add(worker)
                case Dismiss(worker):
                    self._actors.dismiss(worker)
                case Kill(worker):
                    if self._actors.has(worker):  # else an interruption came before it was made
                        told += self._carry_out(self._end(worker, Death("was killed", None)))
                case StopListening(worker):
                    told += self._carry_out(self._pool.last_words(worker, self._words_of(worker)))
                case Say(text):
                    log.warning("%s", text)
                case GiveUp(reason):
                    self._fatal = self._fatal or ExecutorError(reason)
        return told

    def _end(self, worker: str, death: Death) -> list[Instruction]:
        """An actor is dead, or is killed now; its last words are asked for."""
        assert self._pool is not None
        assert self._actors is not None
        node = self._actors.end(worker)
        todo = self._pool.died(worker, death, time.monotonic())
        if death.said is None and (
            death.blameless or not self._actors.ask_last_words(worker, node)
        ):
            todo += self._pool.last_words(worker, "")
        return todo

    def _words_of(self, worker: str) -> str:
        """What an actor that is gone printed last, as far as that has come."""
        assert self._pool is not None
        assert self._speech is not None
        tasks = self._pool.tasks_of(worker)
        whose = {named(task) for task in tasks}
        whose.update(str(id) for task in tasks for id in task.ids.tolist())
        return with_last_words("", self._speech.last(worker, whose))

    def _resize(self) -> None:
        """Look how many workers there can be."""
        assert self._pool is not None
        self._next_look = time.monotonic() + RESIZE_SECONDS
        wanted = self.workers or self.needs.fitting(self._ray.cluster_resources())
        self._carry_out(self._pool.resize(wanted, time.monotonic()))

    # -- what happens ----------------------------------------------------------------------------

    def _look(self, timeout: float) -> list[Completion | LostTask]:
        """Wait for news, tell the pool of them, and do what it says."""
        assert self._pool is not None
        assert self._actors is not None
        next_time = self._pool.next_time()
        if self.workers is None:
            next_time = min(next_time, self._next_look)
        told: list[Completion | LostTask] = []
        for answer in self._actors.answers(min(time.monotonic() + timeout, next_time)):
            if self._actors.taken(answer):
                told += self._carry_out(self._understand(answer))
        if self.workers is None and time.monotonic() >= self._next_look:
            self._resize()
        return told + self._carry_out(self._pool.turn(time.monotonic()))

    def _understand(self, answer: Answer) -> list[Instruction]:
        """What has come of something that an actor was asked for."""
        assert self._pool is not None
        assert self._actors is not None
        assert self._speech is not None
        worker, asked, reference = answer
        if asked == "last words":
            self._speech.hear(self._actors.lines(reference))
            return self._pool.last_words(worker, self._words_of(worker))
        if asked == "end":
            return self._end(worker, Death("left"))
        exceptions = self._ray.exceptions
        try:
            said = self._ray.get(reference)
        except exceptions.RayError as error:
            # What the user's code raises never gets here: the job could not be unpacked.
            lost = isinstance(error, (exceptions.ObjectLostError, exceptions.RayActorError))
            if isinstance(error, exceptions.RayTaskError) and not lost:
                return [GiveUp(_cannot_work(worker, str(error)))]
            return self._bury(worker, error)  # died, out of memory, lost its node
        if asked == "place":
            node, sees = said
            self._pool.placed(worker, time.monotonic())
            self._actors.set_up(worker, node, sees=sees)
            return []
        if asked == "setup":
            return self._note_setup(worker, said)
        return self._pool.answered(worker, said, time.monotonic())

    def _note_setup(self, worker: str, trouble: Trouble | None) -> list[Instruction]:
        """An actor is ready, or its ``setup`` has raised."""
        assert self._pool is not None
        if trouble is None:
            return self._pool.ready(worker)
        stage, trace = trouble
        reason = setup_failed(trace) if stage == "setup" else _cannot_work(worker, trace)
        todo = self._pool.broken(worker, reason, time.monotonic())
        return [*todo, *self._end(worker, Death("was killed"))]

    def _bury(self, worker: str, error: Exception) -> list[Instruction]:
        """An actor is gone."""
        assert self._actors is not None
        reason = str(error)
        log.warning("worker %s died: %s", worker, reason.splitlines()[0])
        blameless = self._lost_its_node(self._actors.node_of(worker), error)
        if blameless:
            self._next_look = 0.0  # fewer may fit now
        out_of_memory = reason if isinstance(error, self._ray.exceptions.OutOfMemoryError) else ""
        return self._end(worker, Death("died", None, blameless, out_of_memory, f": {reason}"))

    def _lost_its_node(self, node: str, error: Exception) -> bool:
        """Ray names a dead node in its message, and lists nodes by whether they are alive."""
        reason = str(error)
        if "node has died" in reason or "node was terminated" in reason:
            return True
        if getattr(error, "preempted", False):
            return True
        alive = {each["NodeID"] for each in self._ray.nodes() if each["Alive"]}
        return node != "" and node not in alive

    def _say_if_nobody_works(self) -> None:
        """A cluster that has shrunk to nothing is waited for, but not in silence."""
        assert self._pool is not None
        seconds = self._pool.without_place(time.monotonic())
        if not seconds:
            self._next_complaint = START_SECONDS
        elif seconds > self._next_complaint:
            self._next_complaint = seconds + START_SECONDS
            log.warning(
                "no worker has had a place for %.0f s: each needs %s, free are %s; "
                "waiting for the cluster",
                seconds, self.needs, self._ray.available_resources(),
            )  # fmt: skip


def _cannot_work(worker: str, reason: str) -> str:
    """What is said of a job that cannot be unpacked, above all of a module that is not there."""
    missing = re.search(r"No module named '([^']+)'", reason)
    if missing is None:
        return f"worker {worker} cannot work: {reason}"
    return (
        f"worker {worker} cannot import the module {missing[1]!r}, which the problem needs: "
        "install it on every node, or put it beside the problem's file, where it travels by itself "
        "unless git ignores it"
    )


def _packed(cloudpickle: Any, job: Job) -> PackedJob:
    try:
        return pack_job(cloudpickle, job)
    except Exception as error:  # whatever the user's objects raise when pickled
        raise cannot_be_pickled(job.problem, error, cloudpickle.dumps) from error
