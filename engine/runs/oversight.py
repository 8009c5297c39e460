"""Who watches a run, and what ends it before its budget does: the user's wishes, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ...errors import ConfigurationError
from ..executors.base import Executor
from ..foreign_names import meant_condition
from .failure_budget import FailureBudget
from .progress import Progress
from .told import Told

Stop = Callable[[Progress], Any]
Callback = Callable[[Progress], Any]
OnEvaluation = Callable[[Told], Any]

AtEnd = Literal["wait", "kill"]
"""What becomes of evaluations that are under way when the clock ends a run."""


@dataclass(frozen=True, kw_only=True)
class Oversight:
    """As in ``minimize``.

    Attributes:
        stop: Ends the run.
        at_end: What then runs is waited for, or ended.
        callbacks: See every generation.
        on_evaluation: See every outcome.
        failure_budget: Ends a run that only fails.
        progress: Show a live line.
    """

    stop: Stop | None
    at_end: AtEnd
    callbacks: Sequence[Callback]
    on_evaluation: Sequence[OnEvaluation]
    failure_budget: FailureBudget | None
    progress: bool

    def __post_init__(self) -> None:
        if self.stop is not None and not callable(self.stop):
            raise ConfigurationError(
                f"stop must be callable with a Progress, got {self.stop!r}"
                f"{meant_condition(self.stop)}"
            )
        if isinstance(self.stop, type):
            raise ConfigurationError(
                f"stop is the class {self.stop.__name__}; pass an instance, "
                f"{self.stop.__name__}(...)"
            )
        if self.at_end not in get_args(AtEnd):
            raise ConfigurationError(
                f"at_end must be one of {list(get_args(AtEnd))}, got {self.at_end!r}"
            )
        for name in ("callbacks", "on_evaluation"):
            _check_callables(name, getattr(self, name))
        budget: Any = self.failure_budget
        if budget is not None and not isinstance(budget, FailureBudget):
            raise ConfigurationError(
                f"failure_budget must be pt.FailureBudget(count=..., share=...), got {budget!r}"
            )

    def refuse_executor(self, executor: Executor) -> None:
        """Raise ConfigurationError if ``executor`` cannot do what ``at_end`` says."""
        if self.at_end == "kill" and executor.evaluates_here:
            raise ConfigurationError(
                'at_end="kill" needs evaluations that can be ended, and those of this executor run '
                'in this process: leave it out, or use executor="processes" or "ray"'
            )


def reason_of(said: Any) -> str:
    """Why a run ends, of what ``stop`` returned; "" if it goes on."""
    return said if isinstance(said, str) else "stop" if said else ""


def _check_callables(name: str, given: Any) -> None:
    if callable(given):
        raise ConfigurationError(f"{name} must be a sequence of callables: write {name}=[f]")
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigurationError(f"{name} must be a sequence of callables, got {given!r}")
    for each in given:
        if not callable(each):
            raise ConfigurationError(f"{name} must be callable, got {each!r}")
