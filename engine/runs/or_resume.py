"""One command for the first start and every other: what it asks for against what there is.

A run that is there goes on if it is the one that is asked for: the same problem, algorithm with all
its settings, and whatever else decides the bits. How many evaluations, who does them and what ends
the run may be others.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import StoreMismatch
from ...problems.candidates import read_candidates
from ...problems.definition import Definition
from ...problems.encoded import encode, joined
from ...typing import Candidates, SearchSpace
from ..algorithms.algorithm import Algorithm
from .cost import Cost, cost_in
from .manifest import (
    NAMES,
    differences,
    other_algorithm,
    other_arguments,
    resolved_again,
)
from .session import AT_END
from .warm_start import grows, is_source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What ``minimize(or_resume=True)`` was called with, of what a stored run is compared by.

    Attributes:
        algorithm: As it was given.
        budget: In all; None for any number.
        seed: None for any.
        initial: As it was given.
        cache: As it was given.
        cost: In all; None if evaluations are only counted.
    """

    algorithm: Algorithm
    budget: int | None
    seed: int | None
    initial: Any
    cache: Any
    cost: Cost | None = None


def refuse_other_run(
    specification: dict[str, Any], problem: Any, definition: Definition, asked: Asked, path: Path
) -> None:
    """Raise StoreMismatch, saying what differs, unless the stored run is the one asked for."""
    lines = differences(specification["problem"]["definition"], definition, NAMES)
    lines += other_arguments(specification["problem"], problem, NAMES)
    if not lines:  # what follows is made for the problem
        given = resolved_again(asked.algorithm, definition, specification, asked.budget)
        lines = other_algorithm(specification, given)
        lines += other_cost(specification, asked.cost)
        if asked.seed is not None and asked.seed != specification["seed"]:
            lines.append(_line("seed", specification["seed"], asked.seed))
        grown = grows(asked.cache, definition)
        if grown != specification["cache"]:
            lines.append(_line("cache", specification["cache"], grown))
        if asked.initial is not None and not is_source(asked.initial):
            begins = digest(definition.space, read_candidates(definition.space, asked.initial))
            if begins != specification.get("initial", begins):
                lines.append("  initial: other candidates")
    if lines:
        raise StoreMismatch(
            f"{path} is another run than the one asked for:\n"
            + "\n".join(lines)
            + "\nchoose another path for the new run, or resume that one as it is"
        )


def other_cost(specification: dict[str, Any], given: Cost | None) -> list[str]:
    """A line if the budgets of the stored run and the one asked for are not of one kind."""
    stored = cost_in(specification)
    kinds = [None if cost is None else cost.of for cost in (stored, given)]
    if kinds[0] == kinds[1]:
        return []
    shown = ("evaluations" if of is None else f"cost of {of!r}" for of in kinds)
    return ["  budget: " + ", ".join(f"{n} {of}" for n, of in zip(NAMES, shown, strict=True))]


def _line(key: str, stored: Any, given: Any) -> str:
    return f"  {key}: {NAMES[0]} {stored!r:.300}, {NAMES[1]} {given!r:.300}"


def digest(space: SearchSpace, candidates: Candidates | None) -> str:
    """Of the candidates that a run begins with, as they are stored; "" for none."""
    if candidates is None:
        return ""
    encoded = encode(space, candidates)
    if isinstance(encoded, list):
        together, offsets = joined(encoded)
        return hashlib.sha256(offsets.tobytes() + together.tobytes()).hexdigest()
    return hashlib.sha256(np.ascontiguousarray(encoded).tobytes()).hexdigest()


def why_ended(stopped_by: str, finished: int, stored: int | None, asked: Asked) -> str:
    """Why there is nothing to do in a run that ended by ``stopped_by``; "" if it goes on.

    Args:
        stopped_by: "" for a run that was killed.
        finished: Evaluations that have an outcome.
        stored: The budget that the run has.
        asked: The budget that it should have is in it.
    """
    if stopped_by in AT_END and stopped_by != "budget":
        return stopped_by
    if asked.budget is None or finished < asked.budget:
        return ""
    if finished > asked.budget:
        log.warning(
            "the run has %d evaluations by now, more than budget=%d: nothing is evaluated, and it "
            "keeps its budget of %s", finished, asked.budget, stored or "any number",
        )  # fmt: skip
        return stopped_by or "budget"
    return stopped_by if stopped_by == "budget" else ""
