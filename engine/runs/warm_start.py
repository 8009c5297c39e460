"""What a run begins with: candidates to start from, and outcomes that are known already."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from ...errors import ConfigurationError, StoreMismatch
from ...problems.candidates import read_candidates
from ...problems.definition import Definition
from ...problems.space import varying
from ...typing import Candidates, has_coordinates
from ..records.evaluations import Archive, Evaluations, empty, of_problem, unrecorded
from ..records.population import Population
from .cache import Memory
from .manifest import differences, other_arguments
from .result import Result
from .run import Run, open_run

Source: TypeAlias = str | os.PathLike[str] | Run | Result | Population
"""Where outcomes come from: a run or its file, its result, or a population."""

NAMES = ("there", "here")


def read_initial(
    initial: Any, cache: bool | Source | None, problem: Any, definition: Definition
) -> tuple[Candidates | None, Memory]:
    """The candidates to start from, if any were given, and what is known from the start.

    Args:
        initial: As in ``minimize``.
        cache: As in ``minimize``.
        problem: Of the run.
        definition: Of the problem.

    Raises:
        ConfigurationError, ShapeError: For candidates that do not fit.
        StoreMismatch: For outcomes of another problem.
        StoreError: If a file cannot be read.
    """
    known: list[Evaluations] = []
    candidates: Candidates | None = None
    if initial is not None and not is_source(initial):
        candidates = read_candidates(definition.space, initial)
    elif initial is not None:
        rows = _last_population(initial, problem, definition)
        candidates = np.array(rows.X)
        known.append(rows)
    if is_source(cache):
        known.append(_everything(cache, problem, definition))
    return candidates, Memory(_gathered(known, definition), grows=grows(cache, definition))


def _gathered(known: list[Evaluations], definition: Definition) -> Evaluations:
    """Outcomes of several runs, numbered anew, without parents; failed ones are left out."""
    gathered = Archive(empty(definition))
    for outcomes in known:
        rows = outcomes.take(np.flatnonzero(outcomes.evaluated))
        ids = np.arange(len(rows), dtype=np.int64) + gathered.rows
        extras = {
            new: rows.extras[old]
            for new, old in zip(ids.tolist(), rows.ids.tolist(), strict=True)
            if old in rows.extras
        }
        parents = np.full_like(rows.parents, -1)
        gathered.append(replace(rows, ids=ids, parents=parents, extras=extras))
    return gathered.table()


def grows(cache: Any, definition: Definition) -> bool:
    """Whether a run with this ``cache`` remembers what it evaluates.

    Raises ConfigurationError for what is no cache.
    """
    if cache is None:
        space = definition.space
        if has_coordinates(space):
            return not space.continuous[varying(space)].any()
        return space.dtype.kind != "f"
    if isinstance(cache, (bool, np.bool_)):
        return bool(cache)
    if is_source(cache):
        return True
    raise ConfigurationError(
        f"cache must be True, False, or a run (its file, Run, Result, Population), got {cache!r}"
    )


def is_source(given: Any) -> TypeGuard[Source]:
    """True for what has outcomes, not candidates alone."""
    return isinstance(given, (str, os.PathLike, Run, Result, Population))


def _last_population(source: Source, problem: Any, definition: Definition) -> Evaluations:
    """The evaluations of a run's last population, or of a population."""
    if isinstance(source, Population):
        return _everything(source, problem, definition)
    run = _run_of(source)
    everything = _everything(run, problem, definition)
    members = np.isin(everything.ids, run.final)
    if not members.any():
        raise ConfigurationError(f"initial: {run!r} has no population yet")
    return everything.take(np.flatnonzero(members))


def _everything(source: Source, problem: Any, definition: Definition) -> Evaluations:
    """All evaluations of a run, or those of a population; refused if of another problem."""
    if isinstance(source, Population):
        _refuse_other(source.definition.describe(), definition, [])
        return of_problem(unrecorded(source), definition)
    run = _run_of(source)
    stored = run.specification["problem"]
    others = other_arguments(stored, problem, NAMES)
    _refuse_other(stored["definition"], definition, others)
    return of_problem(run.evaluations, definition)


def _run_of(source: str | os.PathLike[str] | Run | Result) -> Run:
    if isinstance(source, Result):
        return source.run
    return source if isinstance(source, Run) else open_run(Path(source))


def _refuse_other(there: dict[str, Any], here: Definition, others: list[str]) -> None:
    lines = differences(there, here, NAMES) + others
    if lines:
        raise StoreMismatch(
            "outcomes of another problem cannot be taken over:\n"
            + "\n".join(lines)
            + "\npass its candidates alone, to be evaluated: initial=population.X"
        )
