"""The run loop: hand out what may be evaluated, take in what has finished, keep all of it.

Who is evaluated again is decided here, by ``Losses``: a task whose worker died is the
infrastructure's fault the first time and the candidate's the second time.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Protocol

from ..errors import ContractError, EvaluationError
from .executors.base import Executor
from .interrupts import Interrupts
from .outcome import Completion, Failed, LostTask, Task, failed_completion
from .progress import Progress
from .recorder import Recorder
from .session import Session

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.1
"""Longest wait for an outcome before the display and Ctrl-C get their turn."""

DEADLY = 2
"""Workers that a candidate may take with it before it is taken to be its own fault."""

Stop = Callable[[Progress], Any]
Callback = Callable[[Progress], Any]


class Display(Protocol):
    """Shows a run while it goes on."""

    def update(self) -> None:
        """Called often; shows at its own pace."""


class Losses:
    """Decides what happens to a task whose worker died."""

    def __init__(self) -> None:
        self._deaths: Counter[int] = Counter()

    def decide(self, lost: LostTask) -> list[Task] | Failed:
        """The tasks to submit again, with the same seeds; or, for a candidate, its failure."""
        task = lost.task
        if len(task.ids) > 1:  # one of a chunk is to blame: each on its own from now on
            return [Task(task.ids[i : i + 1], task.X[i : i + 1]) for i in range(len(task.ids))]
        id = int(task.ids[0])
        self._deaths[id] += 1
        if self._deaths[id] < DEADLY:
            log.warning("candidate %d: %s; it is evaluated again", id, lost.reason)
            return [task]
        return Failed(f"its worker died {DEADLY} times ({lost.reason})", "crash")


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
) -> str:
    """Run until the budget is used up, ``stop`` says so, or nothing new can be drawn; returns why.

    Raises:
        ContractError: If ``evaluate`` returned other names or shapes for the first candidate that
            was to be evaluated.
        EvaluationError: If every candidate of the first generation failed.
    """
    losses = Losses()
    unseen = resumed  # the end of the generation: the run was killed before anybody was called
    while True:
        while True:
            if unseen and session.machine.complete and session.machine.evaluations:
                reason = _end_of_generation(session, progress, stop, callbacks, interrupts)
                if reason:
                    return reason
            unseen = True
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
            if not session.machine.complete:  # the budget ended in the middle of a generation
                _call(callbacks, progress, interrupts)
            return "exhausted" if session.exhausted else "budget"
        with interrupts.allowed() if executor.evaluates_here else nullcontext():
            arrived = executor.collect(WAIT_SECONDS)
        for finished in arrived:
            done = _settle(finished, losses, session, executor)
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
    with interrupts.allowed():
        for callback in callbacks:
            callback(progress)


def _settle(
    finished: Completion | LostTask, losses: Losses, session: Session, executor: Executor
) -> Completion | None:
    if isinstance(finished, Completion):
        return finished
    decision = losses.decide(finished)
    if isinstance(decision, Failed):
        sizes = (session.definition.n_obj, session.definition.n_con)
        return failed_completion(finished.task, decision, sizes)
    executor.submit(decision)
    return None


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


def failure_report(failures: Iterable[Failed], most: int = 5) -> str:
    """Failures grouped by kind and reason, a line each, the most frequent first."""
    counts = Counter((f.kind, f.reason) for f in failures)
    lines = [f"  {n} x {kind}: {reason}" for (kind, reason), n in counts.most_common(most)]
    if len(counts) > most:
        lines.append(f"  ... and {len(counts) - most} other reasons")
    return "\n".join(lines)
