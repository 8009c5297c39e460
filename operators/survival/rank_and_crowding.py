"""Who survives: constrained non-dominated ranks, then crowding in the front that is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from ...cext import crowding as _crowding
from ...cext import dominance, survival, truthful
from ...errors import ConfigurationError
from ...typing import FloatArray, IntArray
from ..parts import Survival, Survivors
from .copies import Copies, copies_give_way, cut_unlike_first
from .crowding import Crowding, balanced_priority, crowding_by_rank
from .ranking import constrained_rank

Ties = Literal["random", "balanced"]


@dataclass(frozen=True, kw_only=True)
class RankAndCrowding(Survival):
    """The survival of NSGA-II: constrained non-dominated ranks, then crowding distance.

    The score is the crowding distance among the survivors of the same rank.

    Attributes:
        crowding: What decides who stays of the front that is cut. "current": crowding distance,
            updated after each removal (Zheng, Doerr 2022). "once": not updated (Deb et al. 2002).
            "truthful": the truthful crowding distance, for three and more objectives (Zheng, Gao,
            Doerr, arXiv 2407.17687).
        ties: Who stays of those with equal distances. "random", or "balanced": as many of each
            objective value as can be (Doerr, Ivan, Krejca, arXiv 2412.11931).
        copies: Of rows equal in all objectives. "yield": in the front that is cut all but one go
            before another feasible objective vector is lost. "stay": no matter. None is "yield",
            and "stay" with balanced ties.

    Source: Deb, Pratap, Agarwal, Meyarivan 2002, section III; see ``survive``.
    """

    crowding: Crowding = "current"
    ties: Ties = "random"
    copies: Copies | None = None

    def __post_init__(self) -> None:
        for key, choices in (
            ("crowding", get_args(Crowding)),
            ("ties", get_args(Ties)),
            ("copies", (*get_args(Copies), None)),
        ):
            if getattr(self, key) not in choices:
                raise ConfigurationError(
                    f"RankAndCrowding: {key} must be one of {list(choices)}, "
                    f"got {getattr(self, key)!r}"
                )
        copies_give_way("RankAndCrowding", self.copies, self.ties)  # or they conflict

    @property
    def copies_give_way(self) -> bool:
        """Whether they do, in the front that is cut."""
        return copies_give_way("RankAndCrowding", self.copies, self.ties)

    def __call__(
        self,
        F: FloatArray,
        violation: FloatArray | None,
        size: int,
        rng: np.random.Generator,
        memory: dict[str, Any],
    ) -> Survivors:
        """The ``size`` best of F (n, n_obj), minimized; violation None: all rows are feasible."""
        return survive(F, violation, size, rng, self.crowding, self.ties, self.copies)


def survive(
    F: FloatArray,
    violation: FloatArray | None,
    n: int,
    rng: np.random.Generator,
    crowding: Crowding = "current",
    ties: Ties = "random",
    copies: Copies | None = None,
) -> Survivors:
    """The ``n`` best rows, or all if there are no more: whole fronts, the last one by crowding.

    Args:
        F: (k, n_obj) objective values, minimized, finite.
        violation: (k,) total constraint violation, 0 where feasible; None if all are.
        n: How many may survive.
        rng: Orders ties: of values in an objective, and of equal distances.
        crowding: "current": the smallest distance is removed and its neighbours' distances updated,
            again and again (Zheng and Doerr 2022). "once": distances of the whole front are used.
            "truthful": as "current", but with truthful distances, O(n_obj k^2), for three and more
            objectives (Zheng, Gao, Doerr 2024).
        ties: "random": rows of equal distance are equal. "balanced": of those the values that have
            more copies lose them first, for discrete objectives; see :func:`balanced_priority`.
        copies: "yield": of rows equal in all objectives only the first one stays as far as
            otherwise a feasible objective vector of the last front would be lost. None is "yield",
            and "stay" with balanced ties.

    Returns:
        The survivors. Their ranks are those among all rows, which removal of worse ones never
        changes; their crowding distances, truthful ones if asked for, are computed among the
        survivors.
    """
    if violation is not None and not violation.any():  # it is never negative
        violation = None
    n_feasible = len(F) - (0 if violation is None else int(np.count_nonzero(violation)))
    giving_way = n_feasible if copies_give_way("survive", copies, ties) else 0
    if crowding == "current" and ties == "random":
        given = None if violation is None else constrained_rank(F, violation)
        return Survivors(*survival.survive(F, given, min(n, len(F)), rng.bit_generator, giving_way))
    rank = dominance.nondominated_rank(F) if violation is None else constrained_rank(F, violation)
    if len(F) <= n:
        kept = np.arange(len(F))
    else:
        sizes = np.cumsum(np.bincount(rank))
        cut = int(np.searchsorted(sizes, n))  # the first front that fills the population
        front = np.flatnonzero(rank == cut)
        room = n - (int(sizes[cut - 1]) if cut else 0)

        def least_crowded(F: FloatArray, room: int) -> IntArray:
            return _least_crowded(F, room, rng, crowding, ties)

        if sizes[cut] <= giving_way:
            chosen = front[cut_unlike_first(F[front], room, least_crowded)]
        else:
            chosen = front[least_crowded(F[front], room)]
        kept = np.sort(np.concatenate([np.flatnonzero(rank < cut), chosen]))
    kept_rank = rank[kept]
    return Survivors(kept, kept_rank, crowding_by_rank(F[kept], kept_rank, rng, crowding))


def _least_crowded(
    F: FloatArray, room: int, rng: np.random.Generator, crowding: Crowding, ties: Ties
) -> IntArray:
    if room == len(F):
        return np.arange(room)
    if crowding == "truthful":
        standing = rng.random(len(F))  # one for all objectives, as its definition demands
        priority = rng.random(len(F))  # breaks ties of equal distances
        if ties == "balanced":
            priority = balanced_priority(F, standing, priority)
        return truthful.truncate_truthful(F, standing, priority, room)
    order = _crowding.sort_objectives(F, rng)
    priority = rng.random(len(F))
    if ties == "balanced":
        priority = balanced_priority(F, -_crowding.crowding_distance(F, order), priority)
    if crowding == "current":
        return _crowding.truncate(F, order, priority, room)
    return _crowding.truncate_once(_crowding.crowding_distance(F, order), priority, room)
