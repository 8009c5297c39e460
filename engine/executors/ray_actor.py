"""What lives in a Ray actor: the user's problem after one ``setup``."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from ..outcome import Completion, Failed, Task, failed_completion
from .base import Conditions, Job
from .worker import Worker


class ActorWorker:
    """Its constructor does nothing, so that being placed shows at once."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def placed(self) -> str:
        """Answers as soon as the actor has a place: the id of its node."""
        import ray

        return str(ray.get_runtime_context().get_node_id())

    def setup(
        self, job: Job, name: str, conditions: Conditions, references: Mapping[str, Any]
    ) -> str | None:
        """Run the problem's ``setup``; returns the traceback if it fails.

        ``references`` name what is shared, in the object store of this node from now on.
        """
        import ray

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
