"""New candidates: a sample, or children of selected parents, drawn again where not new."""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np

from ...operators.arrays import gather, stack
from ...operators.duplicates import RowSet, Seen
from ...operators.survival import Crowding, Ties, survive
from ...typing import Candidates, FloatArray, IntArray
from ..born import INITIAL, SAMPLE, Born, orphans, together
from ..constants import constants
from ..population import Population
from ..variation import Variation

log = logging.getLogger(__name__)

REDRAWS = 20  # of children that turned out to be duplicates


class Mating(NamedTuple):
    """Those that may become parents, and what decides their tournaments."""

    ids: IntArray  # (n,)
    X: Candidates  # (n, n_var)
    rank: IntArray  # (n,)
    crowding: FloatArray  # (n,)


class Selected(NamedTuple):
    """A population, of which everybody may become a parent."""

    size: int  # the target it was chosen for
    population: Population
    mating: Mating


def select(
    parents: Population,
    ids: IntArray,
    X: Candidates,
    F: FloatArray,
    G: FloatArray,
    size: int,
    rng: np.random.Generator,
    crowding: Crowding,
    ties: Ties,
) -> Selected:
    """The ``size`` survivors of parents and their evaluated children, in this order.

    Of (k,) children: ids, X (k, n_var), and in the user's units F (k, n_obj), G (k, n_con).
    """
    definition = parents.definition
    everyone = stack(parents.F, F)
    pairs = [(parents.ids, ids), (parents.X, X), (parents.F, F)]
    violation: FloatArray | None = None
    if definition.constraints:
        theirs = definition.violation(G)
        violation = stack(parents.violation, theirs)
        pairs += [(parents.G, G), (parents.violation, theirs)]
    rows, rank, distance = survive(
        definition.minimized(everyone), violation, size, rng, crowding, ties
    )
    ids, X, F, *of_constraints = gather(rows, *pairs)
    n = len(rows)
    G, violation = of_constraints or (constants[(n, 0), 0.0, float], constants[n, 0.0, float])
    population = Population.made(ids, X, F, G, violation, definition)
    return Selected(size, population, Mating(ids, X, rank, distance))


def first_candidates(
    initial: Candidates,
    k: int,
    variation: Variation,
    rng: np.random.Generator,
    seen: Seen | None,
) -> Born:
    """The ``initial`` candidates, and a sample that makes them ``k`` if they are fewer."""
    given = initial if seen is None else np.delete(initial, seen.add(initial), axis=0)
    return together(
        orphans(given, INITIAL), draw(max(0, k - len(given)), variation, rng, None, seen)
    )


def draw(
    k: int,
    variation: Variation,
    rng: np.random.Generator,
    mating: Mating | None,
    seen: Seen | None,
) -> Born:
    """``k`` new candidates; fewer if nothing new can be drawn.

    Without parents to select from it is a sample. Candidates that are in ``seen`` or equal to each
    other are drawn again; None accepts everything. The new ones are in ``seen`` then.
    """
    X, parents = _fresh(k, variation, rng, mating)
    if seen is not None:
        repeated = seen.add(X)
        for _ in range(REDRAWS - 1):
            if not len(repeated):
                break
            fresh, their_parents = _fresh(len(repeated), variation, rng, mating)
            X[repeated], parents[repeated] = fresh, their_parents
            repeated = repeated[seen.add(fresh)]
        if len(repeated):
            X, parents = np.delete(X, repeated, axis=0), np.delete(parents, repeated, axis=0)
            log.debug("%d of %d candidates are new", len(X), k)
    operator = SAMPLE if mating is None or not len(mating.ids) else variation.operator
    return Born(X, parents, constants[len(X), operator, np.uint8])


def draw_distinct(k: int, variation: Variation, rng: np.random.Generator, mating: Mating) -> Born:
    """``draw`` where everybody who may mate has been seen; one call where the space allows it."""
    if not variation.in_one_call or not len(mating.ids):
        seen = RowSet(variation.space.n_var, variation.space.dtype, len(mating.ids) + k)
        seen.add(mating.X)
        return draw(k, variation, rng, mating, seen)
    X, parents = variation.children(*mating, k, rng, REDRAWS - 1)
    if len(X) < k:
        log.debug("%d of %d candidates are new", len(X), k)
    return Born(X, parents, constants[len(X), variation.operator, np.uint8])


def _fresh(
    k: int, variation: Variation, rng: np.random.Generator, mating: Mating | None
) -> tuple[Candidates, IntArray]:
    """(k, n_var) candidates and the (k, 2) ids of their parents."""
    if mating is None or not len(mating.ids):
        return variation.sample(k, rng), np.full((k, 2), -1, dtype=np.int64)
    return variation.children(*mating, k, rng)
