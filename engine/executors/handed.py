"""What an executor has been handed and has not brought back: one that is wrong is named by it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ExecutorError
from ...problems.definition import Definition
from ...typing import IntArray
from ..records.outcome import Completion, LostTask, Task, what_is_wrong
from .base import Executor

log = logging.getLogger(__name__)

SILENT_SECONDS = 600.0
"""Without any outcome, after which the user is told of it; the next time after twice that.

Only where the executor does not say what its workers do."""

OWN = f"{__package__}."
"""Modules of paretide's own executors, which look at what workers answer themselves."""

IDLE_SECONDS = 60.0
"""In which workers that say that they are idle, while they have tasks, must begin or bring some."""


class Handed:
    """Follows the candidates that an executor has, by their ids.

    Args:
        executor: That has them.
        definition: Of the problem.

    Attributes:
        candidates: How many it has.
    """

    def __init__(self, executor: Executor, definition: Definition) -> None:
        self.candidates = 0
        self._own = type(executor).__module__.startswith(OWN)
        self._executor = executor
        self._definition = definition
        self._chunks: dict[int, IntArray] = {}  # ids of tasks of several, by the first
        self._ids: set[int] = set()  # of tasks of one, and of chunks that come back in parts
        self._dropped = False  # some that it forgot: which, it does not say
        self._heard: float | None = None  # when something came back last
        self._idle_since: float | None = None
        self._patience = SILENT_SECONDS

    def give(self, tasks: Sequence[Task]) -> None:
        """It gets these."""
        if not self.candidates:
            self._heard = self._idle_since = None
        for task in tasks:
            ids = task.ids
            self.candidates += len(ids)
            if len(ids) == 1:
                self._ids.add(ids.item())
            else:
                self._chunks[ids.item(0)] = ids

    def drop(self, candidates: Any) -> None:
        """It says that it has forgotten so many; raises ExecutorError unless it had them."""
        if not isinstance(candidates, int) or not 0 <= candidates <= self.candidates:
            raise self._wrong(
                f"drop_queued() returned {candidates!r:.80}, and it has {self.candidates} "
                "candidates: return how many of them are forgotten"
            )
        self.candidates -= candidates
        self._dropped = self._dropped or candidates > 0

    def take(self, arrived: Any, now: float) -> list[Completion | LostTask]:
        """What it has brought back, at a time in seconds.

        Raises ExecutorError, with what came and what was expected, unless each is the outcome of
        candidates that it has, and for one that will never bring any.
        """
        if type(arrived) is not list:
            raise self._wrong(
                f"collect() returned a {type(arrived).__name__}: return a list of what has "
                "finished, or []"
            )
        for finished in arrived:
            if isinstance(finished, LostTask):
                self._take_back(self._ids_of(finished.task))
                continue
            wrong = "" if self._own else what_is_wrong(finished, self._definition)
            if wrong:
                raise self._wrong(f"collect() returned what is no outcome of a task: {wrong}")
            self._take_back(finished.ids)
        if arrived or not self.candidates:
            self._heard, self._idle_since, self._patience = now, None, SILENT_SECONDS
        else:
            self._note_silence(now)
        return arrived

    def _ids_of(self, task: Any) -> IntArray:
        ids = task.ids if isinstance(task, Task) else None
        if type(ids) is not np.ndarray or ids.dtype != np.int64 or ids.ndim != 1 or not len(ids):
            raise self._wrong(
                f"collect() returned a LostTask whose task was never submitted: {task!r:.200}"
            )
        return ids

    def _take_back(self, ids: IntArray) -> None:
        first = ids.item(0) if len(ids) > 1 else -1
        chunk = self._chunks.get(first)
        if chunk is not None and (chunk is ids or np.array_equal(chunk, ids)):
            del self._chunks[first]
        else:
            for id in ids.tolist():
                if id not in self._ids:
                    self._come_apart()
                if id not in self._ids:
                    raise self._wrong(
                        f"candidate {id} came back, which it does not have: it has come back "
                        "before, or was never submitted"
                    )
                self._ids.remove(id)
        self.candidates -= len(ids)

    def _come_apart(self) -> None:
        """Chunks come back in parts."""
        for ids in self._chunks.values():
            self._ids.update(ids.tolist())
        self._chunks.clear()

    def _note_silence(self, now: float) -> None:
        """Nothing has come although there is something: how long may that go on?"""
        if self._executor.evaluates_here:
            raise self._wrong(
                f"collect() returned nothing while it has {self._named()}, and it evaluates here: "
                "nothing will ever come"
            )
        if self._heard is None:
            self._heard = now
        activity = self._executor.activity()
        if activity is None or activity.busy or activity.starting or not activity.idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since > IDLE_SECONDS:
            raise self._wrong(
                f"{activity.idle} of its workers have been idle for {IDLE_SECONDS:.0f} s and none "
                f"is busy, while it has {self._named()}, which never came back"
            )
        if activity is None and now - self._heard > self._patience:
            self._patience *= 2
            log.warning(
                "%s has brought nothing for %.0f s; it has %s",
                type(self._executor).__name__, now - self._heard, self._named(),
            )  # fmt: skip

    def _named(self) -> str:
        if self._dropped:
            return f"{self.candidates} candidates"
        self._come_apart()
        some = ", ".join(map(str, sorted(self._ids)[:5]))
        more = ", ..." if len(self._ids) > 5 else ""
        return f"{self.candidates} candidates ({some}{more})"

    def _wrong(self, what: str) -> ExecutorError:
        return ExecutorError(f"the executor {type(self._executor).__name__} is wrong: {what}")
