"""The driver's hold on Ray actors: what was asked of them, and what has come of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..records.outcome import Task
from .base import Job
from .conditions import Conditions, Printed
from .ray_actor import ActorWorker
from .ray_cluster import Needs
from .ray_output import Speech
from .travel import Origin, pack_folders

Asked = Literal["place", "setup", "tasks", "end", "last words"]


@dataclass
class _Actor:
    handle: Any
    node: str = ""  # "" until it has a place


class Answer(NamedTuple):
    """Something has come of what an actor was asked.

    Attributes:
        worker: Its name.
        asked: What it was asked for.
        reference: To what it says.
    """

    worker: str
    asked: Asked
    reference: Any


class Actors:
    """Actors by name.

    Args:
        ray: The module.
        needs: Of each.
        job: That they evaluate, for its folders and its run.
        packed: A reference to the job on its way.
        origin: Where the driver has the problem's code.
        conditions: Under which they evaluate.
        shared: References to what is shared, by name.
        speech: For what they print.
        alone: Every actor is on the driver's machine.
    """

    def __init__(
        self,
        ray: Any,
        needs: Needs,
        job: Job,
        packed: Any,
        origin: Origin,
        conditions: Conditions,
        shared: dict[str, Any],
        speech: Speech,
        *,
        alone: bool,
    ) -> None:
        self._ray = ray
        self._needs = needs
        self._job = job
        self._packed = packed
        self._origin = origin
        self._conditions = conditions
        self._shared = shared
        self._speech = speech
        self._alone = alone
        self._archive: Any = None  # a reference to what is in the problem's folders, once needed
        self._actors: dict[str, _Actor] = {}
        self._asked: dict[Any, tuple[str, Asked]] = {}  # by the reference that is waited for

    def add(self, name: str) -> None:
        """Make an actor; it is asked to say when it has a place."""
        handle = (
            self._ray.remote(ActorWorker)
            .options(max_restarts=0, max_task_retries=0, **self._needs.options())
            .remote()
        )
        self._actors[name] = _Actor(handle)
        self._ask(handle.placed.remote(self._marked_origin()), name, "place")

    def set_up(self, name: str, node: str, *, sees: bool) -> None:
        """Let an actor that has a place run ``setup``; ``sees``: it sees the problem's folders."""
        actor = self._actors[name]
        actor.node = node
        reference = actor.handle.setup.remote(
            self._packed,
            self._marked_origin(),
            None if sees else self._packed_folders(),
            name,
            self._job.run_id,
            self._conditions,
            self._shared,
            self._speech.mailbox,
        )
        self._ask(reference, name, "setup")

    def evaluate(self, name: str, tasks: Sequence[Task]) -> None:
        """Have an actor evaluate tasks."""
        self._ask(self._actors[name].handle.evaluate.remote(list(tasks)), name, "tasks")

    def dismiss(self, name: str) -> None:
        """Have an actor run ``teardown``, and end."""
        handle = self._actors[name].handle
        handle.dismiss.remote()
        self._ask(handle.leave.remote(), name, "end")  # which fails, once it has left

    def has(self, name: str) -> bool:
        """True until it has been ended."""
        return name in self._actors

    def end(self, name: str) -> str:
        """End an actor, if nothing else has, and forget it; returns the node that it was on."""
        actor = self._actors.pop(name)
        for reference, (whose, _) in list(self._asked.items()):
            if whose == name:
                del self._asked[reference]
        self._kill(actor)
        return actor.node

    def node_of(self, name: str) -> str:
        """The node that an actor is on."""
        return self._actors[name].node

    def ask_last_words(self, name: str, node: str) -> bool:
        """Have somebody on its node say what an actor that is gone has not handed over.

        Returns False if nobody can.
        """
        reference = self._speech.rest_of(name, node, self._needs.runtime_env)
        if reference is None:
            return False
        self._ask(reference, name, "last words")
        return True

    def lines(self, reference: Any) -> list[Printed]:
        """What last words are, or none if they are lost, too."""
        try:
            return list(self._ray.get(reference))
        except self._ray.exceptions.RayError:  # its node is gone
            return []

    def answers(self, until: float) -> list[Answer]:
        """What has come; waits for the first until a time, by ``time.monotonic()``.

        Shows what is printed meanwhile.
        """
        while True:
            printed = self._speech.reference
            references = list(self._asked)
            if not references:
                time.sleep(max(0.0, until - time.monotonic()))
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
                return [Answer(*self._asked[reference], reference) for reference in done]

    def taken(self, answer: Answer) -> bool:
        """Wait for it no longer; False if the actor has been ended since."""
        return self._asked.pop(answer.reference, None) is not None

    def close(self, idle: Sequence[str], seconds: float) -> int:
        """End all; those that are idle by their ``teardown``. Returns how many took too long."""
        late: list[Any] = []
        with contextlib.suppress(Exception):  # the cluster may be gone already
            leaving = [ref for ref, (_, asked) in self._asked.items() if asked == "end"]
            leaving += [self._actors[name].handle.dismiss.remote() for name in idle]
            if leaving:
                _, late = self._ray.wait(leaving, num_returns=len(leaving), timeout=seconds)
        for actor in self._actors.values():
            self._kill(actor)
        self._actors, self._asked = {}, {}
        return len(late)

    def _ask(self, reference: Any, name: str, asked: Asked) -> None:
        self._asked[reference] = (name, asked)

    def _kill(self, actor: _Actor) -> None:
        with contextlib.suppress(Exception):  # usually there is nobody left to kill
            self._ray.kill(actor.handle, no_restart=True)

    def _marked_origin(self) -> Origin:
        """Where the code is; with marks if there may be machines that do not see it."""
        return self._origin if self._alone else self._origin.marked()

    def _packed_folders(self) -> Any:
        """A reference to the problem's folders, for nodes that do not see them."""
        if self._archive is None:
            self._archive = self._ray.put(pack_folders(self._job.problem, self._origin))
        return self._archive
