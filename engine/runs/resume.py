"""Resuming runs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...checks import whole_number
from ...errors import ConfigurationError, StoreMismatch
from ...problems.definition import Definition, read_definition
from ..algorithms.algorithm import Algorithm, as_problem, cost_of, known_of
from ..executors import make_executor
from ..executors.base import Executor, Job
from ..executors.stored import describe_executor, stored_executor
from ..foreign_names import WHOLE_RUN, foreign_names
from ..records.evaluations import choices_of_problem, of_problem
from ..records.provenance import Choices
from ..store.codec import Event, Retried
from ..store.state import believed
from ..store.store import RunStore
from .cache import Memory
from .conduct import absolute, conduct, leave_if_spawning
from .cost import Cost, cost_in
from .failure_budget import FailureBudget
from .interrupts import Interrupts, deferred
from .interventions import Kinds, check_kinds, read_interventions
from .manifest import algorithm_of, refuse_other_problem, stored_problem
from .or_resume import Asked, other_cost, refuse_other_run, why_ended
from .oversight import AtEnd, Callback, OnEvaluation, Oversight, Stop, reason_of
from .progress import Progress
from .recorder import Recorder
from .result import Result
from .retries import Retries
from .rules import refuse_other_rules
from .session import Session
from .spending import Spending

log = logging.getLogger(__name__)


@foreign_names(WHOLE_RUN)
def resume(
    path: str | Path,
    *,
    budget: int | Cost | None = None,
    problem: Any = None,
    algorithm: Algorithm | None = None,
    executor: str | Executor | None = None,
    trust_executor: bool = False,
    failure_budget: FailureBudget | None = None,
    stop: Stop | None = None,
    at_end: AtEnd = "wait",
    callbacks: Sequence[Callback] = (),
    on_evaluation: Sequence[OnEvaluation] = (),
    progress: bool = False,
    retry_failed: Kinds = False,
    without_journal: bool = False,
) -> Result:
    """Continue a run from its file; no finished evaluation is done twice.

    Args:
        path: Of the run's HDF5 file.
        budget: Evaluations to add to the run's budget; None leaves it as it is. A run without a
            budget has none to add to: end it with ``stop``, which it needs. Of a run with a
            ``Cost`` it is ``Cost(7200)`` in all, what has been paid included, of the same thing;
            None leaves that as it is, too.
        problem: The problem; needed only if the store cannot say how to make it again.
        algorithm: The algorithm that the run was started with; needed only if the store cannot say
            how to make it again, as with a part that is a lambda.
        executor: As in ``minimize``; None is the one that the run was started with.
        trust_executor: Join the Ray cluster at the address that the file names, and use its
            ``runtime_env``. Without it a file that names either is refused, unless RAY_ADDRESS
            names the cluster.
        failure_budget: As in ``minimize``; None is the one that the run was started with.
        stop: As in ``minimize``.
        at_end: As in ``minimize``.
        callbacks: As in ``minimize``.
        on_evaluation: As in ``minimize``; not called for what is replayed.
        progress: As in ``minimize``.
        retry_failed: Evaluate failed candidates again before the run goes on, because what they
            failed by has been mended: True for all, or kinds of failures ("deadline", or several).
            They keep their ids and seeds, and cost no budget. Those that have values now take part
            in the next selection, or in the final population. That they are to be evaluated again
            is stored first, so that a run that is killed meanwhile goes on with it; and since it is
            not of the run's seed alone, the run says so: ``specification["events"]``. What they
            failed by stays in ``run.earlier_failures``.
        without_journal: Go on from the file alone, and lose what was finished after it was
            written: for a run whose journal is gone or damaged.

    Returns:
        The same as if the run had never been interrupted.

    Raises:
        StoreNotFound, StoreCorrupt, StoreLocked: If the file cannot be continued.
        StoreVersion: If it is of another schema, or was started under other rules.
        StoreMismatch: If the problem, the algorithm or what the budget is of is another one, the
            replay asks for other candidates, or the journal is not there.
        ConfigurationError: For a wrong budget or executor, or if problem or algorithm must be
            passed.
    """
    leave_if_spawning()
    kinds = check_kinds(retry_failed)
    paying = budget if isinstance(budget, Cost) else None
    added = None
    if budget is not None and paying is None:
        added = whole_number("budget (evaluations to add)", budget, least=1)
    oversight = Oversight(
        stop=stop, at_end=at_end, callbacks=callbacks, on_evaluation=on_evaluation,
        failure_budget=failure_budget, progress=progress,
    )  # fmt: skip
    with_executor = None if executor is None else make_executor(executor)
    return go_on(
        absolute(path), problem, algorithm, with_executor, oversight, added=added, paying=paying,
        kinds=kinds, without_journal=without_journal, trust_executor=trust_executor,
    )  # fmt: skip


def go_on(
    path: Path,
    problem: Any,
    algorithm: Algorithm | None,
    executor: Executor | None,
    oversight: Oversight,
    *,
    added: int | None = None,
    paying: Cost | None = None,
    kinds: tuple[str, ...] = (),
    without_journal: bool = False,
    trust_executor: bool = False,
    asked: Asked | None = None,
) -> Result:
    """Continue a run: as ``resume`` does, or as it is ``asked`` for by ``minimize``.

    ``added`` are evaluations, ``paying`` is what all of them may cost together; failures of these
    ``kinds`` are evaluated again.

    Raises what ``resume`` raises, and StoreMismatch for another run than the one asked for.
    """
    with contextlib.ExitStack() as stack:
        interrupts = stack.enter_context(deferred())  # until all is closed
        store, image, events = RunStore.reopen(path, without_journal=without_journal)
        stack.callback(store.release)
        specification = image.specification
        refuse_other_rules(specification, path)
        with interrupts.allowed():
            if problem is None:
                problem = stored_problem(specification, path)
            problem = as_problem(problem)
            definition = read_definition(problem)
        if asked is not None:
            refuse_other_run(specification, problem, definition, asked, path)
        refuse_other_problem(specification, problem, definition, path)
        with interrupts.allowed():
            given = algorithm if asked is None else asked.algorithm
            algorithm = algorithm_of(specification, given, definition, path)
        if executor is None:
            executor = stored_executor(specification["executor"], trusted=trust_executor)
        oversight.refuse_executor(executor)
        if oversight.failure_budget is not None:
            specification["failure_budget"] = asdict(oversight.failure_budget)
        elif "failure_budget" in specification:
            with believed(path):
                stored_budget = FailureBudget(**specification["failure_budget"])
            oversight = replace(oversight, failure_budget=stored_budget)
        seed, cost = int(specification["seed"]), cost_of(problem)
        given_cost = paying if asked is None else asked.cost
        spending = Spending.of_cost(_cost(specification, given_cost, added, path))
        paid = None if spending is None else spending.of
        with believed(path):
            known_ahead = known_of(problem, definition)
            machine = algorithm.machine(definition, seed, cost, known=known_ahead, paid=paid)
        known = of_problem(image.known, definition)
        memory = Memory(known, grows=specification["cache"])
        budget: int | None = specification["budget"]
        session = Session.fresh(definition, machine, budget, memory, spending)
        with believed(path):
            retries = Retries(definition, read_interventions(specification), image.retried)
            session.restore(
                image.evaluations, image.waiting, image.populations, image.state, retries
            )
        _replay(session, events, image.evaluations.definition, interrupts)
        recorder = Recorder(session, specification, store, image.seal)
        if asked is not None:
            stopped_by = "" if events else image.stopped_by
            ended = why_ended(stopped_by, session.finished, budget, asked)
            if not ended and stopped_by and stopped_by != "budget":
                ended = _stops_again(session, oversight, interrupts)
            if not ended and stopped_by and session.spent:
                ended = "cost"
            if ended and not session.retries.outstanding:
                return Result(session.outcome(ended), ended, recorder.run(ended), seed)
            session.budget = asked.budget
        elif spending is None:
            session.budget = _extended(budget, added, oversight.stop, path)
        if spending is not None:
            specification["cost"] = spending.cost.described()
        if kinds:
            _wish_to_retry(session, specification, kinds)
        specification |= {"budget": session.budget, "executor": describe_executor(executor)}
        job = Job(problem, definition, seed, specification["run_id"])
        return conduct(
            job, algorithm, session, recorder, executor, oversight, stack, interrupts,
            begins=True, resumed=not image.stopped_by,
        )  # fmt: skip


def _wish_to_retry(session: Session, specification: dict[str, Any], kinds: tuple[str, ...]) -> None:
    """Have failed candidates evaluated again; it is sealed before the first of them is."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if session.retry_failed(kinds, now) is None:
        log.warning("retry_failed: no candidate has failed by %s", ", ".join(kinds))
        return
    specification["events"] = [wish.described() for wish in session.retries.wishes]


def _stops_again(session: Session, oversight: Oversight, interrupts: Interrupts) -> str:
    """Why the condition that is given now ends the run where another one did; "" if it does not."""
    if oversight.stop is None:
        return ""
    with interrupts.allowed():
        return reason_of(oversight.stop(Progress(session)))


def _cost(
    specification: dict[str, Any], given: Cost | None, added: int | None, path: Path
) -> Cost | None:
    """What the evaluations of a run that goes on may cost; None if they are only counted.

    Raises ConfigurationError or StoreMismatch if the run has a budget of another kind.
    """
    stored = cost_in(specification)
    if stored is None and given is None:
        return None
    if stored is not None and added is not None:
        raise ConfigurationError(
            f"{path} is a run whose budget is {stored}, so {added} evaluations cannot be added to "
            f"it; pass what all of them may cost: budget=pt.Cost(..., of={stored.of!r}) (--cost)"
        )
    if given is not None and (lines := other_cost(specification, given)):
        raise StoreMismatch(
            f"{path} has another kind of budget:\n" + "\n".join(lines) + "\nit decides what is "
            "evaluated: resume the run with the kind it was started with, or start a new run"
        )
    return stored if stored is None or given is None else replace(stored, amount=given.amount)


def _extended(stored: int | None, added: int | None, stop: Stop | None, path: Path) -> int | None:
    """The budget of a run that goes on; raises ConfigurationError if nothing would end it."""
    if stored is not None:
        return int(stored) + (added or 0)
    if added is not None:
        raise ConfigurationError(
            f"{path} is a run without a budget, so {added} evaluations cannot be added to it; end "
            "it with stop=pt.MaxEvaluations(...)"
        )
    if stop is None:
        raise ConfigurationError(
            f"{path} is a run without a budget, which only its stop condition ends: pass "
            "stop=pt.MaxSeconds(...) (--max-seconds) or another one"
        )
    return None


def _replay(
    session: Session, events: Sequence[Event], there: Definition, interrupts: Interrupts
) -> None:
    """Tell what a journal holds; ``there`` is the problem as its file describes it."""
    for event in events:
        if isinstance(event, Choices):
            session.machine.foretell(choices_of_problem(event, there, session.definition))
    for event in events:
        interrupts.raise_pending()
        if isinstance(event, Choices):
            continue
        if isinstance(event, tuple):
            session.check_population(*event)
        elif isinstance(event, Retried):
            session.replay_again(event.rows)
        else:
            session.replay(event)
    session.machine.new_choices()  # they are sealed with the state
    session.withdraw()
