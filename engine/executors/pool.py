"""Who gets which task, who is late, who is dead, and when another worker starts.

Pure: an executor says what has happened and when, and the pool says what is to be done. There are
no processes, sockets or clocks in here, and time is any number that grows. A worker's life is

    Start -> placed -> ready -> Send -> answered -> ... -> Dismiss -> died
                  \\-> broken -> died          \\-> died, or Kill -> died

in which capital letters are instructions and the others are events. What comes of a worker that is
no more, or that is being killed, is not listened to. Whoever dies loses its tasks, and its slot is
free for another one; its tasks are told of once its last words are known.

Source of the idea: the worker's state machine of Dask's distributed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from math import inf
from typing import Any, Literal

import numpy as np

from ...problems.definition import Definition
from ..records.outcome import Completion, Failed, LostTask, Task, failed_completion, what_is_wrong
from .base import Activity
from .conditions import Conditions
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
from .pace import Pace
from .starts import Starts

TEARDOWN_SECONDS = 5.0
"""For a worker that is dismissed, or whose ``setup`` has failed, to end by itself."""

FAREWELL_SECONDS = 20.0
"""For the last words of a worker that is gone to come."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a pool goes by.

    Attributes:
        kind: Workers are named by it: "process-0".
        definition: Of the problem.
        conditions: Under which workers evaluate.
        most: Evaluations after which a worker is replaced; None for any number.
        together: A worker may get several short tasks at once.
    """

    kind: str
    definition: Definition
    conditions: Conditions
    most: int | None = None
    together: bool = False


@dataclass(slots=True)
class _Member:
    slot: int
    phase: Literal["placing", "setup", "ready", "leaving"] = "placing"
    tasks: tuple[Task, ...] = ()
    ends: float = inf  # what it does now, at the latest
    evaluated: int = 0
    trouble: str = ""  # why it will not get ready
    killed: Literal["", "late", "liar", "surplus"] = ""


@dataclass
class Pool:
    """The workers of an executor, as far as one may decide about them.

    Events return instructions that follow from them alone. ``turn``, to be called after all of
    them, returns those that follow from time and from who is free.
    """

    rules: Rules
    wanted: int = 0
    lost: int = 0
    _members: dict[str, _Member] = field(default_factory=dict)
    _idle: dict[str, None] = field(default_factory=dict)  # as a stack
    _free: list[tuple[float, int]] = field(default_factory=list)  # when it may be used, and slot
    _silent: dict[str, tuple[float, _Member, Death]] = field(default_factory=dict)
    _queue: deque[Task] = field(default_factory=deque)
    _alone: set[int] = field(default_factory=set)  # first ids of tasks that go without company
    _starts: Starts = field(default_factory=Starts)
    _pace: Pace = field(default_factory=Pace)
    _made: int = 0
    _slots: set[int] = field(default_factory=set)  # free or not
    _next: float = inf  # no later than the first of all times that are kept here
    _placed: int = 0
    _without_place_since: float | None = None

    # -- what the executor and the run ask -------------------------------------------------------

    @property
    def ready_ones(self) -> int:
        """Workers that have been ready, and are not leaving."""
        return sum(member.phase == "ready" for member in self._members.values())

    def tasks_of(self, worker: str) -> tuple[Task, ...]:
        """What a worker has to do; of one that is gone, what it had."""
        if worker in self._silent:
            return self._silent[worker][1].tasks
        return self._members[worker].tasks if worker in self._members else ()

    def activity(self) -> Activity:
        """What the workers do now."""
        members = list(self._members.values())  # at once: other threads may look, too
        busy = sum(bool(member.tasks) for member in members)
        ready = sum(member.phase == "ready" for member in members)
        return Activity(busy, max(0, ready - busy), max(0, self.wanted - ready), self.lost)

    def next_time(self) -> float:
        """When ``turn`` may have something to do though nothing happens; infinity for never."""
        return self._next

    def without_place(self, now: float) -> float:
        """Seconds for which no worker has had a place to work at."""
        since = self._without_place_since
        return 0.0 if since is None else now - since

    def drop_queued(self) -> int:
        """Forget what no worker has begun; returns how many candidates that were."""
        dropped = sum(len(task.ids) for task in self._queue)
        self._queue.clear()
        return dropped

    # -- events ----------------------------------------------------------------------------------

    def resize(self, wanted: int, now: float) -> list[Instruction]:
        """So many workers are wanted; of too many, those go that have found no place."""
        self.wanted = wanted
        unused = (slot for slot in count() if slot not in self._slots)
        new = list(islice(unused, max(0, wanted - len(self._slots))))
        self._slots.update(new)
        self._free += [(now, slot) for slot in new]
        self._next = now
        if self._without_place_since is None and not self._placed:
            self._without_place_since = now
        while self._free and len(self._slots) > wanted:
            self._slots.remove(self._free.pop()[1])
        todo: list[Instruction] = []
        going = sum(member.killed == "surplus" for member in self._members.values())
        for worker, member in self._members.items():
            too_many = len(self._slots) - wanted - going - len(todo)
            if too_many > 0 and member.phase == "placing" and not member.killed:
                todo += self._kill(worker, member, "surplus")
        return todo

    def submit(self, tasks: Sequence[Task]) -> None:
        """There are more tasks."""
        self._queue.extend(tasks)

    def placed(self, worker: str, now: float) -> None:
        """A worker is where it works, and begins ``setup``."""
        member = self._members.get(worker)
        if member is None or member.killed or member.phase != "placing":
            return
        member.phase = "setup"
        self._placed += 1
        self._without_place_since = None
        if self.rules.conditions.setup_timeout is not None:
            self._must_end(member, now + self.rules.conditions.setup_timeout)

    def ready(self, worker: str) -> list[Instruction]:
        """A worker has run ``setup``."""
        member = self._members.get(worker)
        if member is None or member.killed:
            return []
        if member.phase != "setup":
            return self._kill(worker, member, "liar")
        member.phase, member.ends = "ready", inf
        self._starts.ready()
        self._idle[worker] = None
        return []

    def broken(self, worker: str, reason: str, now: float) -> list[Instruction]:
        """A worker cannot get ready, and will end."""
        member = self._members.get(worker)
        if member is None or member.killed:
            return []
        if member.phase != "setup":
            return self._kill(worker, member, "liar")
        member.trouble = reason
        self._must_end(member, min(member.ends, now + TEARDOWN_SECONDS))
        return []

    def answered(self, worker: str, answer: Sequence[Any], now: float) -> list[Instruction]:
        """A worker says what has become of its tasks.

        Whoever says anything else, or says it unasked, is killed: a job has got hold of it.
        """
        member = self._members.get(worker)
        if member is None or member.killed:  # late
            return []
        if not self._is_answer(member, answer):
            return self._kill(worker, member, "liar")
        for task in member.tasks:
            self._alone.discard(int(task.ids[0]))
        member.tasks, member.ends = (), inf
        if self.rules.together:
            self._note_seconds(answer)
        member.evaluated += sum(len(done.ids) for done in answer)
        told: list[Instruction] = [Tell(done) for done in answer]
        if self.rules.most is None or member.evaluated < self.rules.most:
            self._idle[worker] = None
            return told
        return [*told, *self._dismiss(worker, member, now)]

    def babbled(self, worker: str) -> list[Instruction]:
        """A worker says what none says."""
        member = self._members.get(worker)
        if member is None or member.killed:
            return []
        return self._kill(worker, member, "liar")

    def died(self, worker: str, death: Death, now: float) -> list[Instruction]:
        """A worker has ended, with all that it started: its slot is free."""
        member = self._members.pop(worker, None)
        if member is None:
            return []
        self._idle.pop(worker, None)
        starting = member.phase in ("placing", "setup") and member.killed != "surplus"
        expected = member.killed in ("late", "surplus") or member.phase == "leaving"
        self.lost += starting or not expected
        todo = self._note_start(worker, member, death) if starting and not death.blameless else []
        self._give_back(member.slot, now + self._starts.pause())
        if member.tasks[1:]:  # one of several is to blame: each on its own
            self._alone.update(int(task.ids[0]) for task in member.tasks)
            self._queue.extendleft(reversed(member.tasks))
            member.tasks = ()
        if member.phase != "placing":
            self._placed -= 1
            if not self._placed:
                self._without_place_since = now
        self._silent[worker] = (now + FAREWELL_SECONDS, member, death)
        self._next = min(self._next, now + FAREWELL_SECONDS)
        return todo if death.said is None else [*todo, *self.last_words(worker, death.said)]

    def last_words(self, worker: str, said: str) -> list[Instruction]:
        """What a worker that has died printed last: now its task can be told of."""
        _, member, death = self._silent.pop(worker, (inf, None, None))
        if member is None or death is None:
            return []
        return [Tell(self._fate(worker, member, task, death, said)) for task in member.tasks]

    def turn(self, now: float) -> list[Instruction]:
        """What is due: those who are late, others in place of those who are gone, tasks."""
        todo = [] if now < self._next else self._due(now)
        self._hand_out(now, todo)
        return todo

    def hand_out(self, now: float) -> list[Instruction]:
        """The queue for those that are idle: the part of ``turn`` that cannot wait."""
        todo: list[Instruction] = []
        self._hand_out(now, todo)
        return todo

    def close(self) -> list[Instruction]:
        """Who is idle is dismissed, and who has not been before is killed."""
        self._queue.clear()
        self._free.clear()
        todo: list[Instruction] = []
        for worker, member in self._members.items():
            if worker in self._idle:
                member.phase = "leaving"
                todo.append(Dismiss(worker))
            elif member.phase != "leaving" and not member.killed:
                todo += self._kill(worker, member, "surplus")
        self._idle.clear()
        return todo

    # -- workers ---------------------------------------------------------------------------------

    def _due(self, now: float) -> list[Instruction]:
        """What time brings."""
        todo: list[Instruction] = []
        for worker, member in self._members.items():
            if member.ends <= now:
                todo += self._too_late(worker, member)
        todo += [StopListening(w) for w, (until, _, _) in self._silent.items() if until <= now]
        for due in [due for due in self._free if due[0] <= now]:
            self._free.remove(due)
            worker = f"{self.rules.kind}-{self._made}"
            self._made += 1
            self._members[worker] = _Member(due[1])
            todo.append(Start(worker, due[1]))
        times = [member.ends for member in self._members.values()]
        times += [when for when, _ in self._free]
        times += [when for when, _, _ in self._silent.values() if when > now]
        self._next = min(times, default=inf)
        return todo

    def _must_end(self, member: _Member, when: float) -> None:
        """What a worker does now must end by then."""
        member.ends = when
        self._next = min(self._next, when)

    def _kill(
        self, worker: str, member: _Member, why: Literal["late", "liar", "surplus"]
    ) -> list[Instruction]:
        self._idle.pop(worker, None)
        member.killed, member.ends = why, inf
        return [Kill(worker)]

    def _dismiss(self, worker: str, member: _Member, now: float) -> list[Instruction]:
        member.phase = "leaving"
        self._must_end(member, now + TEARDOWN_SECONDS)
        return [Dismiss(worker)]

    def _too_late(self, worker: str, member: _Member) -> list[Instruction]:
        if member.phase == "leaving":
            what = "its teardown() takes too long"
        elif member.phase == "ready":
            what = "its evaluation takes too long"
        else:
            return self._kill(worker, member, "late")
        return [Say(f"worker {worker} is killed: {what}"), *self._kill(worker, member, "late")]

    def _give_back(self, slot: int, when: float) -> None:
        """A slot is free, unless there are too many."""
        if len(self._slots) > self.wanted:
            self._slots.remove(slot)
        else:
            self._free.append((when, slot))
            self._next = min(self._next, when)

    def _note_start(self, worker: str, member: _Member, death: Death) -> list[Instruction]:
        """A worker has ended before it was ready: give up, or try again."""
        seconds = self.rules.conditions.setup_timeout
        if member.trouble:
            hopeless, reason = self._starts.raised(), member.trouble
        elif member.killed == "late":
            hopeless = self._starts.raised()
            reason = f"worker {worker} was not ready after {seconds:g} s, its setup_timeout"
        else:
            hopeless = self._starts.died()
            reason = f"worker {worker} {death.how} before it was ready{death.advice}"
        if death.said:
            reason = f"{reason.rstrip()}\n{death.said}"
        if not hopeless:
            return [Say(f"another worker is started: {reason}")]
        if self._starts.deaths > 1:
            reason = (
                f"{self._starts.deaths} workers in a row ended before they were ready, the last of "
                f"them: {reason}"
            )
        return [GiveUp(reason)]

    # -- tasks -----------------------------------------------------------------------------------

    def _hand_out(self, now: float, todo: list[Instruction]) -> None:
        while self._idle and self._queue:
            worker, _ = self._idle.popitem()
            member = self._members[worker]
            member.tasks = self._next_tasks(member)
            if self.rules.conditions.timeout is not None:
                self._must_end(member, now + self.rules.conditions.allowance(member.tasks[0]))
            todo.append(Send(worker, member.tasks))

    def _next_tasks(self, member: _Member) -> tuple[Task, ...]:
        """What a worker gets: one task, or several short ones, but no more than its share."""
        first = self._queue.popleft()
        if (
            not self.rules.together
            or self.rules.conditions.timeout is not None  # it must be known who missed a deadline
            or int(first.ids[0]) in self._alone
        ):
            return (first,)
        most = self._pace.together(len(self._queue) + 1, len(self._members))
        if self.rules.most is not None:
            most = min(most, self.rules.most - member.evaluated)
        tasks = [first]
        while len(tasks) < most and int(self._queue[0].ids[0]) not in self._alone:
            tasks.append(self._queue.popleft())
        return tuple(tasks)

    def _is_answer(self, member: _Member, answer: Sequence[Any]) -> bool:
        """True if it is the outcome of the worker's tasks, all of them in their order."""
        asked = [id for task in member.tasks for id in task.ids.tolist()]
        answered: list[int] = []
        for done in answer:
            if what_is_wrong(done, self.rules.definition):
                return False
            answered += done.ids.tolist()
        return bool(asked) and answered == asked

    def _note_seconds(self, answer: Sequence[Completion]) -> None:
        for done in answer:
            chunk = self.rules.definition.vectorized
            for seconds in [done.seconds.sum()] if chunk else done.seconds.tolist():
                self._pace.note(float(seconds))

    def _fate(
        self, worker: str, member: _Member, task: Task, death: Death, said: str
    ) -> Completion | LostTask:
        """What becomes of the task of a worker that has died."""
        definition = self.rules.definition
        if member.killed == "late":
            return self.rules.conditions.exceeded(task, definition, worker, said)
        if death.out_of_memory:
            what = "memory: Ray ended it, its node was out of memory"
            failure = Failed(what, "memory", death.out_of_memory + said)
            return failed_completion(task, failure, (definition.n_obj, definition.n_con))
        return LostTask(task, f"worker {worker} {death.how}", death.blameless, said)


def joined(tasks: Sequence[Task], *, vectorized: bool) -> list[Task]:
    """The same as one task, which costs less to send, except chunks for ``evaluate_batch``."""
    if len(tasks) == 1 or vectorized:
        return list(tasks)
    ids, X = (np.concatenate([getattr(task, name) for task in tasks]) for name in ("ids", "X"))
    return [Task(ids, X)]
