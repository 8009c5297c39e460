"""What lives in a Ray actor: the user's problem after one ``setup``."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from types import FrameType
from typing import Any, Literal

from ..records.outcome import Completion, Task
from .archive import Archive
from .conditions import Conditions, Printed
from .evaluator import Evaluator
from .leftovers import Leftovers
from .output import Capture
from .ray_keeper import Keeper
from .ray_output import hand_over, rest_file
from .travel import Origin, PackedJob

Trouble = tuple[Literal["load", "setup"], str]
"""How far an actor came, and the traceback."""


class ActorWorker:
    """Its constructor does nothing, so that being placed shows at once."""

    def __init__(self) -> None:
        self._worker: Evaluator | None = None
        self._capture: Capture | None = None
        self._keeper: Keeper | None = None

    def placed(self, origin: Origin) -> tuple[str, bool]:
        """Answers as soon as the actor has a place: its node, and if that sees the code."""
        import ray

        return str(ray.get_runtime_context().get_node_id()), origin.is_seen()

    def setup(
        self,
        packed: PackedJob,
        origin: Origin,
        archive: Archive | None,
        name: str,
        run_id: str,
        conditions: Conditions,
        references: Mapping[str, Any],
        mailbox: Any,
    ) -> Trouble | None:
        """Load the problem and run its ``setup``; says how far it came if that fails.

        Args:
            packed: The problem.
            origin: Where the driver has what it needs.
            archive: The problem's folders; None where they are seen.
            name: Of the worker.
            run_id: Of the run.
            conditions: Under which it evaluates.
            references: To what is shared, in the object store of this node from now on.
            mailbox: For what is printed; None if that is not shown.
        """
        import ray

        if sys.platform == "linux":
            rest = "" if mailbox is None else rest_file(conditions, run_id, name)
            self._keeper = Keeper(os.urandom(16).hex(), rest)
        if os.name == "posix":
            _end_forks_when_told()
            self._listen(conditions, run_id, name, mailbox)
        stage: Literal["load", "setup"] = "load"
        try:
            job = packed.unpack(origin.settle(archive))
            shared = {key: ray.get(reference) for key, reference in references.items()}
            stage = "setup"
            self._worker = Evaluator(
                job,
                name,
                conditions,
                tuple(str(gpu) for gpu in ray.get_gpu_ids()),
                shared,
                outlet=self._capture,
                leftovers=Leftovers() if sys.platform == "linux" else None,
            )
        except BaseException:  # told to the driver, which decides
            self._fall_silent()
            return stage, traceback.format_exc()
        return None

    def evaluate(self, tasks: list[Task]) -> list[Completion]:
        """Evaluate tasks, one after the other."""
        assert self._worker is not None
        return [self._worker.evaluate(task) for task in tasks]

    def dismiss(self) -> None:
        """Run the problem's ``teardown``, and hand over what was printed last."""
        assert self._worker is not None
        try:
            self._worker.dismiss()
        finally:
            self._fall_silent()

    def leave(self) -> None:
        """End the actor, after all that was asked of it."""
        import ray

        ray.actor.exit_actor()  # type: ignore[no-untyped-call]

    def _listen(self, conditions: Conditions, run_id: str, name: str, mailbox: Any) -> None:
        """Take what is printed from now on."""
        keeper = self._keeper

        def sink(lines: list[Printed]) -> None:
            if mailbox is not None:
                hand_over(mailbox, lines)
            if keeper is not None:
                keeper.acknowledge()

        if keeper is None:
            self._capture = Capture(conditions, run_id, name, sink)
        else:
            self._capture = Capture(conditions, run_id, name, sink, keeper.start)

    def _fall_silent(self) -> None:
        if self._capture is not None:
            self._capture.close()
            self._capture = None
        if self._keeper is not None:
            self._keeper.close()


def _end_forks_when_told() -> None:
    """Let forked children of jobs end by SIGTERM: Ray's handler is not for them.

    It raises, which is lost if the signal comes while the child is still being made, as when a pool
    is ended as soon as it has done its work.
    """
    actor, handler = os.getpid(), signal.getsignal(signal.SIGTERM)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        return

    def end(signum: int, frame: FrameType | None) -> None:
        if os.getpid() != actor:
            os._exit(128 + signum)
        handler(signum, frame)

    signal.signal(signal.SIGTERM, end)
