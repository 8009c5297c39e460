"""A run once more: from its seed, with its stored outcomes told in their stored order.

For a run that tells as outcomes arrive this is the only way to repeat it; for any other it proves
that the file and this version of paretide belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StoreMismatch
from ..problems.definition import read_definition
from .algorithms.specification import as_problem, cost_of
from .born import INITIAL
from .evaluations import Evaluations, empty
from .memory import Memory
from .run import Run
from .session import Session
from .specification import refuse_other_problem, stored_algorithm, stored_problem


def replay(run: Run, *, problem: Any = None) -> Session:
    """Evolve ``run`` again without evaluating anything; returns the session at its end.

    Args:
        run: From ``open_run``, or ``result.run``.
        problem: Needed only in steady state in the order of costs, for its ``cost``, and only if
            the store cannot say how to make it again.

    Raises:
        StoreMismatch: If other candidates or populations come out.
        ConfigurationError: If the problem must be passed.
    """
    specification = run.specification
    algorithm = stored_algorithm(specification)
    definition, cost = run.definition, None
    if algorithm.mode == "steady" and algorithm.order == "cost":
        path = run.path or Path("the run")
        problem = stored_problem(specification, path) if problem is None else as_problem(problem)
        definition, cost = read_definition(problem), cost_of(problem)
        refuse_other_problem(specification, problem, definition, path)
    machine = algorithm.machine(
        definition, int(specification["seed"]), cost, _initial(run.evaluations)
    )
    nothing_known = Memory(empty(definition), grows=False)
    session = Session.fresh(definition, machine, specification["budget"], nothing_known)
    for rows in _told_together(run.evaluations, steady=machine.steady):
        session.replay(rows)
    if len(session.populations) < len(run.populations):  # one that was selected and had no child
        session.ask()
    _compare(session, run)
    return session


def _told_together(everything: Evaluations, *, steady: bool) -> Iterator[Evaluations]:
    """In steady state one by one; otherwise by generation, within which the order is no matter."""
    rows = np.arange(len(everything))
    cuts = rows[1:] if steady else np.flatnonzero(np.diff(everything.generation)) + 1
    for together in np.split(rows, cuts):
        if len(together):
            yield everything.take(together)


def _compare(session: Session, run: Run) -> None:
    pairs = list(zip(session.populations, run.populations, strict=False))
    for generation, (ours, stored) in enumerate(pairs):
        if not np.array_equal(ours, stored):
            raise StoreMismatch(f"the population of generation {generation} is another one")
    # Steady state records a generation's population when the next one begins: one that a condition
    # ended with the generation has not.
    conditioned = run.stopped_by not in ("", "budget", "exhausted")
    allowed = (0, 1) if session.machine.steady and conditioned else (0,)
    if len(session.populations) - len(run.populations) not in allowed:
        raise StoreMismatch(
            f"{len(session.populations)} populations come out, {len(run.populations)} are stored"
        )
    if run.stopped_by and not np.array_equal(session.outcome(run.stopped_by).ids, run.final):
        raise StoreMismatch("the final population is another one")


def _initial(everything: Evaluations) -> Any:
    """The candidates that the run began with, in order."""
    rows = np.flatnonzero(everything.operator_code == INITIAL)
    return everything.X[rows[np.argsort(everything.ids[rows])]]
