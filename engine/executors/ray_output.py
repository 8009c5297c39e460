"""What jobs print in actors, on its way to the driver."""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from .conditions import Conditions, Printed
from .output import announce, show
from .ray_keeper import rest_of
from .scribe import LAST_LINES

log = logging.getLogger(__name__)

MOST_LINES = 10_000
"""That wait in the mailbox: who prints more waits for the driver to take them."""

HAND_OVER_SECONDS = 60.0
"""For the mailbox to take lines: then the driver is gone, or has other worries."""


TAKE_SECONDS, CLOSING_SECONDS = 5.0, 5.0
"""For lines to come, before the driver asks again; at the end, for the last ones."""

LAST_WORDS_SECONDS = 12.0
"""For a keeper to write down what was left."""


class Mailbox:
    """An actor to which all others bring what their jobs print, and from which the driver takes."""

    def __init__(self) -> None:
        import asyncio  # as large as all of paretide, and only an actor needs it

        self._lines: list[Printed] = []
        self._changed = asyncio.Condition()
        self._closing = False

    async def put(self, lines: list[Printed]) -> None:
        """Leave lines; waits while there are too many."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._lines) < MOST_LINES)
            self._lines += lines
            self._changed.notify_all()

    async def close(self) -> None:
        """Let nobody wait for lines any more."""
        async with self._changed:
            self._closing = True
            self._changed.notify_all()

    async def take(self, seconds: float) -> list[Printed]:
        """All lines that are there; waits for the first."""
        import asyncio

        async with self._changed:
            if not self._lines and not self._closing:
                there = self._changed.wait_for(lambda: self._lines or self._closing)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(there, seconds)
            taken, self._lines = self._lines, []
            self._changed.notify_all()
            return taken


def last_words(conditions: Conditions, run_id: str, worker: str) -> list[Printed]:
    """A task: what an actor of this node that is gone has not handed over."""
    path = Path(rest_file(conditions, run_id, worker))
    return [Printed(worker, *map(str, line)) for line in rest_of(path, LAST_WORDS_SECONDS)]


def rest_file(conditions: Conditions, run_id: str, worker: str) -> str:
    """Where the keeper of an actor leaves what was not handed over."""
    return conditions.folder(run_id, f"rest-{worker}")


def hand_over(mailbox: Any, lines: list[Printed]) -> None:
    """Bring lines to the mailbox, and wait until it has taken them."""
    import ray

    ray.get(mailbox.put.remote(lines), timeout=HAND_OVER_SECONDS)


class Speech:
    """The driver's side: shows what jobs print as it comes, and remembers the last of it.

    Args:
        ray: The module.
        conditions: Of the executor; without ``output="show"`` nothing is passed on.
        run_id: Of the run.

    Attributes:
        mailbox: That workers bring lines to; None if nothing is passed on.
        reference: To be waited for: then ``receive`` has something to do.
    """

    def __init__(self, ray: Any, conditions: Conditions, run_id: str) -> None:
        self._ray = ray
        self._conditions = conditions
        self._run_id = run_id
        self._said: dict[str, deque[Printed]] = defaultdict(lambda: deque(maxlen=LAST_LINES))
        self.mailbox: Any = None
        self.reference: Any = None
        announce(conditions, run_id)
        if conditions.output == "show":
            self.mailbox = (
                ray.remote(Mailbox).options(num_cpus=0, max_concurrency=1000, max_restarts=0)
            ).remote()
            self._ask()

    def receive(self) -> None:
        """Show what has come, and ask for more."""
        try:
            self.hear(self._ray.get(self.reference))
        except self._ray.exceptions.RayError as error:
            log.warning("what jobs print is not shown any more: %s", str(error).splitlines()[0])
            self.mailbox = self.reference = None
            return
        self._ask()

    def hear(self, lines: list[Printed]) -> None:
        """Show lines, and remember them."""
        show(lines)
        for line in lines:
            self._said[line.worker].append(line)

    def rest_of(self, worker: str, node: str, runtime_env: Mapping[str, Any] | None) -> Any:
        """A reference to what a worker that is gone has not handed over; None if to nothing."""
        if self.mailbox is None or not node:
            return None
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        task = self._ray.remote(last_words).options(
            num_cpus=0,
            max_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
            **({} if runtime_env is None else {"runtime_env": dict(runtime_env)}),
        )
        return task.remote(self._conditions, self._run_id, worker)

    def last(self, worker: str, whose: Collection[str]) -> list[str]:
        """What a worker that is gone printed last for these candidates."""
        return [line.line for line in self._said.pop(worker, ()) if line.whose in whose]

    def close(self) -> None:
        """Show what is left, once nobody brings any more."""
        if self.mailbox is None:
            return
        with contextlib.suppress(self._ray.exceptions.RayError):  # the cluster may be gone
            self.mailbox.close.remote()
            self.hear(self._ray.get(self.reference, timeout=CLOSING_SECONDS))
            left = self.mailbox.take.remote(0.0)
            self.hear(self._ray.get(left, timeout=CLOSING_SECONDS))
        with contextlib.suppress(Exception):  # the same
            self._ray.kill(self.mailbox)
        self.mailbox = self.reference = None

    def _ask(self) -> None:
        self.reference = self.mailbox.take.remote(TAKE_SECONDS)
