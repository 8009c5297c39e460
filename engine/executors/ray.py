"""Evaluation in Ray actors, on this machine or on a cluster.

Every actor holds the user's problem after one ``setup`` and has one task at a time, or some short
ones. Actors are never restarted by Ray (they would come back without their ``setup``): one that
dies is replaced here, and its task comes back as ``LostTask``.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ...errors import ConfigurationError, ExecutorError
from ...problems.definition import Definition
from ...problems.reference import FILE_MODULE
from ..outcome import Completion, Failed, LostTask, Task, failed_completion
from .base import Activity, Conditions, Job, Starts, check_retries
from .pace import Pace
from .ray_actor import ActorWorker
from .ray_cluster import Connection, Needs, import_ray
from .serial import setup_failed
from .shared import check_shared

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Without any actor placed after this long, something is missing in the cluster, and is named."""

TEARDOWN_SECONDS = 5.0
"""For all workers together to end by themselves."""

RESIZE_SECONDS = 5.0
"""Between two looks at how many workers a cluster has room for."""


@dataclass
class _Actor:
    name: str
    handle: Any
    phase: Literal["placing", "setup", "ready"] = "placing"
    tasks: list[Task] = field(default_factory=list)
    ends: float = math.inf  # by time.monotonic(), what it does now
    evaluated: int = 0
    node: str = ""


class RayExecutor:
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
        retries: How often a candidate that failed is evaluated again, with the same seed.
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
        retries: int = 0,
        workdir: str = "",
        keep_workdirs: bool = False,
    ) -> None:
        for what, value in (
            ("workers", workers),
            ("max_evaluations_per_worker", max_evaluations_per_worker),
        ):
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int) or value < 1
            ):
                raise ConfigurationError(
                    f"RayExecutor: {what} must be a whole number >= 1, or None, got {value!r}"
                )
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
        self.workers = workers
        self.address = address
        self.max_evaluations_per_worker = max_evaluations_per_worker
        self.shared = check_shared("RayExecutor", shared)
        self.retries = check_retries(retries)
        self.conditions = Conditions(timeout=timeout, workdir=workdir, keep_workdirs=keep_workdirs)
        self._definition: Definition | None = None
        self._ray: Any = None
        self._connection: Connection | None = None
        self._job: Any = None
        self._references: dict[str, Any] = {}  # to what is shared
        self._queue: deque[Task] = deque()
        self._actors: dict[Any, _Actor] = {}  # by the reference each is waited for with
        self._idle: list[_Actor] = []
        self._made = self._lost = 0
        self._wanted = 0
        self._next_look = 0.0
        self._starts = Starts()
        self._nobody_since: float | None = None
        self._pace = Pace()
        self._alone: set[int] = set()  # first ids of tasks that go without company

    def __repr__(self) -> str:
        return f"RayExecutor(workers={self.workers}, {self.needs}, address={self.address!r})"

    def settings(self) -> dict[str, Any]:
        """Name and arguments."""
        return {
            "name": "ray",
            "workers": self.workers,
            **vars(self.needs),
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
        with _by_value(self._ray, job.problem):
            self._job = self._ray.put(job)
        self._references = {name: self._ray.put(value) for name, value in self.shared.items()}
        self._definition = job.definition
        self._pace = Pace()
        self._alone.clear()
        self._queue.clear()
        self._starts, self._lost = Starts(), 0
        self._resize()
        if not self._wanted:
            raise ExecutorError(
                f"no worker fits: each needs {self.needs}, and the cluster has "
                f"{self._ray.cluster_resources()} in all"
            )
        began = time.monotonic()
        while not self._idle:
            self._receive(1.0)
            waited = time.monotonic() - began
            if waited > START_SECONDS and all(a.phase == "placing" for a in self._actors.values()):
                raise ExecutorError(
                    f"no actor could be placed within {START_SECONDS:.0f} s: each needs "
                    f"{self.needs}, and free are {self._ray.available_resources()}; ask for less, "
                    "or add nodes"
                )

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks and hand them to whoever is free."""
        self._queue.extend(tasks)
        self._hand_out()

    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """What has finished; waits for the first at most ``timeout`` seconds."""
        first = min((a.ends for a in self._actors.values()), default=math.inf)
        finished = self._receive(max(0.0, min(timeout, first - time.monotonic())))
        finished += self._end_those_that_hang()
        self._hand_out()
        if self.workers is None and time.monotonic() >= self._next_look:
            self._resize()
        self._say_if_nobody_works()
        return finished

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were."""
        dropped = sum(len(task.ids) for task in self._queue)
        self._queue.clear()
        return dropped

    def activity(self) -> Activity:
        """What the actors do now."""
        actors = list(self._actors.values())  # at once: other threads may look, too
        busy = sum(bool(actor.tasks) for actor in actors)
        return Activity(busy, len(self._idle), len(actors) - busy, self._lost)

    def close(self) -> None:
        """End the actors: those that are idle by their ``teardown``, the others at once.

        Ends Ray, too, if it was started here.
        """
        self._queue.clear()
        if self._connection is None:
            return
        with contextlib.suppress(Exception):  # the cluster may be gone already
            dismissed = [actor.handle.dismiss.remote() for actor in self._idle]
            _, late = (
                self._ray.wait(dismissed, num_returns=len(dismissed), timeout=TEARDOWN_SECONDS)
                if dismissed
                else ([], [])
            )
            if late:
                log.warning("%d workers are killed: teardown() takes too long", len(late))
        for actor in (*self._idle, *self._actors.values()):
            self._kill(actor)
        self._idle, self._actors, self._job, self._references = [], {}, None, {}
        self._connection.close()
        self._connection = self._ray = None

    # -- actors ----------------------------------------------------------------------------------

    def _resize(self) -> None:
        """As many actors as are wanted; of too many, those go that have found no place."""
        self._next_look = time.monotonic() + RESIZE_SECONDS
        self._wanted = self.workers or self.needs.fitting(self._ray.cluster_resources())
        there = len(self._idle) + len(self._actors)
        for _ in range(self._wanted - there):
            self._add_actor()
        placing = [r for r, actor in self._actors.items() if actor.phase == "placing"]
        for reference in placing[: max(0, there - self._wanted)]:
            self._kill(self._actors.pop(reference))

    def _add_actor(self) -> None:
        name = f"ray-{self._made}"
        self._made += 1
        handle = (
            self._ray.remote(ActorWorker)
            .options(max_restarts=0, max_task_retries=0, **self.needs.options())
            .remote()
        )
        self._actors[handle.placed.remote()] = _Actor(name, handle)

    def _kill(self, actor: _Actor) -> None:
        with contextlib.suppress(Exception):  # usually there is nobody left to kill
            self._ray.kill(actor.handle, no_restart=True)

    def _retire(self, actor: _Actor) -> None:
        """Replace a worker that has done its share; it ends itself."""
        actor.handle.dismiss.remote()
        actor.handle.leave.remote()
        self._add_actor()

    def _bury(self, actor: _Actor, error: Exception) -> list[Completion | LostTask]:
        reason = str(error)
        log.warning("worker %s died: %s", actor.name, reason.splitlines()[0])
        self._lost += 1
        self._kill(actor)
        blameless = self._lost_its_node(actor, error)
        if actor.phase != "ready" and not blameless and self._starts.died():
            raise ExecutorError(
                f"{self._starts.deaths} workers in a row died before they were ready: {reason}"
            )
        self._resize()
        if actor.tasks[1:]:
            self._put_back(actor)
            return []
        if not actor.tasks:
            return []
        (task,) = actor.tasks
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            assert self._definition is not None
            sizes = (self._definition.n_obj, self._definition.n_con)
            failure = Failed("memory: Ray ended it, its node was out of memory", "memory", reason)
            return [failed_completion(task, failure, sizes)]
        return [LostTask(task, f"worker {actor.name} died", blameless)]

    def _lost_its_node(self, actor: _Actor, error: Exception) -> bool:
        """Ray names a dead node in its message, and lists nodes by whether they are alive."""
        reason = str(error)
        if "node has died" in reason or "node was terminated" in reason:
            return True
        if getattr(error, "preempted", False):
            return True
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        return actor.node != "" and actor.node not in alive

    def _say_if_nobody_works(self) -> None:
        """A cluster that has shrunk to nothing is waited for, but not in silence."""
        if self._idle or any(a.phase != "placing" for a in self._actors.values()):
            self._nobody_since = None
            return
        now = time.monotonic()
        if self._nobody_since is None:
            self._nobody_since = now
        elif now - self._nobody_since > START_SECONDS:
            self._nobody_since = now
            log.warning(
                "no worker has had a place for %.0f s: each needs %s, free are %s; "
                "waiting for the cluster",
                START_SECONDS, self.needs, self._ray.available_resources(),
            )  # fmt: skip

    # -- tasks -----------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        while self._idle and self._queue:
            actor = self._idle.pop()
            actor.tasks = self._next_tasks(actor)
            actor.ends = time.monotonic() + self.conditions.allowance(actor.tasks[0])
            self._actors[actor.handle.evaluate.remote(self._joined(actor.tasks))] = actor

    def _next_tasks(self, actor: _Actor) -> list[Task]:
        """What an actor gets: one task, or several short ones, but no more than its share."""
        workers = len(self._actors) + len(self._idle) + 1
        most = self._pace.together(len(self._queue), workers)
        if self.conditions.timeout is not None:  # it must be known who missed a deadline
            most = 1
        if self.max_evaluations_per_worker is not None:
            most = min(most, self.max_evaluations_per_worker - actor.evaluated)
        tasks = [self._queue.popleft()]
        if int(tasks[0].ids[0]) in self._alone:
            return tasks
        while len(tasks) < most and int(self._queue[0].ids[0]) not in self._alone:
            tasks.append(self._queue.popleft())
        return tasks

    def _joined(self, tasks: list[Task]) -> list[Task]:
        """As one task, which costs less to send, except chunks for ``evaluate_batch``."""
        assert self._definition is not None
        if len(tasks) == 1 or self._definition.vectorized:
            return tasks
        ids, X = (np.concatenate([getattr(task, name) for task in tasks]) for name in ("ids", "X"))
        return [Task(ids, X)]

    def _put_back(self, actor: _Actor) -> None:
        """One of several is to blame for what happened to the actor: each on its own now."""
        self._alone.update(int(task.ids[0]) for task in actor.tasks)
        self._queue.extendleft(reversed(actor.tasks))

    def _receive(self, timeout: float) -> list[Completion | LostTask]:
        references = list(self._actors)
        if not references:
            return []
        done, _ = self._ray.wait(references, num_returns=1, timeout=timeout)
        if done:  # and whatever else is ready by now
            done, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        finished: list[Completion | LostTask] = []
        for reference in done:
            finished += self._resolve(reference, self._actors.pop(reference))
        return finished

    def _resolve(self, reference: Any, actor: _Actor) -> list[Completion | LostTask]:
        exceptions = self._ray.exceptions
        try:
            answer = self._ray.get(reference)
        except exceptions.RayError as error:
            # What the user's code raises never gets here: the job could not be unpacked.
            lost = isinstance(error, (exceptions.ObjectLostError, exceptions.RayActorError))
            if isinstance(error, exceptions.RayTaskError) and not lost:
                self._kill(actor)
                raise ExecutorError(_cannot_work(actor.name, str(error))) from error
            return self._bury(actor, error)  # died, out of memory, lost its node
        if actor.phase == "placing":
            actor.phase, actor.node = "setup", answer
            reference = actor.handle.setup.remote(
                self._job, actor.name, self.conditions, self._references
            )
            self._actors[reference] = actor
            return []
        if actor.phase == "setup":
            if answer is not None:
                self._kill(actor)
                raise ExecutorError(setup_failed(answer))
            actor.phase = "ready"
            self._starts.ready()
            self._idle.append(actor)
            return []
        done: list[Completion | LostTask] = list(answer)
        for task in actor.tasks:
            self._alone.discard(int(task.ids[0]))
        self._note_seconds(answer)
        actor.tasks, actor.ends = [], math.inf
        actor.evaluated += sum(len(completion.ids) for completion in answer)
        most = self.max_evaluations_per_worker
        if most is not None and actor.evaluated >= most:
            self._retire(actor)
        else:
            self._idle.append(actor)
        return done

    def _note_seconds(self, done: Sequence[Completion]) -> None:
        assert self._definition is not None
        for completion in done:
            chunk = self._definition.vectorized
            for seconds in [completion.seconds.sum()] if chunk else completion.seconds.tolist():
                self._pace.note(float(seconds))

    def _end_those_that_hang(self) -> list[Completion | LostTask]:
        now = time.monotonic()
        finished: list[Completion | LostTask] = []
        for reference in [r for r, actor in self._actors.items() if actor.ends <= now]:
            actor = self._actors.pop(reference)
            assert self._definition is not None
            log.warning("worker %s is killed: its evaluation takes too long", actor.name)
            (task,) = actor.tasks
            finished.append(self.conditions.exceeded(task, self._definition, actor.name))
            self._kill(actor)
            self._add_actor()
        return finished


def _cannot_work(worker: str, reason: str) -> str:
    """What is said of a job that cannot be unpacked, above all of a module that is not there."""
    missing = re.search(r"No module named '([^']+)'", reason)
    if missing is None:
        return f"worker {worker} cannot work: {reason}"
    return (
        f"worker {worker} cannot import the module {missing[1]!r}, which the problem needs: "
        "install it on every node, or set PYTHONPATH there; a problem loaded from a file "
        "(file.py:Name) travels by itself"
    )


@contextlib.contextmanager
def _by_value(ray: Any, problem: Any) -> Iterator[None]:
    """Ship a problem that was loaded from a file with its code: no worker could import it."""
    module = sys.modules.get(type(problem).__module__)
    if module is None or not module.__name__.startswith(FILE_MODULE):
        yield
        return
    ray.cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        ray.cloudpickle.unregister_pickle_by_value(module)
