"""What a pool has an executor do, and what it must be told of a death."""

from __future__ import annotations

from typing import NamedTuple

from ..records.outcome import Completion, LostTask, Task


class Start(NamedTuple):
    """Start a worker of this name; of those with the same slot there is one at a time."""

    worker: str
    slot: int


class Send(NamedTuple):
    """Have a worker evaluate tasks, one after the other."""

    worker: str
    tasks: tuple[Task, ...]


class Dismiss(NamedTuple):
    """Have a worker run ``teardown`` and end; it has no task."""

    worker: str


class Kill(NamedTuple):
    """End a worker at once, and say that it has died when it has."""

    worker: str


class StopListening(NamedTuple):
    """Say what the last words of a worker were, as far as they are known by now."""

    worker: str


class Tell(NamedTuple):
    """Bring this to the run."""

    outcome: Completion | LostTask


class Say(NamedTuple):
    """Warn the user."""

    text: str


class GiveUp(NamedTuple):
    """No worker can be had any more: end the run by this, after what has finished."""

    reason: str


Instruction = Start | Send | Dismiss | Kill | StopListening | Tell | Say | GiveUp


class Death(NamedTuple):
    """How a worker ended.

    Attributes:
        how: "ended with exit code 1".
        said: What it printed last; None if that is still to come, by ``last_words``.
        blameless: Its machine went away.
        out_of_memory: What is said of that, if it was ended for its use of memory.
        advice: For who wonders why it died before it was ready.
    """

    how: str
    said: str | None = ""
    blameless: bool = False
    out_of_memory: str = ""
    advice: str = ""
