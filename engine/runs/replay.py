"""A run once more: from its seed, with its stored outcomes told in their stored order.

For a run that tells as outcomes arrive this is the only way to repeat it; for any other it proves
that the file and this version of paretide belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import StoreMismatch
from ...problems.definition import Definition, read_definition
from ...problems.stand_in import StandIn
from ...typing import Candidates
from ..algorithms.algorithm import Algorithm, as_problem, cost_of, known_of
from ..records.evaluations import (
    Evaluations,
    choices_of_problem,
    empty,
    of_problem,
    state_of_problem,
)
from ..records.provenance import AS_DRAWN, INITIAL, OPERATORS, Born, Choices, choices_of
from ..store.state import believed
from .cache import Memory
from .cost import cost_in
from .interventions import read_interventions
from .manifest import algorithm_of, refuse_other_problem, stored_problem
from .rules import refuse_other_rules
from .run import Run
from .session import AT_END, Session
from .spending import Spending


def replay(run: Run, *, problem: Any = None, algorithm: Algorithm | None = None) -> Session:
    """Evolve ``run`` again without evaluating anything; returns the session at its end.

    Args:
        run: From ``open_run``, or ``result.run``.
        problem: Needed only in steady state in the order of costs, for its ``cost``, and for a
            space of the user's own, and only if the store cannot say how to make it again.
        algorithm: Needed only if the store cannot say how to make it again.

    Raises:
        StoreCorrupt: If its settings are none.
        StoreVersion: If the run was started under other rules.
        StoreMismatch: If other candidates or populations come out.
        ConfigurationError: If the problem or the algorithm must be passed.
    """
    specification = run.specification
    path, definition, cost, known = run.path or Path("the run"), run.definition, None, None
    refuse_other_rules(specification, path)
    algorithm = algorithm_of(specification, algorithm, definition, path)
    costs = algorithm.mode == "steady" and algorithm.order == "cost"
    refuses = specification["problem"].get("known", False)  # candidates, by its code
    if costs or refuses or isinstance(definition.space, StandIn):
        problem = stored_problem(specification, path) if problem is None else as_problem(problem)
        definition, cost = read_definition(problem), cost_of(problem)
        known = known_of(problem, definition)
        refuse_other_problem(specification, problem, definition, path)
    seed, initial = int(specification["seed"]), _initial(run, definition)
    with believed(path):
        spending = Spending.of_cost(cost_in(specification))
        paid = None if spending is None else spending.of
        machine = algorithm.machine(definition, seed, cost, initial, known, paid)
    nothing_known = Memory(empty(definition), grows=False)
    session = Session.fresh(definition, machine, specification["budget"], nothing_known, spending)
    for choices in (*run.chosen, *_chosen(run.as_told)):
        machine.foretell(choices_of_problem(choices, run.definition, definition))
    _tell(session, run)
    if len(session.populations) < len(run.populations):  # one that was selected and had no child
        session.ask()
    _compare(session, run)
    return session


def _tell(session: Session, run: Run) -> None:
    """Tell everything in the stored order, and what was evaluated again in its place in it."""
    machine, told, complete = session.machine, 0, True
    for wish, outcomes in zip(read_interventions(run.specification), run.retried, strict=True):
        session.most_generations = wish.begun
        _tell_rows(session, run.as_told, told, wish.told)
        told = wish.told
        if machine.generation + 1 < wish.begun:
            session.ask()
        complete = complete and len(outcomes) == len(wish.ids)
        if complete:  # otherwise some are still under evaluation
            session.insert(outcomes.take(np.argsort(outcomes.ids)))
    session.most_generations = None
    _tell_rows(session, run.as_told, told, len(run.as_told))


def _tell_rows(session: Session, everything: Evaluations, first: int, end: int) -> None:
    part = everything.take(np.arange(first, end))
    for rows in _told_together(part, steady=session.machine.steady):
        session.replay(rows)


def _told_together(everything: Evaluations, *, steady: bool) -> Iterator[Evaluations]:
    """In steady state one by one; otherwise by generation, within which the order is no matter."""
    rows = np.arange(len(everything))
    cuts = rows[1:] if steady else np.flatnonzero(np.diff(everything.generation)) + 1
    for together in np.split(rows, cuts):
        if len(together):
            yield everything.take(together)


def _compare(session: Session, run: Run) -> None:
    _compare_refused(session, run)
    pairs = list(zip(session.populations, run.populations, strict=False))
    for generation, (ours, stored) in enumerate(pairs):
        if not np.array_equal(ours, stored):
            raise StoreMismatch(f"the population of generation {generation} is another one")
    # Steady state records a generation's population when the next one begins: one that a condition
    # ended with the generation has not.
    conditioned = run.stopped_by not in ("", *AT_END)
    allowed = (0, 1) if session.machine.steady and conditioned else (0,)
    if len(session.populations) - len(run.populations) not in allowed:
        raise StoreMismatch(
            f"{len(session.populations)} populations come out, {len(run.populations)} are stored"
        )
    if run.stopped_by and not np.array_equal(session.outcome(run.stopped_by).ids, run.final):
        raise StoreMismatch("the final population is another one")


def _compare_refused(session: Session, run: Run) -> None:
    """As many as both have: a run may have drawn once more, for whom nobody was told."""
    ours, theirs = session.refused(), _refused(run, session.definition)
    n, key = min(len(ours), len(theirs)), session.definition.space.key
    if not n:
        return
    for id, our, their in zip(ours.ids.tolist(), key(ours.X[:n]), key(theirs[:n]), strict=False):
        if our != their:
            raise StoreMismatch(
                f"the refused candidate {id} is another one; does known(x) still say the same?"
            )


def _chosen(everything: Evaluations) -> Iterator[Choices]:
    """What a screen has chosen, as the table says."""
    born = Born(everything.X, everything.parents, everything.operator_code, everything.choice)
    for row in np.flatnonzero(born.choice != AS_DRAWN).tolist():
        yield choices_of(int(everything.ids[row]), born.take(np.array([row])))


def _initial(run: Run, definition: Definition) -> Any:
    """The candidates that the run began with: those that were refused, then all others, in order.

    Neither depends on who stands between them.
    """
    everything = of_problem(run.as_told, definition)
    rows = np.flatnonzero(everything.operator == OPERATORS[INITIAL])
    taken = everything.X[rows[np.argsort(everything.ids[rows])]]
    refused = _refused(run, definition)[run.refused.operator_code == INITIAL]
    return np.concatenate([refused, taken])


def _refused(run: Run, definition: Definition) -> Candidates:
    """Who was refused, for a problem that is there itself."""
    state = state_of_problem({"refused_X": run.refused.X}, run.definition, definition)
    X: Candidates = state["refused_X"]
    return X
