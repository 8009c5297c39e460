"""The run loop: hand out what may be evaluated, take in what has finished, keep all of it.

Who is evaluated again, ``again.py`` decides.

Everything that ends a run or watches it has its place. Between two generations: the failure budget,
callbacks, ``stop``; a place that depends on nothing but what was told. Between any two outcomes:
the clock, a ``Cost`` that is used up, and Ctrl-C, which look after the time at which a run ends and
not after its place.
"""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from typing import Protocol

from ...errors import ConfigurationError, ContractError, EvaluationError
from ..executors.base import Executor
from ..executors.handed import Handed
from ..records.evaluations import Evaluations
from ..records.outcome import Completion, Task
from .again import Chances
from .failure_budget import FailureBudget, failing_regions, failure_report
from .interrupts import Interrupts
from .oversight import Oversight, reason_of
from .progress import Progress
from .recorder import Recorder
from .session import Session
from .terminations import Termination
from .told import told_one_by_one

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.1
"""Longest wait for an outcome before the display, Ctrl-C and the clock get their turn."""


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
    oversight: Oversight,
    display: Display | None,
) -> str:
    """Run until the budget is used up, ``stop`` says so, or nothing new can be drawn; returns why.

    Raises:
        ConfigurationError: If the budget is a cost, and evaluations log none.
        ContractError: If ``evaluate`` returned other names or shapes for the first candidate that
            was to be evaluated.
        EvaluationError: If every candidate of the first generation failed, or more than the
            failure budget has.
    """
    loop = _Loop(session, executor, recorder, interrupts, progress, oversight, display)
    return loop.run(resumed=resumed)


class _Loop:
    def __init__(
        self,
        session: Session,
        executor: Executor,
        recorder: Recorder,
        interrupts: Interrupts,
        progress: Progress,
        oversight: Oversight,
        display: Display | None,
    ) -> None:
        self._session = session
        self._machine = session.machine
        self._executor = executor
        self._recorder = recorder
        self._interrupts = interrupts
        self._progress = progress
        self._oversight = oversight
        self._display = display
        self._chances = Chances(session, executor.retries)
        self._seen = 0  # generations of which everybody was told that they are complete
        self._said = session.archive.rows  # outcomes of which on_evaluation knows, or need not
        self._handed = Handed(executor, session.definition)
        self._called_at = session.machine.evaluations  # told when the callbacks were called

    def run(self, *, resumed: bool) -> str:
        session, machine = self._session, self._machine
        self._seen = machine.completed
        if resumed and machine.complete and machine.evaluations:
            self._seen -= 1  # the run was killed before anybody was called
        if session.retries.outstanding:
            reason = self._evaluate_again()
            if reason:
                return reason
        while True:
            reason = self._take_turns()
            if reason:
                return reason
            if session.spent:  # before anything more is begun
                return self._end_by_clock("cost")
            tasks = session.ask()
            self._recorder.choices()
            self._submit(tasks)
            self._recorder.populations()
            self._interrupts.raise_pending()
            if session.in_flight:
                reason = self._by_clock()
                if reason:
                    return self._end_by_clock(reason)
            recalled = session.recall()
            if recalled is not None:
                self._recorder.evaluations(recalled)
                self._say()
                self._recorder.seal_if_due()
            elif session.in_flight:
                self._submit(session.rest())
                self._submit(self._collect())
            else:
                return self._end_of_budget()

    def _evaluate_again(self) -> str:
        """Those that failed, before anything else: what comes next descends from them, too.

        Returns why the run ends here, or "".
        """
        self._submit(self._session.ask_again())
        while self._session.retries.outstanding:
            self._interrupts.raise_pending()
            reason = self._by_clock()
            if reason:
                self._settle_what_runs()
                return reason
            self._submit(self._collect())
        return ""

    def _take_turns(self) -> str:
        """Tell those whose turn it is, and call everybody after each generation.

        Returns why the run ends here, or "".
        """
        while True:
            if self._machine.completed > self._seen:
                self._seen = self._machine.completed
                reason = self._end_of_generation()
                if reason:
                    return reason
            if not self._session.advance():
                return ""
            self._say()

    def _end_of_generation(self) -> str:
        """Callbacks and the stop condition; returns why the run ends here, or ""."""
        _refuse_too_many_failures(self._session, self._oversight.failure_budget)
        _refuse_hopeless(self._session)
        _refuse_endless(self._session)
        self._call()
        stop = self._oversight.stop
        if stop is None:
            return ""
        with self._interrupts.allowed():
            return reason_of(stop(self._progress))

    def _end_of_budget(self) -> str:
        if not self._machine.complete:  # the budget ended in the middle of a generation
            self._call()
        return self._machine.exhausted_by if self._session.exhausted else "budget"

    def _by_clock(self) -> str:
        """Why the run ends now, wherever it is, or ""."""
        stop = self._oversight.stop
        if not isinstance(stop, Termination):
            return ""
        with self._interrupts.allowed():
            return stop.by_clock(self._progress)

    def _end_by_clock(self, reason: str) -> str:
        """Wait for what runs, if that is wanted; returns why the run ends, which may change by it.

        So does one that has cost what it may: where that is depends on the time, too.

        What is dropped or ended is asked for again when the run is resumed.
        """
        if self._settle_what_runs():
            other = self._take_turns()
            if other:
                return other
            if not self._session.in_flight and self._session.room == 0:
                return self._end_of_budget()
        if self._machine.evaluations > self._called_at:  # nobody has seen the last outcomes
            self._call()
        return reason

    def _settle_what_runs(self) -> bool:
        """Wait for it if that is wanted; what is queued is dropped. False if nothing is awaited."""
        if self._oversight.at_end == "kill":
            return False
        while True:
            # Again each time: what a lost worker had may be queued by now.
            self._handed.drop(self._executor.drop_queued())
            if not self._handed.candidates:
                return True
            self._interrupts.raise_pending()
            self._collect()

    def _submit(self, tasks: list[Task]) -> None:
        if tasks:
            self._handed.give(tasks)
            self._executor.submit(tasks)

    def _collect(self) -> list[Task]:
        """Take in what has finished by now; returns what is to be submitted again."""
        again: list[Task] = []
        executor = self._executor
        with self._interrupts.allowed() if executor.evaluates_here else nullcontext():
            arrived = executor.collect(WAIT_SECONDS)
        for finished in self._handed.take(arrived, time.monotonic()):
            done, theirs = self._chances.settle(finished)
            again += theirs
            if done is not None:
                self._take_in(done)
        self._say()
        self._recorder.seal_if_due()
        if self._display is not None:
            self._display.update()
        return again

    def _take_in(self, done: Completion) -> None:
        session = self._session
        if session.retries.outstanding:  # until then nothing else is under evaluation
            rows = session.tell_again(done)
            self._recorder.retried(rows)
            self._tell_listeners(rows)
            return
        _refuse_broken_contract(done, session)
        self._recorder.begin()
        self._recorder.evaluations(session.tell(done))

    def _call(self) -> None:
        """Call the callbacks."""
        self._called_at = self._machine.evaluations
        if not self._oversight.callbacks:
            return
        with self._interrupts.allowed():
            for callback in self._oversight.callbacks:
                callback(self._progress)

    def _say(self) -> None:
        """Call ``on_evaluation`` with what has been told since the last time."""
        archive = self._session.archive
        if not self._oversight.on_evaluation or archive.rows == self._said:
            return
        rows, self._said = archive.since(self._said), archive.rows
        self._tell_listeners(rows)

    def _tell_listeners(self, rows: Evaluations) -> None:
        listeners = self._oversight.on_evaluation
        if not listeners:
            return
        with self._interrupts.allowed():
            for told in told_one_by_one(rows):
                for listener in listeners:
                    listener(told)


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
    machine, failed = session.machine, len(session.failures)
    if budget is None or not budget.used_up(failed, machine.evaluations):
        return
    everything = session.told()
    regions = failing_regions(everything)
    raise EvaluationError(
        f"{failed} of {machine.evaluations} evaluations have failed, more than {budget} "
        "allows:\n"
        + failure_report(everything.failures.values())
        + ("\nmost of all\n" + "\n".join(regions) if regions else "")
        + "\nmend the problem and resume with a larger failure_budget, or with retry_failed, or "
        "start anew",
        list(everything.failures),
    )


def _refuse_endless(session: Session) -> None:
    """A budget of a cost that nobody logs."""
    spending = session.spending
    wrong = "" if spending is None else spending.wrong(session.archive)
    if wrong:
        raise ConfigurationError(f"{session.definition.name}: {wrong}")


def _refuse_hopeless(session: Session) -> None:
    """A first generation without a single success: going on would only burn the budget."""
    machine = session.machine
    if machine.generation == 0 and len(session.failures) == machine.evaluations > 0:
        failures = session.failures
        detail = next(iter(failures.values())).detail.rstrip()
        raise EvaluationError(
            f"all {len(failures)} candidates of the first generation failed:\n"
            + failure_report(failures.values())
            + (f"\nthe first of them:\n{detail}" if detail else "")
            + "\nmend the problem and start anew (a store is replaced with overwrite), or resume "
            "with retry_failed",
            list(failures),
        )
