"""Evaluation in Ray actors, on this machine or on a cluster.

Every actor holds the user's problem after one ``setup`` and has one task at a time. Actors are
never restarted by Ray (they would come back without their ``setup``): one that dies is replaced
here, and its task comes back as ``LostTask``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import ConfigurationError, ExecutorError
from ...problems.reference import FILE_MODULE
from ..outcome import Completion, Failed, LostTask, Task, failed_completion
from .base import Job
from .serial import setup_failed
from .worker import Worker

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Without any actor placed after this long, something is missing in the cluster, and is named."""

START_ATTEMPTS = 3
"""Actors in a row that may die before they are ready."""


@dataclass
class _Actor:
    name: str
    handle: Any
    phase: Literal["placing", "setup", "ready"] = "placing"
    task: Task | None = None


class RayExecutor:
    """A pool of Ray actors.

    Args:
        workers: How many; None is what fits: the cluster's CPUs (and GPUs) by what one needs.
        cpus: CPUs for each, may be a fraction.
        gpus: GPUs for each, may be a fraction.
        address: Of a running cluster ("auto" for the one this machine belongs to); None starts Ray
            on this machine, unless the program has initialized it already.

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
        self._ray: Any = None
        self._owns_ray = False
        self._job: Any = None
        self._queue: deque[Task] = deque()
        self._actors: dict[Any, _Actor] = {}  # by the reference each is waited for with
        self._idle: list[_Actor] = []
        self._made = 0
        self._deaths_before_ready = 0
        self._nobody_since: float | None = None

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
        finished = self._receive(timeout)
        self._hand_out()
        self._say_if_nobody_works()
        return finished

    def close(self) -> None:
        """Kill the actors; shut Ray down if it was started here."""
        self._queue.clear()
        if self._ray is None:
            return
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
            num_cpus=self.cpus, num_gpus=self.gpus, max_restarts=0, max_task_retries=0
        ).remote()
        self._actors[handle.placed.remote()] = _Actor(name, handle)

    def _hand_out(self) -> None:
        while self._idle and self._queue:
            actor = self._idle.pop()
            actor.task = self._queue.popleft()
            self._actors[actor.handle.evaluate.remote(actor.task)] = actor

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
            return self._bury(actor, str(error))
        if actor.phase == "placing":
            actor.phase = "setup"
            self._actors[actor.handle.setup.remote(self._job, actor.name)] = actor
            return []
        if actor.phase == "setup":
            if answer is not None:
                raise ExecutorError(setup_failed(answer))
            actor.phase = "ready"
            self._deaths_before_ready = 0
            self._idle.append(actor)
            return []
        actor.task = None
        self._idle.append(actor)
        return [answer]

    def _bury(self, actor: _Actor, reason: str) -> list[Completion | LostTask]:
        log.warning("worker %s died: %s", actor.name, reason.splitlines()[0])
        with contextlib.suppress(Exception):  # usually there is nobody left to kill
            self._ray.kill(actor.handle, no_restart=True)
        if actor.phase != "ready":
            self._deaths_before_ready += 1
            if self._deaths_before_ready >= START_ATTEMPTS:
                raise ExecutorError(
                    f"{START_ATTEMPTS} workers in a row died before they were ready: {reason}"
                )
        self._add_actor()
        return [LostTask(actor.task, f"worker {actor.name} died")] if actor.task else []


class _ActorWorker:
    """What lives in an actor. Its constructor does nothing, so that being placed shows at once."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def placed(self) -> None:
        """Answers as soon as the actor has a place."""

    def setup(self, job: Job, name: str) -> str | None:
        """Run the problem's ``setup``; returns the traceback if it fails."""
        try:
            self._worker = Worker(job, name)
        except (Exception, SystemExit):  # told to the driver, which raises
            return traceback.format_exc()
        return None

    def evaluate(self, task: Task) -> Completion:
        """Evaluate a task."""
        assert self._worker is not None
        try:
            return self._worker.evaluate(task)
        except KeyboardInterrupt:  # raised by the candidate: Ray would take it for a cancellation
            definition = self._worker.job.definition
            failure = Failed("KeyboardInterrupt", "exception")
            return failed_completion(task, failure, (definition.n_obj, definition.n_con))


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
