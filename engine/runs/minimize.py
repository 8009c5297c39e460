"""Starting runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...checks import whole_number
from ...errors import ConfigurationError
from ...problems.definition import read_definition
from ...typing import Candidates
from ..algorithms.algorithm import Algorithm, as_problem, cost_of, known_of
from ..algorithms.auto import Auto
from ..algorithms.budget_rules import warn_of_random_search
from ..executors import make_executor
from ..executors.base import Executor, Job
from ..foreign_names import WHOLE_RUN, foreign_names
from ..randomness import check_seed
from ..store.store import RunStore
from .conduct import absolute, conduct, leave_if_spawning
from .cost import Cost
from .failure_budget import FailureBudget
from .interrupts import deferred
from .manifest import (
    commit_of,
    refuse_no_algorithm,
    specify,
    warn_of_what_must_be_passed,
)
from .or_resume import Asked, digest
from .oversight import AtEnd, Callback, OnEvaluation, Oversight, Stop
from .recorder import Recorder
from .result import Result
from .resume import go_on
from .session import Session
from .spending import Spending
from .warm_start import Source, is_source, read_initial


@foreign_names(WHOLE_RUN)
def minimize(
    problem: Any,
    algorithm: Algorithm | None = None,
    *,
    budget: int | Cost | None = None,
    seed: int | None = None,
    executor: str | Executor = "serial",
    store: str | Path | None = None,
    overwrite: bool = False,
    or_resume: bool = False,
    initial: Any = None,
    cache: bool | Source | None = None,
    failure_budget: FailureBudget | None = None,
    stop: Stop | None = None,
    at_end: AtEnd = "wait",
    callbacks: Sequence[Callback] = (),
    on_evaluation: Sequence[OnEvaluation] = (),
    progress: bool = False,
) -> Result:
    """Search for the best trade-offs of a problem.

    Args:
        problem: A ``Problem``, or a pymoo Problem. Maximized objectives are declared in it.
        algorithm: As ``NSGA2(...)``; None is ``Auto()``, which chooses by the budget, the space and
            the objectives: ``pt.Auto().describe(problem, budget)`` says what and why.
        budget: Evaluations in all, failed ones included. None is as many as there are until
            ``stop`` ends the run, which then must be given; a population size that would be derived
            from the budget is said in a warning. ``Cost(3600)`` is so much for all evaluations
            together, in seconds or in what the job logs, however many that are.
        seed: An int from 0 to 2**63 - 1; None draws one, which the result and the store keep.
        executor: "serial", "processes", "ray", or an executor made by hand. It never changes the
            result.
        store: Path of the run's HDF5 file; None keeps the run in memory.
        overwrite: Replace a run that is already at that path.
        or_resume: Go on with a run that is already at that path, so that one command starts a job
            and starts it again. It must be of the same problem, algorithm with all its settings,
            ``initial`` candidates, and seed if one is given; what differs is named otherwise.
            ``budget`` is in all: a larger one extends the run, and one that is smaller than what
            has been evaluated returns the run as it is. A run that has ended returns its result
            without evaluating anything, unless the clock ended it, or the ``stop`` that is given
            now does not say so.
        initial: Candidates to begin with, before a sample fills up the first population. An array
            (k, n_var) like ``X`` or a list of what ``evaluate`` gets; or a run's file, a ``Run``,
            ``Result`` or ``Population`` of the same problem, whose (last) population is taken and
            not evaluated again. All of them belong to the first generation, also if they are more
            than the population's size, and count as evaluations.
        cache: Give candidates that equal one evaluated before its outcome instead of evaluating
            them; they count as evaluations, their worker is "cache". None is True for spaces
            without real numbers, otherwise False. A run's file, a ``Run``, ``Result`` or
            ``Population`` of the same problem is True, with its outcomes known from the start.
        failure_budget: ``FailureBudget(count=20, share=0.5)`` ends the run with an EvaluationError
            that says what fails and where, once more than that have failed. None bears any number,
            except a first generation that fails altogether.
        stop: Called with a ``Progress`` after every generation; a true value ends the run, and a
            string says why. ``MaxSeconds``, alone or with ``|``, is looked at all the time instead.
        at_end: What becomes of evaluations that are under way when the clock ends the run, that is
            ``MaxSeconds`` in ``stop``, or a ``Cost`` that is used up does. "wait": nothing is begun
            any more, and the run ends with the last of them, so that no training is lost and every
            executor does the same; it is late by one evaluation at most. "kill": the run ends at
            once, as it should in an allocation that ends, and they are begun anew when it is
            resumed; not with "serial". Either way it resumes as if it had not been ended.
        callbacks: Called with a ``Progress`` after every generation, and at the end of one that is
            cut by the budget or the clock.
        on_evaluation: Called with a ``Told`` for each outcome that this process tells, not for
            those that an earlier one told: in the order of telling, which in generations is that
            of arrival. An exception ends the run where it can be resumed; whatever was told by
            then is not told again.
        progress: Show a live line in the terminal.

    Returns:
        The front of everything evaluated, the final population, and the run.

    Raises:
        ConfigurationError: For a wrong problem, algorithm, budget, seed, executor or candidate.
        ShapeError: For an ``initial`` array that is none of candidates.
        StoreMismatch: For ``initial`` or ``cache`` outcomes of another problem, or if ``or_resume``
            finds another run.
        EvaluationError: If nothing of the first generation could be evaluated, or more failed than
            the failure budget allows.
        StoreError: If the file exists, is in use, or cannot be written.
    """
    leave_if_spawning()
    algorithm = Auto() if algorithm is None else algorithm
    refuse_no_algorithm(algorithm)
    evaluations, cost = _checked_budget(budget, stop)
    _check_place(store, overwrite, or_resume)
    oversight = Oversight(
        stop=stop, at_end=at_end, callbacks=callbacks, on_evaluation=on_evaluation,
        failure_budget=failure_budget, progress=progress,
    )  # fmt: skip
    wanted = None if seed is None else check_seed(seed)
    seed = check_seed(seed)
    workers = make_executor(executor)
    oversight.refuse_executor(workers)
    problem = as_problem(problem)
    if or_resume and store is not None and absolute(store).is_file():
        asked = Asked(algorithm, evaluations, wanted, initial, cache, cost)
        return go_on(absolute(store), problem, None, workers, oversight, asked=asked)
    definition = read_definition(problem)
    expected = evaluations if cost is None else cost.about
    if expected is None:
        algorithm = algorithm.without_budget()
    algorithm = algorithm.resolved(definition, expected)
    candidates, memory = read_initial(initial, cache, problem, definition)
    _check_budget(evaluations, algorithm, candidates)
    known, spending = known_of(problem, definition), Spending.of_cost(cost)
    paid = None if spending is None else spending.of
    machine = algorithm.machine(definition, seed, cost_of(problem), candidates, known, paid)
    session = Session.fresh(definition, machine, evaluations, memory, spending)
    specification = specify(problem, definition, algorithm, evaluations, seed, workers, memory)
    if cost is not None:
        specification |= {"first_budget": cost.about, "cost": cost.described()}
    specification["initial"] = digest(definition.space, None if is_source(initial) else candidates)
    if failure_budget is not None:
        specification["failure_budget"] = asdict(failure_budget)
    keeper = None
    with contextlib.ExitStack() as stack:
        interrupts = stack.enter_context(deferred())  # until all is closed
        if store is not None:
            path = absolute(store)
            specification["problem"]["commit"] = commit_of(problem)
            keeper = RunStore.claim(path, overwrite=overwrite)
            stack.callback(keeper.release)
            warn_of_what_must_be_passed(specification, path)
        recorder = Recorder(session, specification, keeper, -1)
        job = Job(problem, definition, seed, specification["run_id"])
        return conduct(
            job, algorithm, session, recorder, workers, oversight, stack, interrupts,
            begins=keeper is not None and not keeper.path.exists(), resumed=False,
        )  # fmt: skip


def _checked_budget(budget: int | Cost | None, stop: Stop | None) -> tuple[int | None, Cost | None]:
    """Evaluations, or what they may cost."""
    if isinstance(budget, Cost):
        return None, budget
    if budget is not None:
        return whole_number("budget", budget, least=1), None
    if stop is None:
        raise ConfigurationError(
            "budget=None is a run that only its stop condition ends, and there is none: pass "
            "budget=, or stop=pt.MaxSeconds(...) or another one"
        )
    return None, None


def _check_place(store: str | Path | None, overwrite: bool, or_resume: bool) -> None:
    if or_resume and store is None:
        raise ConfigurationError("or_resume=True needs the store= that it goes on with")
    if or_resume and overwrite:
        raise ConfigurationError(
            "overwrite=True replaces the run that is there, and or_resume=True goes on with it: "
            "choose one"
        )


def _check_budget(budget: int | None, algorithm: Algorithm, candidates: Candidates | None) -> None:
    """Refuse a budget that ends within the first population; say if little is left beyond it."""
    if budget is None:
        return
    least = max(algorithm.smallest_budget, 0 if candidates is None else len(candidates))
    if budget < least:
        raise ConfigurationError(
            f"budget={budget} is below the first population of {least}; "
            "raise the budget or make it smaller"
        )
    if candidates is None and algorithm.composed:
        warn_of_random_search(budget, least)
