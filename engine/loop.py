"""The run loop: hand out what may be evaluated, take in what has finished, keep all of it.

Who is evaluated again, ``again.py`` decides.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Protocol

from ..errors import ContractError, EvaluationError
from .again import Chances
from .executors.base import Executor
from .failures import FailureBudget, failing_regions, failure_report
from .interrupts import Interrupts
from .outcome import Completion
from .progress import Progress
from .recorder import Recorder
from .session import Session

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.1
"""Longest wait for an outcome before the display and Ctrl-C get their turn."""

Stop = Callable[[Progress], Any]
Callback = Callable[[Progress], Any]


class Display(Protocol):
    """Shows a run while it goes on."""

    def update(self) -> None:
        """Called often; shows at its own pace."""


def drive(
    session: Session,
    executor: Executor,
    recorder: Recorder,
    interrupts: Interrupts,
    *,
    resumed: bool,
    progress: Progress,
    stop: Stop | None,
    callbacks: Sequence[Callback],
    display: Display | None,
    failure_budget: FailureBudget | None,
) -> str:
    """Run until the budget is used up, ``stop`` says so, or nothing new can be drawn; returns why.

    Raises:
        ContractError: If ``evaluate`` returned other names or shapes for the first candidate that
            was to be evaluated.
        EvaluationError: If every candidate of the first generation failed, or more than the
            failure budget has.
    """
    chances = Chances(session, executor.retries)
    machine = session.machine
    seen = machine.completed  # generations of which everybody was told that they are
    if resumed and machine.complete and machine.evaluations:
        seen -= 1  # the run was killed before anybody was called
    while True:
        while True:
            if machine.completed > seen:
                seen = machine.completed
                _refuse_too_many_failures(session, failure_budget)
                reason = _end_of_generation(session, progress, stop, callbacks, interrupts)
                if reason:
                    return reason
            if not session.advance():
                break
        executor.submit(session.ask())
        recorder.populations()
        interrupts.raise_pending()
        recalled = session.recall()
        if recalled is not None:
            recorder.evaluations(recalled)
            recorder.seal_if_due()
            continue
        if not session.in_flight:
            if not machine.complete:  # the budget ended in the middle of a generation
                _call(callbacks, progress, interrupts)
            return "exhausted" if session.exhausted else "budget"
        with interrupts.allowed() if executor.evaluates_here else nullcontext():
            arrived = executor.collect(WAIT_SECONDS)
        for finished in arrived:
            done, again = chances.settle(finished)
            executor.submit(again)
            if done is not None:
                _refuse_broken_contract(done, session)
                recorder.begin()
                recorder.evaluations(session.tell(done))
        recorder.seal_if_due()
        if display is not None:
            display.update()


def _end_of_generation(
    session: Session,
    progress: Progress,
    stop: Stop | None,
    callbacks: Sequence[Callback],
    interrupts: Interrupts,
) -> str:
    """Callbacks and the stop condition; returns why the run ends here, or ""."""
    _refuse_hopeless(session)
    _call(callbacks, progress, interrupts)
    if stop is None:
        return ""
    with interrupts.allowed():
        reason = stop(progress)
    return reason if isinstance(reason, str) else "stop" if reason else ""


def _call(callbacks: Sequence[Callback], progress: Progress, interrupts: Interrupts) -> None:
    if not callbacks:
        return
    with interrupts.allowed():
        for callback in callbacks:
            callback(progress)


def _refuse_broken_contract(done: Completion, session: Session) -> None:
    """Other names or shapes from the very first that was evaluated: the definition is wrong.

    Only of that one, whoever finishes first: the verdict must not depend on the number of workers.
    """
    first = session.first_evaluated
    failure = None if first is None else done.failures.get(first)
    if failure is not None and failure.kind == "contract":
        raise ContractError(
            f"{session.definition.name}, candidate {first}: {failure.reason}",
            [session.first_evaluated or 0],
        )


def _refuse_too_many_failures(session: Session, budget: FailureBudget | None) -> None:
    machine = session.machine
    if budget is None or not budget.used_up(machine.failures, machine.evaluations):
        return
    everything = session.archive.table()
    regions = failing_regions(everything)
    raise EvaluationError(
        f"{machine.failures} of {machine.evaluations} evaluations have failed, more than {budget} "
        "allows:\n"
        + failure_report(everything.failures.values())
        + ("\nmost of all\n" + "\n".join(regions) if regions else "")
        + "\nmend the problem and resume with a larger failure_budget, or start anew",
        list(everything.failures),
    )


def _refuse_hopeless(session: Session) -> None:
    """A first generation without a single success: going on would only burn the budget."""
    machine = session.machine
    if machine.generation == 0 and machine.failures == machine.evaluations > 0:
        failures = session.archive.table().failures
        detail = next(iter(failures.values())).detail.rstrip()
        raise EvaluationError(
            f"all {len(failures)} candidates of the first generation failed:\n"
            + failure_report(failures.values())
            + (f"\nthe first of them:\n{detail}" if detail else "")
            + "\nmend the problem and start anew (a store is replaced with overwrite)",
            list(failures),
        )
