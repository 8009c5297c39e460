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
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError, ExecutorError
from ...problems.definition import Definition
from ..outcome import Completion, Failed, LostTask, Task, failed_completion
from .base import Activity, Executor, Job, check_retries
from .conditions import Conditions, Output, Printed
from .evaluator import named
from .output import with_last_words
from .pace import Pace
from .pickling import cannot_be_pickled
from .ray_actor import ActorWorker, Trouble
from .ray_cluster import Connection, Needs, import_ray, storable
from .ray_output import Speech
from .shared import check_shared
from .starts import Starts
from .travel import Origin, PackedJob, origin_of, pack_folders, pack_job
from .worker import setup_failed

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Without any actor placed after this long, something is missing in the cluster, and is named."""

TEARDOWN_SECONDS = 5.0
"""For all workers together to end by themselves."""

FAREWELL_SECONDS = 20.0
"""For the last lines of an actor that is gone to come."""

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
    end: Callable[[str], list[Completion | LostTask]] | None = None
    """What becomes of its tasks, given what it printed last, once it is gone."""


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
        self._definition: Definition | None = None
        self._ray: Any = None
        self._connection: Connection | None = None
        self._job: Job | None = None
        self._packed: Any = None  # a reference to the job
        self._origin = Origin(())
        self._archive: Any = None  # a reference to what is in the problem's folders, once needed
        self._references: dict[str, Any] = {}  # to what is shared
        self._queue: deque[Task] = deque()
        self._actors: dict[Any, _Actor] = {}  # by the reference each is waited for with
        self._idle: list[_Actor] = []
        self._leaving: dict[Any, _Actor] = {}  # by the reference to their ``teardown``
        self._gone: dict[Any, _Actor] = {}  # by the reference to what they printed last
        self._speech: Speech | None = None
        self._made = self._lost = 0
        self._wanted = 0
        self._next_look = 0.0
        self._not_before = 0.0  # for another worker, by time.monotonic(), after some that died
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
        self._job = job
        self._packed = self._ray.put(_packed(self._ray.cloudpickle, job))
        own_folder = self._connection.has_working_folder or "working_dir" in (
            self.needs.runtime_env or {}
        )
        self._origin = origin_of(job.problem, own_folder=own_folder)
        self._archive = None
        self._references = {name: self._ray.put(value) for name, value in self.shared.items()}
        self._definition = job.definition
        self._pace = Pace()
        self._alone.clear()
        self._queue.clear()
        self._starts, self._lost, self._not_before = Starts(), 0, 0.0
        self._speech = Speech(self._ray, self.conditions, job.run_id)
        self._resize()
        if not self._wanted:
            raise ExecutorError(
                f"no worker fits: each needs {self.needs}, and the cluster has "
                f"{self._ray.cluster_resources()} in all"
            )
        began = time.monotonic()
        while not self._idle:
            self._receive(0.2)
            self._end_those_that_hang()
            self._refill()
            waited = time.monotonic() - began
            if self._connection.is_shared:  # it has a place when another run of ours ends
                self._say_if_nobody_works()
                continue
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
        waited_for = (*self._actors.values(), *self._gone.values(), *self._leaving.values())
        first = min((a.ends for a in waited_for), default=math.inf)
        finished = self._receive(max(0.0, min(timeout, first - time.monotonic())))
        finished += self._end_those_that_hang()
        self._hand_out()
        self._refill()
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
            dismissed = [*self._leaving, *(a.handle.dismiss.remote() for a in self._idle)]
            _, late = (
                self._ray.wait(dismissed, num_returns=len(dismissed), timeout=TEARDOWN_SECONDS)
                if dismissed
                else ([], [])
            )
            if late:
                log.warning("%d workers are killed: teardown() takes too long", len(late))
        for actor in (*self._idle, *self._actors.values(), *self._leaving.values()):
            self._kill(actor)
        if self._speech is not None:
            self._speech.close()
            self._speech = None
        self._idle, self._actors, self._references = [], {}, {}
        self._leaving, self._gone = {}, {}
        self._job = self._packed = self._archive = None
        self._connection.close()
        self._connection = self._ray = None

    # -- actors ----------------------------------------------------------------------------------

    def _resize(self) -> None:
        """As many actors as are wanted; of too many, those go that have found no place."""
        self._next_look = time.monotonic() + RESIZE_SECONDS
        self._wanted = self.workers or self.needs.fitting(self._ray.cluster_resources())
        there = len(self._idle) + len(self._actors)
        if time.monotonic() < self._not_before:
            self._next_look = min(self._next_look, self._not_before)
            return
        for _ in range(self._wanted - there):
            self._add_actor()
        placing = [r for r, actor in self._actors.items() if actor.phase == "placing"]
        for reference in placing[: max(0, there - self._wanted)]:
            self._kill(self._actors.pop(reference))

    def _refill(self) -> None:
        """Look, now and then, whether there is room or need for another actor."""
        short = len(self._idle) + len(self._actors) < self._wanted
        if (self.workers is None or short) and time.monotonic() >= self._next_look:
            self._resize()

    def _add_actor(self) -> None:
        name = f"ray-{self._made}"
        self._made += 1
        handle = (
            self._ray.remote(ActorWorker)
            .options(max_restarts=0, max_task_retries=0, **self.needs.options())
            .remote()
        )
        self._actors[handle.placed.remote(self._marked_origin())] = _Actor(name, handle)

    def _marked_origin(self) -> Origin:
        """Where the code is; with marks if there may be machines that do not see it."""
        assert self._connection is not None
        local = self._connection.is_of_this_machine
        return self._origin if local else self._origin.marked()

    def _packed_folders(self) -> Any:
        """A reference to the problem's folders, for nodes that do not see them."""
        assert self._job is not None
        if self._archive is None:
            self._archive = self._ray.put(pack_folders(self._job.problem, self._origin))
        return self._archive

    def _kill(self, actor: _Actor) -> None:
        with contextlib.suppress(Exception):  # usually there is nobody left to kill
            self._ray.kill(actor.handle, no_restart=True)

    def _retire(self, actor: _Actor) -> None:
        """Replace a worker that has done its share; it ends itself, or is ended."""
        self._leaving[actor.handle.dismiss.remote()] = actor
        actor.handle.leave.remote()
        actor.ends = time.monotonic() + TEARDOWN_SECONDS
        self._add_actor()

    def _bury(self, actor: _Actor, error: Exception) -> list[Completion | LostTask]:
        reason = str(error)
        log.warning("worker %s died: %s", actor.name, reason.splitlines()[0])
        self._lost += 1
        self._kill(actor)
        blameless = self._lost_its_node(actor, error)
        if actor.phase != "ready" and not blameless:
            self._note_start(actor, reason, hopeless=self._starts.died())
        self._resize()
        if actor.tasks[1:]:
            self._put_back(actor)
        if len(actor.tasks) != 1:
            return self._say_farewell(actor, lambda said: [])
        (task,) = actor.tasks
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            assert self._definition is not None
            sizes = (self._definition.n_obj, self._definition.n_con)
            what = "memory: Ray ended it, its node was out of memory"
            return self._say_farewell(
                actor,
                lambda said: [
                    failed_completion(task, Failed(what, "memory", reason + said), sizes)
                ],
            )
        how = f"worker {actor.name} died"
        return self._say_farewell(
            actor, lambda said: [LostTask(task, how, blameless, said)], reachable=not blameless
        )

    def _note_start(self, actor: _Actor, reason: str, *, hopeless: bool) -> None:
        """An actor is gone before it was ready: another one after a pause, or none at all."""
        if hopeless and self._starts.deaths > 1:
            raise ExecutorError(
                f"{self._starts.deaths} workers in a row ended before they were ready, the last "
                f"one ({actor.name}) by this: {reason}"
            )
        if hopeless:
            raise ExecutorError(reason)
        log.warning("another worker is started: %s", reason)
        self._not_before = time.monotonic() + self._starts.pause()
        self._next_look = self._not_before

    def _say_farewell(
        self,
        actor: _Actor,
        end: Callable[[str], list[Completion | LostTask]],
        *,
        reachable: bool = True,
    ) -> list[Completion | LostTask]:
        """What becomes of an actor's tasks; later, if it may have left some last lines."""
        assert self._speech is not None
        reference = None
        if reachable and actor.phase in ("setup", "ready"):
            reference = self._speech.rest_of(actor.name, actor.node, self.needs.runtime_env)
        if reference is None:
            return end("")
        actor.end, actor.ends = end, time.monotonic() + FAREWELL_SECONDS
        self._gone[reference] = actor
        return []

    def _last_of(self, actor: _Actor, lines: list[Printed]) -> list[Completion | LostTask]:
        """An actor's last lines have come, or none."""
        assert self._speech is not None
        assert actor.end is not None
        self._speech.hear(lines)
        whose = {named(task) for task in actor.tasks}
        whose.update(str(id) for task in actor.tasks for id in task.ids.tolist())
        return actor.end(with_last_words("", self._speech.last(actor.name, whose)))

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
        assert self._speech is not None
        until = time.monotonic() + timeout
        while True:
            printed = self._speech.reference
            references = [*self._actors, *self._gone]
            if not references:
                time.sleep(max(0.0, min(until, self._not_before) - time.monotonic()))
                return []
            references += [] if printed is None else [printed]
            left = max(0.0, until - time.monotonic())
            done, _ = self._ray.wait(references, num_returns=1, timeout=left)
            if done:  # and whatever else is ready by now
                done, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
            if printed in done:
                done.remove(printed)
                self._speech.receive()
            if done or time.monotonic() >= until:
                break
        finished: list[Completion | LostTask] = []
        for reference in done:
            if reference in self._gone:
                finished += self._last_of(self._gone.pop(reference), self._lines(reference))
            else:
                finished += self._resolve(reference, self._actors.pop(reference))
        return finished

    def _lines(self, reference: Any) -> list[Printed]:
        try:
            return list(self._ray.get(reference))
        except self._ray.exceptions.RayError:  # its node is gone, too
            return []

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
            self._set_up(actor, *answer)
            return []
        if actor.phase == "setup":
            actor.ends = math.inf
            self._note_setup(actor, answer)
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

    def _set_up(self, actor: _Actor, node: str, sees: bool) -> None:
        """An actor has a place: let it run the problem's ``setup``."""
        assert self._job is not None
        assert self._speech is not None
        actor.phase, actor.node = "setup", node
        if self.conditions.setup_timeout is not None:
            actor.ends = time.monotonic() + self.conditions.setup_timeout
        reference = actor.handle.setup.remote(
            self._packed,
            self._marked_origin(),
            None if sees else self._packed_folders(),
            actor.name,
            self._job.run_id,
            self.conditions,
            self._references,
            self._speech.mailbox,
        )
        self._actors[reference] = actor

    def _note_setup(self, actor: _Actor, trouble: Trouble | None) -> None:
        """An actor is ready, or its ``setup`` has raised."""
        if trouble is None:
            actor.phase = "ready"
            self._starts.ready()
            self._idle.append(actor)
            return
        self._kill(actor)
        stage, trace = trouble
        reason = setup_failed(trace) if stage == "setup" else _cannot_work(actor.name, trace)
        self._note_start(actor, reason, hopeless=self._starts.raised())

    def _note_seconds(self, done: Sequence[Completion]) -> None:
        assert self._definition is not None
        for completion in done:
            chunk = self._definition.vectorized
            for seconds in [completion.seconds.sum()] if chunk else completion.seconds.tolist():
                self._pace.note(float(seconds))

    def _end_those_that_hang(self) -> list[Completion | LostTask]:
        now = time.monotonic()
        finished: list[Completion | LostTask] = []
        for reference in [r for r, actor in self._leaving.items() if actor.ends <= now]:
            actor = self._leaving.pop(reference)
            if not self._ray.wait([reference], timeout=0)[0]:
                log.warning("worker %s is killed: its teardown() takes too long", actor.name)
            self._kill(actor)  # without effect upon one that has ended
        for reference in [r for r, actor in self._gone.items() if actor.ends <= now]:
            finished += self._last_of(self._gone.pop(reference), [])
        for reference in [r for r, actor in self._actors.items() if actor.ends <= now]:
            actor = self._actors.pop(reference)
            self._kill(actor)
            if actor.phase == "setup":
                seconds = self.conditions.setup_timeout
                reason = f"worker {actor.name} was not ready after {seconds:g} s, its setup_timeout"
                self._note_start(actor, reason, hopeless=self._starts.raised())
                continue
            log.warning("worker %s is killed: its evaluation takes too long", actor.name)
            finished += self._say_farewell(actor, self._exceeded(actor))
            self._add_actor()
        return finished

    def _exceeded(self, actor: _Actor) -> Callable[[str], list[Completion | LostTask]]:
        assert self._definition is not None
        (task,), definition = actor.tasks, self._definition
        return lambda said: [self.conditions.exceeded(task, definition, actor.name, said)]


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
