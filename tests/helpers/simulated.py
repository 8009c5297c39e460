"""A cluster in simulated time, for the pure logic of steady state: no clock, process or thread."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Literal

import numpy as np

from paretide.engine.algorithms.machine import Machine
from paretide.engine.algorithms.telling_order import Order
from paretide.typing import Candidates, FloatArray, IntArray


@dataclass(frozen=True)
class Change:
    """Something that happens to the workers.

    Attributes:
        at: Time.
        what: "join"; "leave", after the job at hand; "die", at once, and the job is lost.
        worker: Number of the one that leaves or dies; nothing happens if it is not there.
        speed: Of the one that joins.
    """

    at: float
    what: Literal["join", "leave", "die"]
    worker: int = 0
    speed: float = 1.0


def deaths(
    rng: np.random.Generator, speeds: Sequence[float], life: float, until: float
) -> list[Change]:
    """Workers of these speeds die after ``life`` on average; each is replaced at once."""
    alive, joined = list(range(len(speeds))), len(speeds)
    changes: list[Change] = []
    now = rng.exponential(life / len(speeds))
    while now < until:
        place = int(rng.integers(len(speeds)))
        changes.append(Change(now, "die", alive[place]))
        changes.append(Change(now, "join", speed=speeds[place]))
        alive[place] = joined
        joined += 1
        now += rng.exponential(life / len(speeds))
    return changes


@dataclass(slots=True)
class Worker:
    """One of the cluster; what it is at now, or None."""

    speed: float
    joined: float
    left: float = inf
    leaving: bool = False
    now: Attempt | None = None


@dataclass(slots=True)
class Attempt:
    """A worker's work on a job; ``seconds`` are those of a worker of speed 1."""

    job: int
    seconds: float
    submitted: float
    worker: int = -1
    began: float = inf
    ended: float = inf
    lost: bool = False


class Cluster:
    """Workers that begin jobs in the order of submission, as executors do.

    A lost job is submitted anew: it goes to the end of the queue and takes all its time again.

    Attributes:
        now: The time.
        workers: By number: in the order in which they joined.
        attempts: In the order in which they began.
        finished: Jobs, in the order in which they were collected.
    """

    def __init__(self, speeds: Iterable[float], changes: Iterable[Change] = ()) -> None:
        self.now = 0.0
        self.workers: list[Worker] = []
        self.attempts: list[Attempt] = []
        self.finished: list[int] = []
        self._idle: list[int] = []  # a heap of numbers
        self._queue: deque[Attempt] = deque()
        self._events: list[tuple[float, int, Callable[[], int | None]]] = []  # a heap
        self._count = itertools.count()  # of two at the same time, the one that was planned first
        for speed in speeds:
            self._join(speed)
        for change in changes:
            self._plan(change.at, partial(self._change, change))

    def submit(self, job: int, seconds: float) -> None:
        """Queue a job that takes a worker of speed 1 so long; returns at once."""
        self._queue.append(Attempt(job, seconds, self.now))
        self._hand_out()

    def collect(self) -> int:
        """The next job that finishes; time goes on until then.

        Raises:
            RuntimeError: If nothing will ever happen again.
        """
        while self._events:
            self.now, _, happen = heapq.heappop(self._events)
            done = happen()
            self._hand_out()
            if done is not None:
                self.finished.append(done)
                return done
        raise RuntimeError(f"nobody works: {len(self._queue)} jobs are queued")

    def utilization(self) -> float:
        """Time in jobs over time of workers, as long as there was work: until all jobs had begun.

        Lost work counts as work. Some job must have begun after time 0.
        """
        began: dict[int, float] = {}
        for attempt in self.attempts:
            began.setdefault(attempt.job, attempt.began)
        until = max(began.values())
        busy = sum(max(0.0, min(a.ended, until) - a.began) for a in self.attempts)
        there = sum(max(0.0, min(w.left, until) - w.joined) for w in self.workers)
        return busy / there

    def _plan(self, at: float, happen: Callable[[], int | None]) -> None:
        heapq.heappush(self._events, (at, next(self._count), happen))

    def _hand_out(self) -> None:
        while self._idle and self._queue:
            number = heapq.heappop(self._idle)
            worker = self.workers[number]
            attempt = worker.now = self._queue.popleft()
            attempt.worker, attempt.began = number, self.now
            attempt.ended = self.now + attempt.seconds / worker.speed
            self.attempts.append(attempt)
            self._plan(attempt.ended, partial(self._end, attempt))

    def _end(self, attempt: Attempt) -> int | None:
        if attempt.lost:
            return None
        worker = self.workers[attempt.worker]
        worker.now = None
        if worker.leaving:
            worker.left = self.now
        else:
            heapq.heappush(self._idle, attempt.worker)
        return attempt.job

    def _change(self, change: Change) -> None:
        if change.what == "join":
            self._join(change.speed)
        elif change.worker < len(self.workers) and self.workers[change.worker].left == inf:
            worker = self.workers[change.worker]
            worker.leaving = True
            attempt = worker.now
            if attempt is not None and change.what == "leave":
                return
            worker.left, worker.now = self.now, None
            if attempt is None:
                self._idle.remove(change.worker)
                heapq.heapify(self._idle)
            else:
                attempt.lost, attempt.ended = True, self.now
                self._queue.append(Attempt(attempt.job, attempt.seconds, self.now))

    def _join(self, speed: float) -> None:
        heapq.heappush(self._idle, len(self.workers))
        self.workers.append(Worker(speed, self.now))


def tell_in_turn(
    cluster: Cluster,
    order: Order,
    seconds: Sequence[float],
    costs: Sequence[float],
    window: int,
    *,
    together: int = 1,
) -> list[int]:
    """Run all jobs as steady state does; returns them in the order of telling.

    Args:
        cluster: The workers.
        order: Of telling; nothing was started.
        seconds: What each job takes a worker of speed 1.
        costs: What each is expected to cost.
        window: Jobs that may be started and not told.
        together: Outcomes that are collected, if so many are under way, before any is told.
    """
    unstarted = iter(range(len(seconds)))
    told: list[int] = []
    collected = 0

    def fill() -> None:
        for id in itertools.islice(unstarted, window - len(order)):
            order.start(id, costs[id])
            cluster.submit(id, seconds[id])

    fill()
    while len(order):
        for _ in range(min(together, len(told) + len(order) - collected)):
            order.finish(cluster.collect())
            collected += 1
        while (id := order.next()) is not None:
            told.append(id)
            fill()
    return told


def evolve(
    machine: Machine,
    cluster: Cluster,
    seconds: Callable[[int, Candidates], float],
    values: Callable[[Candidates], tuple[FloatArray, FloatArray]],
) -> Iterator[IntArray]:
    """Drive an algorithm without end; yields (k,) ids told after every look at whose turn it is.

    Args:
        machine: The algorithm; it may have been loaded from a state.
        cluster: The workers; nothing was submitted.
        seconds: What candidate ``id``, (n_var,), takes a worker of speed 1.
        values: (n_obj,) and (n_con,) of a candidate in the user's units; NaN where it fails.
    """
    running: dict[int, Candidates] = {}
    while True:
        if machine.available():
            batch = machine.ask()
            for id, x in zip(batch.ids.tolist(), batch.X, strict=True):
                running[id] = x
                cluster.submit(id, seconds(id, x))
        done = cluster.collect()
        F, G = values(running.pop(done))
        machine.tell_rows(np.array([done]), F[None], G[None])
        while True:
            rows = [table.ids for table in machine.advance()]
            told = np.concatenate([np.empty(0, dtype=np.int64), *rows])
            yield told
            if not len(told):
                break
