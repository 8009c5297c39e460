"""New candidates: a sample, or children of selected parents, drawn again where not new."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...operators.duplicates import first_occurrences
from ...operators.survival import Crowding, Ties, survive
from ...typing import Candidates, FloatArray, IntArray
from ..born import INITIAL, SAMPLE, Born, nobody, orphans, together
from ..population import Population
from ..variation import Variation

log = logging.getLogger(__name__)

REDRAWS = 20  # of children that turned out to be duplicates


@dataclass(frozen=True)
class Mating:
    """Those that may become parents, and what decides their tournaments."""

    ids: IntArray  # (n,)
    X: Candidates  # (n, n_var)
    rank: IntArray  # (n,)
    crowding: FloatArray  # (n,)


@dataclass(frozen=True)
class Selected:
    """A population with what mating selection needs, and the generator's state after choosing."""

    size: int  # the target it was chosen for
    population: Population
    rank: IntArray
    crowding: FloatArray
    generator_after: Mapping[str, Any]

    @property
    def mating(self) -> Mating:
        """Everybody may."""
        return Mating(self.population.ids, self.population.X, self.rank, self.crowding)


def select(
    everyone: Population, size: int, rng: np.random.Generator, crowding: Crowding, ties: Ties
) -> Selected:
    """The ``size`` survivors; ``rng`` is left as it was, for looking must not change what comes."""
    before = rng.bit_generator.state
    try:
        kept = survive(
            everyone.definition.minimized(everyone.F), everyone.violation, size, rng, crowding, ties
        )
        after = rng.bit_generator.state
    finally:
        rng.bit_generator.state = before
    return Selected(size, everyone.take(kept.rows), kept.rank, kept.crowding, after)


def first_candidates(
    initial: Candidates,
    k: int,
    variation: Variation,
    rng: np.random.Generator,
    seen: set[bytes] | None,
) -> Born:
    """The ``initial`` candidates, and a sample that makes them ``k`` if they are fewer."""
    given = initial if seen is None else initial[first_occurrences(initial, seen)]
    return together(
        orphans(given, INITIAL), draw(max(0, k - len(given)), variation, rng, None, seen)
    )


def draw(
    k: int,
    variation: Variation,
    rng: np.random.Generator,
    mating: Mating | None,
    seen: set[bytes] | None,
) -> Born:
    """``k`` new candidates; fewer if nothing new can be drawn.

    Without parents to select from it is a sample. Candidates in ``seen`` (see ``row_keys``) or
    equal to each other are drawn again; None accepts everything. The new ones are in ``seen`` then.
    """
    born = nobody(variation.space)
    for _ in range(REDRAWS):
        fresh = _fresh(k - len(born), variation, rng, mating)
        if seen is not None:
            fresh = fresh.take(first_occurrences(fresh.X, seen))
        born = together(born, fresh)
        if len(born) == k:
            break
    else:
        log.debug("%d of %d candidates are new", len(born), k)
    return born


def _fresh(k: int, variation: Variation, rng: np.random.Generator, mating: Mating | None) -> Born:
    if mating is None or not len(mating.ids):
        return orphans(variation.sample(k, rng), SAMPLE)
    X, rows = variation.children(mating.X, mating.rank, mating.crowding, k, rng)
    parents = np.where(rows < 0, -1, mating.ids[rows])
    return Born(X, parents, np.full(k, variation.operator, dtype=np.uint8))
