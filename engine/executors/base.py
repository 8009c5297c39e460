"""What an executor is: evaluations are submitted and collected, nothing else.

It never decides who is evaluated again: a task whose worker died comes back as ``LostTask``, and
the run loop says what happens to it.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from ...checks import whole_number
from ...errors import ExecutorError
from ...problems.definition import Definition, read_definition
from ...problems.reference import FromFile, Reference, from_file, reference_to
from ..records.outcome import Completion, LostTask, Task


@dataclass(frozen=True)
class Job:
    """What every worker needs to know. It can be pickled if its problem can.

    Attributes:
        problem: The user's problem.
        definition: Read from it: names, numbers and directions of objectives and constraints.
        seed: Of the run.
        run_id: Names the folders that its evaluations work in.
    """

    problem: Any
    definition: Definition
    seed: int
    run_id: str

    def copy(self) -> Job:
        """The same job with a copy of the problem.

        For a worker in a thread: what ``setup`` of one writes to the problem, others must not see.

        Raises:
            ExecutorError: If the problem cannot be copied.
        """
        try:
            return replace(self, problem=copy.deepcopy(self.problem))
        except Exception as error:  # whatever the user's objects raise when copied
            raise ExecutorError(
                f"{type(self.problem).__name__} cannot be copied, and every worker of a thread "
                f"needs its own: {type(error).__name__}: {error}; make what cannot be copied in "
                "setup(ctx), which every worker runs for itself"
            ) from error

    def __reduce__(self) -> tuple[Any, ...]:
        made = from_file(self.problem)  # no import finds it
        return _unpickled, (self.problem if made is None else made, self.seed, self.run_id)


def _unpickled(problem: Any, seed: int, run_id: str) -> Job:
    """The job in another process."""
    if isinstance(problem, FromFile):
        problem = problem.make()
    return Job(problem, read_definition(problem), seed, run_id)


def check_retries(retries: Any) -> int:
    """``retries``, or ConfigurationError unless it is a count."""
    return whole_number("retries", retries, least=0)


@dataclass(frozen=True)
class Activity:
    """What workers do at a moment: how many are busy, idle, and not ready yet; ``lost`` so far."""

    busy: int
    idle: int
    starting: int
    lost: int = 0


class Executor(ABC):
    """Runs evaluations: ``start`` once, then ``submit`` and ``collect``, then ``close``.

    An executor of one's own is a subclass with these four methods. What it submits to is its own
    affair: threads, a batch system, machines. There, a ``Worker`` evaluates a task and makes its
    ``Completion``. All methods are called in the thread of the run. Results never depend on an
    executor: it may finish tasks in any order, and lose them.

    The same executor may be started again after ``close``, for another run. Settings are the fields
    of a dataclass or the arguments of ``__init__``; a run's file keeps them.

    Attributes:
        evaluates_here: True if user code runs in the thread that calls ``collect``: then Ctrl-C may
            interrupt it, and nothing can end it.
        retries: How often a candidate that failed is evaluated again, with the same seed.
    """

    evaluates_here: bool = False
    retries: int = 0

    init_arguments: tuple[tuple[Any, ...], dict[str, Any]]
    """How the instance was made."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Executor:
        """Remember the arguments; ``object.__new__`` would refuse them."""
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__}() takes no arguments")
        self = super().__new__(cls)
        self.init_arguments = (args, kwargs)
        return self

    @abstractmethod
    def start(self, job: Job) -> None:
        """Make workers, and run the problem's ``setup`` in each, before anything is written.

        Raises:
            ExecutorError: If that fails; then ``close`` is called all the same.
        """

    @abstractmethod
    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks; returns at once. Each must come back by ``collect``, once."""

    @abstractmethod
    def collect(self, timeout: float) -> list[Completion | LostTask]:
        """What has finished since the last call, in any order.

        Waits for the first at most ``timeout`` seconds, or as long as it takes if it evaluates
        here.

        Raises:
            ExecutorError: If nothing can be evaluated any more; ends the run, which may be resumed.
        """

    def drop_queued(self) -> int:
        """Forget tasks that no worker has begun; returns how many candidates those were.

        Asked for when the clock ends the run; what it does not forget is waited for. The default
        forgets none.
        """
        return 0

    def activity(self) -> Activity | None:
        """What the workers do now, for the live line; None, the default, if that is not known."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Drop what is queued or running and end the workers. May be called twice.

        Called at the end of a run, however it ends: what runs is not to be waited for longer than
        it must be.
        """

    def settings(self) -> dict[str, Any]:
        """Name and arguments as JSON, so that a resumed run can make it again.

        The name is ``module:name`` or ``file.py:name``. Where there is none, it is "" and
        ``reason`` says why: then resuming the run needs the executor passed again. Of an argument
        ``shared`` that is a mapping, only the names are kept.
        """
        reference = written(self)
        if not reference.target:
            return {"name": "", "reason": reference.reason}
        folder = {"folder": reference.folder} if reference.folder else {}
        return {"name": reference.target, **folder, "arguments": reference.arguments}


def written(executor: Executor) -> Reference:
    """The reference that makes an executor again, with the names alone of what it shares."""
    kind: Any = type(executor)
    args, kwargs = executor.init_arguments
    if is_dataclass(kind):  # all of them: defaults may change
        args, kwargs = (), {f.name: getattr(executor, f.name) for f in fields(kind) if f.init}
    kept = {
        name: sorted(value) if name == "shared" and isinstance(value, Mapping) else value
        for name, value in kwargs.items()
    }
    stand_in = object.__new__(kind)
    stand_in.init_arguments = (args, kept)
    return reference_to(stand_in)
