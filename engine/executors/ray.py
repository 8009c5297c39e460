"""Evaluation in Ray actors, on this machine or on a cluster.

Every actor holds the user's problem after one ``setup`` and has one task at a time. Actors are
never restarted by Ray (they would come back without their ``setup``): one that dies is replaced
here, and its task comes back as ``LostTask``.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...errors import ConfigurationError, ExecutorError
from ...problems.definition import Definition
from ...problems.reference import FILE_MODULE, survives_json
from ..outcome import Completion, Failed, LostTask, Task, failed_completion
from .base import Activity, Conditions, Job, check_retries
from .serial import setup_failed
from .worker import Worker

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Without any actor placed after this long, something is missing in the cluster, and is named."""

TEARDOWN_SECONDS = 5.0
"""For all workers together to end by themselves."""

STRATEGIES = ("DEFAULT", "SPREAD")

START_ATTEMPTS = 3
"""Actors in a row that may die before they are ready."""


CHEAP_SECONDS, TOGETHER_SECONDS, MOST_TOGETHER = 0.01, 0.02, 200
"""Tasks shorter than the first go to an actor together, as many as take the second, up to the
third: a call costs Ray the better part of a millisecond."""


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
        workers: How many; None is what fits: the cluster's CPUs (and GPUs) by what one needs.
        cpus: CPUs for each, may be a fraction.
        gpus: GPUs for each, may be a fraction.
        address: Of a running cluster ("auto" for the one this machine belongs to); None starts Ray
            on this machine, unless the program has initialized it already.
        memory: Bytes for each, by which Ray places them; it does not limit them.
        resources: Of the cluster's own names, like {"a100": 1}.
        runtime_env: Ray's description of the workers' environment: packages, variables, files.
        scheduling_strategy: "DEFAULT" packs, "SPREAD" spreads over the nodes.
        max_evaluations_per_worker: A worker is replaced after as many, for code that leaks memory.
        timeout: Seconds that an evaluation may take: then its actor is killed and replaced, and the
            candidate has failed. None for as long as it takes.
        retries: How often a candidate that failed is evaluated again, with the same seed.
        workdir: Folder in which every candidate has one of its own, ``ctx.workdir``, on the node
            that evaluates it; "" is the system's for temporary files.
        keep_workdirs: Keep them also when the evaluation succeeds.

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
        timeout: float | None = None,
        retries: int = 0,
        workdir: str = "",
        keep_workdirs: bool = False,
    ) -> None:
        if workers is not None and (
            isinstance(workers, bool) or not isinstance(workers, int) or workers < 1
        ):
            raise ConfigurationError(
                f"RayExecutor: workers must be a whole number >= 1, got {workers!r}"
            )
        for what, value in (("cpus", cpus), ("gpus", gpus)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise ConfigurationError(f"RayExecutor: {what} must be >= 0, got {value!r}")
        if cpus == 0 and gpus == 0 and workers is None:
            raise ConfigurationError("RayExecutor: with cpus=0 and gpus=0, say how many workers")
        self.workers = workers
        self.cpus = cpus
        self.gpus = gpus
        self.address = address
        self._options = _checked_options(memory, resources, runtime_env, scheduling_strategy)
        most = max_evaluations_per_worker
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
            raise ConfigurationError(
                f"RayExecutor: max_evaluations_per_worker must be >= 1, or None, got {most!r}"
            )
        self.max_evaluations_per_worker = most
        self.retries = check_retries(retries)
        self.conditions = Conditions(timeout=timeout, workdir=workdir, keep_workdirs=keep_workdirs)
        self._definition: Definition | None = None
        self._ray: Any = None
        self._owns_ray = False
        self._job: Any = None
        self._queue: deque[Task] = deque()
        self._actors: dict[Any, _Actor] = {}  # by the reference each is waited for with
        self._idle: list[_Actor] = []
        self._made = 0
        self._deaths_before_ready = 0
        self._nobody_since: float | None = None
        self._typical = math.inf  # seconds of a task, as of late
        self._alone: set[int] = set()  # first ids of tasks that go without company

    def __repr__(self) -> str:
        return (
            f"RayExecutor(workers={self.workers}, cpus={self.cpus}, gpus={self.gpus}, "
            f"address={self.address!r})"
        )

    def settings(self) -> dict[str, Any]:
        """Name and arguments."""
        return {
            "name": "ray",
            "workers": self.workers,
            "cpus": self.cpus,
            "gpus": self.gpus,
            "address": self.address,
            **self._options,
            "max_evaluations_per_worker": self.max_evaluations_per_worker,
            "retries": self.retries,
            **vars(self.conditions),
        }

    def start(self, job: Job) -> None:
        """Join or start Ray, make the actors, and wait until the first has run ``setup``.

        Raises:
            ConfigurationError: If Ray is not installed.
            ExecutorError: If no cluster answers, no actor can be placed, or ``setup`` fails.
        """
        self._ray = _import_ray()
        self._connect()
        with _by_value(self._ray, job.problem):
            self._job = self._ray.put(job)
        self._definition = job.definition
        self._typical = math.inf
        self._alone.clear()
        self._queue.clear()
        self._deaths_before_ready = 0
        for _ in range(self.workers or self._fitting()):
            self._add_actor()
        began = time.monotonic()
        while not self._idle:
            self._receive(1.0)
            waited = time.monotonic() - began
            if waited > START_SECONDS and all(a.phase == "placing" for a in self._actors.values()):
                raise ExecutorError(
                    f"no actor could be placed within {START_SECONDS:.0f} s: each needs "
                    f"{self.cpus} CPU and {self.gpus} GPU, and free are "
                    f"{self._ray.available_resources()}; ask for less, or add nodes"
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
        self._say_if_nobody_works()
        return finished

    def activity(self) -> Activity:
        """What the actors do now."""
        busy = sum(bool(actor.tasks) for actor in self._actors.values())
        return Activity(busy, len(self._idle), len(self._actors) - busy)

    def close(self) -> None:
        """End the actors: those that are idle by their ``teardown``, the others at once.

        Shuts Ray down if it was started here.
        """
        self._queue.clear()
        if self._ray is None:
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
            with contextlib.suppress(Exception):  # the cluster may be gone already
                self._ray.kill(actor.handle, no_restart=True)
        self._idle, self._actors, self._job = [], {}, None
        if self._owns_ray:
            self._ray.shutdown()
            self._owns_ray = False
        self._ray = None

    def _connect(self) -> None:
        ray = self._ray
        if ray.is_initialized():
            if self.address is not None:
                log.warning("Ray runs already: address=%r is not looked at", self.address)
            return
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self.address is None:
            options["include_dashboard"] = False
            if self.workers is not None and self.gpus == 0:
                # As many slots as workers were asked for, also on a machine with fewer cores.
                needed = max(1, -(-self.workers * self.cpus // 1))
                options["num_cpus"] = max(int(needed), os.cpu_count() or 1)
        terminate = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(address=self.address, **options)
        except Exception as error:  # ConnectionError, ValueError and others, by version
            where = f"the cluster at {self.address!r}" if self.address else "Ray on this machine"
            raise ExecutorError(
                f"cannot reach {where}: {error}; a cluster is started with `ray start --head`, and "
                "without an address Ray starts here"
            ) from error
        finally:  # Ray installs a handler of its own, which would keep a run from being sealed
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, terminate)
        self._owns_ray = True

    def _fitting(self) -> int:
        total = self._ray.cluster_resources()
        limits = [
            int(total.get(resource, 0) / need)
            for resource, need in (("CPU", self.cpus), ("GPU", self.gpus))
            if need
        ]
        if min(limits) < 1:
            raise ExecutorError(
                f"no worker fits: each needs {self.cpus} CPU and {self.gpus} GPU, and the cluster "
                f"has {total.get('CPU', 0):g} CPU and {total.get('GPU', 0):g} GPU in all"
            )
        return min(limits)

    def _add_actor(self) -> None:
        actor_class = self._ray.remote(_ActorWorker)
        name = f"ray-{self._made}"
        self._made += 1
        handle = actor_class.options(
            num_cpus=self.cpus,
            num_gpus=self.gpus,
            max_restarts=0,
            max_task_retries=0,
            **{key: value for key, value in self._options.items() if value is not None},
        ).remote()
        self._actors[handle.placed.remote()] = _Actor(name, handle)

    def _hand_out(self) -> None:
        while self._idle and self._queue:
            actor = self._idle.pop()
            actor.tasks = self._next_tasks(actor)
            actor.ends = time.monotonic() + self.conditions.allowance(actor.tasks[0])
            self._actors[actor.handle.evaluate.remote(actor.tasks)] = actor

    def _next_tasks(self, actor: _Actor) -> list[Task]:
        """What an actor gets: one task, or several short ones, but no more than its share."""
        tasks = [self._queue.popleft()]
        share = 1 + len(self._queue) // (len(self._actors) + len(self._idle) + 1)
        company = self.conditions.timeout is None  # with a deadline it must be known who missed it
        if company and self._typical < CHEAP_SECONDS and int(tasks[0].ids[0]) not in self._alone:
            most = min(share, MOST_TOGETHER, int(TOGETHER_SECONDS / max(self._typical, 1e-6)))
            if self.max_evaluations_per_worker is not None:
                most = min(most, self.max_evaluations_per_worker - actor.evaluated)
            while len(tasks) < most and int(self._queue[0].ids[0]) not in self._alone:
                tasks.append(self._queue.popleft())
        return tasks

    def _put_back(self, actor: _Actor) -> None:
        """One of several is to blame for what happened to the actor: each on its own now."""
        self._alone.update(int(task.ids[0]) for task in actor.tasks)
        self._queue.extendleft(reversed(actor.tasks))

    def _note_seconds(self, done: Completion) -> None:
        """Follow a longer task at once and shorter ones slowly."""
        seconds = float(done.seconds.sum())
        slower = not math.isfinite(self._typical) or seconds > self._typical
        self._typical = seconds if slower else 0.9 * self._typical + 0.1 * seconds
        self._alone.discard(int(done.ids[0]))

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
                "no worker has had a place for %.0f s: each needs %s CPU and %s GPU, free are %s; "
                "waiting for the cluster",
                START_SECONDS, self.cpus, self.gpus, self._ray.available_resources(),
            )  # fmt: skip

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
        try:
            answer = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            # What the user's code does never gets here: the job could not be unpacked.
            raise ExecutorError(f"worker {actor.name} cannot work: {error}") from error
        except self._ray.exceptions.RayError as error:  # died, out of memory, lost its node
            return self._bury(actor, error)
        if actor.phase == "placing":
            actor.phase, actor.node = "setup", answer
            reference = actor.handle.setup.remote(self._job, actor.name, self.conditions)
            self._actors[reference] = actor
            return []
        if actor.phase == "setup":
            if answer is not None:
                raise ExecutorError(setup_failed(answer))
            actor.phase = "ready"
            self._deaths_before_ready = 0
            self._idle.append(actor)
            return []
        done: list[Completion | LostTask] = list(answer)
        for completion in answer:
            actor.evaluated += len(completion.ids)
            self._note_seconds(completion)
        actor.tasks, actor.ends = [], math.inf
        most = self.max_evaluations_per_worker
        if most is not None and actor.evaluated >= most:
            self._retire(actor)
        else:
            self._idle.append(actor)
        return done

    def _retire(self, actor: _Actor) -> None:
        """Replace a worker that has done its share; it ends itself."""
        actor.handle.dismiss.remote()
        actor.handle.leave.remote()
        self._add_actor()

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

    def _kill(self, actor: _Actor) -> None:
        with contextlib.suppress(Exception):  # usually there is nobody left to kill
            self._ray.kill(actor.handle, no_restart=True)

    def _bury(self, actor: _Actor, error: Exception) -> list[Completion | LostTask]:
        reason = str(error)
        log.warning("worker %s died: %s", actor.name, reason.splitlines()[0])
        self._kill(actor)
        blameless = self._lost_its_node(actor, reason)
        if actor.phase != "ready" and not blameless:
            self._deaths_before_ready += 1
            if self._deaths_before_ready >= START_ATTEMPTS:
                raise ExecutorError(
                    f"{START_ATTEMPTS} workers in a row died before they were ready: {reason}"
                )
        self._add_actor()
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

    def _lost_its_node(self, actor: _Actor, reason: str) -> bool:
        """Ray names a dead node in its message, and lists nodes by whether they are alive."""
        if "node has died" in reason or "node was terminated" in reason:
            return True
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        return actor.node != "" and actor.node not in alive


class _ActorWorker:
    """What lives in an actor. Its constructor does nothing, so that being placed shows at once."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def placed(self) -> str:
        """Answers as soon as the actor has a place: the id of its node."""
        import ray

        return str(ray.get_runtime_context().get_node_id())

    def setup(self, job: Job, name: str, conditions: Conditions) -> str | None:
        """Run the problem's ``setup``; returns the traceback if it fails."""
        import ray

        device = tuple(str(gpu) for gpu in ray.get_gpu_ids())
        try:
            self._worker = Worker(job, name, conditions, device)
        except (Exception, SystemExit):  # told to the driver, which raises
            return traceback.format_exc()
        return None

    def evaluate(self, tasks: list[Task]) -> list[Completion]:
        """Evaluate tasks, one after the other."""
        return [self._evaluate(task) for task in tasks]

    def _evaluate(self, task: Task) -> Completion:
        assert self._worker is not None
        try:
            return self._worker.evaluate(task)
        except KeyboardInterrupt:  # raised by the candidate: Ray would take it for a cancellation
            definition = self._worker.job.definition
            failure = Failed("KeyboardInterrupt", "exception")
            return failed_completion(task, failure, (definition.n_obj, definition.n_con))

    def dismiss(self) -> None:
        """Run the problem's ``teardown``."""
        assert self._worker is not None
        self._worker.dismiss()

    def leave(self) -> None:
        """End the actor, after all that was asked of it."""
        import ray

        ray.actor.exit_actor()  # type: ignore[no-untyped-call]


def _checked_options(
    memory: float | None,
    resources: Mapping[str, float] | None,
    runtime_env: Mapping[str, Any] | None,
    scheduling_strategy: str,
) -> dict[str, Any]:
    """What Ray's actors are made with; all of it JSON, since a resumed run makes them again."""
    if memory is not None and (
        isinstance(memory, bool) or not isinstance(memory, (int, float)) or not memory > 0
    ):
        raise ConfigurationError(f"RayExecutor: memory must be bytes above 0, got {memory!r}")
    for what, value in (("resources", resources), ("runtime_env", runtime_env)):
        if value is not None and not (isinstance(value, Mapping) and survives_json(dict(value))):
            raise ConfigurationError(
                f"RayExecutor: {what} must be a mapping that JSON can hold, got {value!r:.200}"
            )
    if scheduling_strategy not in STRATEGIES:
        raise ConfigurationError(
            f"RayExecutor: scheduling_strategy must be one of {list(STRATEGIES)}, "
            f"got {scheduling_strategy!r}"
        )
    return {
        "memory": memory,
        "resources": None if resources is None else dict(resources),
        "runtime_env": None if runtime_env is None else dict(runtime_env),
        "scheduling_strategy": scheduling_strategy,
    }


def _import_ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise ConfigurationError(
            "the ray executor needs Ray, which is not installed: pip install 'paretide[ray]', "
            'or use executor="processes"'
        ) from None
    return ray


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
