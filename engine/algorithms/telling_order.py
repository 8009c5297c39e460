"""In which order finished candidates are told, when nobody waits for a generation.

Pure: who was started and who has finished comes in, whose turn it is comes out. No clocks, workers
or candidates in here. At most a *window* of candidates is started and not told, and another one is
started whenever one is told, so the order of telling is all that a run depends on.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import Any, Literal, Protocol

import numpy as np

from ...typing import IntArray
from .counts import column

OrderName = Literal["cost", "arrival"]


class Order(Protocol):
    """Who is told next."""

    def __len__(self) -> int:
        """Candidates that were started and not told."""

    def start(self, id: int, cost: float) -> None:
        """A candidate is started now; ``cost`` is how long it is expected to take, in any unit."""

    def finish(self, id: int) -> None:
        """Its outcome is there."""

    def next(self) -> int | None:
        """Whose turn it is, once; None if that one has not finished yet."""

    def blocking(self) -> str:
        """Who must finish before another one can be told."""

    def waiting(self) -> list[int]:
        """Those that have finished and wait for their turn, in the order of their turns."""

    def state(self) -> dict[str, Any]:
        """Everything, as arrays and numbers; the constructor reads it back."""


class VirtualTime:
    """``window`` virtual workers with jobs that take exactly what they were declared to cost.

    The order of telling is that in which these workers would finish, so it does not depend on how
    many real ones there are or how fast they are. With equal costs it is the order of starting.
    """

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        self.clock = 0.0
        self._due: list[tuple[float, int]] = []  # a heap: end in virtual time, id
        self._finished: set[int] = set()
        if state is not None:
            self.clock = float(state["clock"])
            due, started = column(state, "due"), column(state, "started")
            self._due = list(zip(due, started, strict=True))
            heapq.heapify(self._due)
            self._finished = set(column(state, "finished"))

    def __len__(self) -> int:
        return len(self._due)

    def start(self, id: int, cost: float) -> None:
        """A virtual worker takes it on now."""
        heapq.heappush(self._due, (self.clock + cost, id))

    def finish(self, id: int) -> None:
        """It may be told when its turn comes."""
        self._finished.add(id)

    def next(self) -> int | None:
        """The one that ends first in virtual time; of several at once, the one started first."""
        if not self._due or self._due[0][1] not in self._finished:
            return None
        self.clock, id = heapq.heappop(self._due)
        self._finished.remove(id)
        return id

    def blocking(self) -> str:
        """The one that is due first."""
        return f"candidate {self._due[0][1]}"

    def waiting(self) -> list[int]:
        """By the end of their virtual jobs."""
        return [id for _, id in sorted(self._due) if id in self._finished]

    def state(self) -> dict[str, Any]:
        """Clock, and by id: who was started, when they are due, who has finished."""
        by_id = sorted((id, due) for due, id in self._due)
        return {
            "clock": self.clock,
            "started": _ids([id for id, _ in by_id]),
            "due": np.array([due for _, due in by_id], dtype=np.float64),
            "finished": _ids(sorted(self._finished)),
        }


class Arrival:
    """First come, first told: nobody waits, and only the stored order repeats a run."""

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        self._running: set[int] = set()
        self._finished: deque[int] = deque()
        if state is not None:
            self._finished = deque(column(state, "finished"))
            self._running = set(column(state, "started")) - set(self._finished)

    def __len__(self) -> int:
        return len(self._running) + len(self._finished)

    def start(self, id: int, cost: float) -> None:
        """What it costs does not matter."""
        self._running.add(id)

    def finish(self, id: int) -> None:
        """It is told after those that have finished before it."""
        self._running.remove(id)
        self._finished.append(id)

    def next(self) -> int | None:
        """The one that came first."""
        return self._finished.popleft() if self._finished else None

    def blocking(self) -> str:
        """Whoever."""
        return "one of them"

    def waiting(self) -> list[int]:
        """As they came."""
        return list(self._finished)

    def state(self) -> dict[str, Any]:
        """Who was started, and who has finished, as they came."""
        finished = list(self._finished)
        return {"started": _ids(sorted(self._running | set(finished))), "finished": _ids(finished)}


ORDERS: dict[OrderName, type[VirtualTime] | type[Arrival]] = {
    "cost": VirtualTime,
    "arrival": Arrival,
}


def _ids(ids: list[int]) -> IntArray:
    return np.array(ids, dtype=np.int64)
