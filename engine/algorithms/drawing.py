"""New candidates: a sample, or children of selected parents, drawn again where not new."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...operators.duplicates import first_occurrences
from ...operators.survival import Crowding, survive
from ...typing import Candidates, FloatArray, IntArray
from ..population import Population
from ..variation import Variation
from .offspring import no_parents

log = logging.getLogger(__name__)

REDRAWS = 20  # of children that turned out to be duplicates


@dataclass(frozen=True)
class Selected:
    """A population with what mating selection needs, and the generator's state after choosing."""

    size: int  # the target it was chosen for
    population: Population
    rank: IntArray
    crowding: FloatArray
    generator_after: Mapping[str, Any]


def select(
    everyone: Population, size: int, rng: np.random.Generator, crowding: Crowding
) -> Selected:
    """The ``size`` survivors; ``rng`` is left as it was, for looking must not change what comes."""
    before = rng.bit_generator.state
    try:
        kept = survive(
            everyone.definition.minimized(everyone.F), everyone.violation, size, rng, crowding
        )
        after = rng.bit_generator.state
    finally:
        rng.bit_generator.state = before
    return Selected(size, everyone.take(kept.rows), kept.rank, kept.crowding, after)


def draw(
    k: int,
    variation: Variation,
    rng: np.random.Generator,
    selected: Selected | None,
    seen: set[bytes] | None,
) -> tuple[Candidates, IntArray]:
    """``k`` candidates and their parents' ids (k, 2); fewer if nothing new can be drawn.

    Without parents to select from it is a sample. Candidates in ``seen`` (see ``row_keys``) or
    equal to each other are drawn again; None accepts everything.
    """
    space = variation.space
    X, parents = np.empty((0, space.n_var), dtype=space.dtype), no_parents()
    for _ in range(REDRAWS):
        missing = k - len(X)
        if selected is None or not len(selected.population):
            fresh = variation.sample(missing, rng)
            their_parents = np.full((missing, 2), -1, dtype=np.int64)
        else:
            fresh, rows = variation.children(
                selected.population.X, selected.rank, selected.crowding, missing, rng
            )
            their_parents = np.where(rows < 0, -1, selected.population.ids[rows])
        if seen is not None:
            new = first_occurrences(fresh, seen)
            fresh, their_parents = fresh[new], their_parents[new]
        X = np.concatenate([X, fresh])
        parents = np.concatenate([parents, their_parents])
        if len(X) == k:
            break
    else:
        log.debug("%d of %d candidates are new", len(X), k)
    return X, parents
