"""What lives in a Ray actor: the user's problem after one ``setup``."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from ..outcome import Completion, Failed, Task, failed_completion
from .archive import Archive
from .base import Conditions
from .travel import Origin, PackedJob
from .worker import Worker


class ActorWorker:
    """Its constructor does nothing, so that being placed shows at once."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

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
        conditions: Conditions,
        references: Mapping[str, Any],
    ) -> str | None:
        """Load the problem and run its ``setup``; returns the traceback if that fails.

        ``archive`` holds the problem's folders, None where they are seen. ``references`` name what
        is shared, in the object store of this node from now on.
        """
        import ray

        job = packed.unpack(origin.settle(archive))
        device = tuple(str(gpu) for gpu in ray.get_gpu_ids())
        shared = {key: ray.get(reference) for key, reference in references.items()}
        try:
            self._worker = Worker(job, name, conditions, device, shared)
        except (Exception, SystemExit):  # told to the driver, which raises
            return traceback.format_exc()
        return None

    def evaluate(self, tasks: list[Task]) -> list[Completion]:
        """Evaluate tasks, one after the other."""
        return [self._evaluate(task) for task in tasks]

    def _evaluate(self, task: Task) -> Completion:
        assert self._worker is not None
        try:
            return self._worker.evaluate(task)
        except KeyboardInterrupt:  # raised by the candidate: Ray would take it for a cancellation
            definition = self._worker.job.definition
            failure = Failed("KeyboardInterrupt", "exception")
            return failed_completion(task, failure, (definition.n_obj, definition.n_con))

    def dismiss(self) -> None:
        """Run the problem's ``teardown``."""
        assert self._worker is not None
        self._worker.dismiss()

    def leave(self) -> None:
        """End the actor, after all that was asked of it."""
        import ray

        ray.actor.exit_actor()  # type: ignore[no-untyped-call]
