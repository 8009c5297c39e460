"""Who is evaluated again.

A task whose worker died is the infrastructure's fault the first time and the candidate's the second
time; if the worker's machine went away it is the infrastructure's, unless that happens to the same
candidate again and again. One that failed has as many
more tries as the executor grants, with the same seed.
"""

from __future__ import annotations

import logging
from collections import Counter

import numpy as np

from ...typing import BoolArray
from ..records.outcome import Completion, Failed, LostTask, Task, failed_completion
from .session import Session

log = logging.getLogger(__name__)

DEADLY = 2
"""Workers that a candidate may take with it before it is taken to be its own fault."""

MACHINES = 20
"""Machines that may go away under a candidate before it is taken to be what ends them."""

SHOWN = 10
"""Candidates of a task that a message names."""

TRIED_AGAIN = ("exception", "non-finite", "deadline", "memory")
"""Kinds of failures that another try may mend."""


class Chances:
    """Counts tries and deaths.

    Args:
        session: That the candidates are of.
        retries: How often a candidate that failed is evaluated again.
    """

    def __init__(self, session: Session, retries: int) -> None:
        self._session = session
        self._retries = retries
        self._deaths: Counter[int] = Counter()
        self._machines: Counter[int] = Counter()
        self._tries: Counter[int] = Counter()
        self._remarked: set[str] = set()

    def settle(self, finished: Completion | LostTask) -> tuple[Completion | None, list[Task]]:
        """What is to be told, if anything, and what is to be submitted again."""
        if isinstance(finished, LostTask):
            return self._after_a_death(finished)
        for name, remark in finished.remarks:
            if name not in self._remarked:  # once a run
                self._remarked.add(name)
                log.warning("%s", remark)
        if not self._retries or not finished.failures:
            return finished, []
        return self._after_failures(finished)

    def _after_a_death(self, lost: LostTask) -> tuple[Completion | None, list[Task]]:
        ids = lost.task.ids  # of the executor's word no more: the candidates are the session's
        task = Task(ids, self._session.candidates(ids))
        if lost.blameless:
            self._machines.update(task.ids.tolist())
            if self._machines[int(task.ids[0])] < MACHINES:
                log.warning("%s: lost with its machine; evaluated again", _named(task))
                return None, [task]
        if len(task.ids) > 1:  # one of a chunk is to blame: each on its own from now on
            log.warning("%s: %s; each is evaluated again, alone", _named(task), lost.reason)
            return None, [
                Task(task.ids[i : i + 1], task.X[i : i + 1]) for i in range(len(task.ids))
            ]
        id = int(task.ids[0])
        if lost.blameless:
            failure = Failed(f"its machine went away {MACHINES} times", "crash", lost.detail)
        else:
            self._deaths[id] += 1
            if self._deaths[id] < DEADLY:
                log.warning("candidate %d: %s; it is evaluated again", id, lost.reason)
                return None, [task]
            reason = f"its worker died {DEADLY} times ({lost.reason})"
            failure = Failed(reason, "crash", lost.detail)
        sizes = (self._session.definition.n_obj, self._session.definition.n_con)
        return failed_completion(task, failure, sizes), []

    def _after_failures(self, done: Completion) -> tuple[Completion | None, list[Task]]:
        again = np.zeros(len(done.ids), dtype=np.bool_)
        for row, id in enumerate(done.ids.tolist()):
            failure = done.failures.get(id)
            if failure is None or failure.kind not in TRIED_AGAIN:
                continue
            if self._tries[id] < self._retries:
                self._tries[id] += 1
                again[row] = True
                log.warning(
                    "candidate %d failed: %s; try %d of %d",
                    id, failure.reason, self._tries[id] + 1, self._retries + 1,
                )  # fmt: skip
        if not again.any():
            return done, []
        ids = done.ids[again]
        return _rows(done, ~again), [Task(ids, self._session.candidates(ids))]


def _rows(done: Completion, keep: BoolArray) -> Completion | None:
    """A completion of those rows alone; None of none."""
    if not keep.any():
        return None
    ids = set(done.ids[keep].tolist())
    return Completion(
        ids=done.ids[keep],
        status=done.status[keep],
        F=done.F[keep],
        G=done.G[keep],
        failures={i: failure for i, failure in done.failures.items() if i in ids},
        extras={i: extra for i, extra in done.extras.items() if i in ids},
        seeds=done.seeds[keep],
        seconds=done.seconds[keep],
        worker=done.worker,
    )


def _named(task: Task) -> str:
    some = ", ".join(map(str, task.ids[:SHOWN].tolist()))
    if len(task.ids) == 1:
        return f"candidate {some}"
    return f"candidates {some}" + (", ..." if len(task.ids) > SHOWN else "")
