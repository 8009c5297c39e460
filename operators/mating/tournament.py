"""Binary tournaments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ...cext import tournament
from ...errors import ConfigurationError
from ...typing import FloatArray, IntArray
from ..parts import Mating

By = Literal["dominance", "rank"]


@dataclass(frozen=True, kw_only=True)
class Tournament(Mating):
    """Every parent wins a tournament between two contestants from a permutation of everybody.

    Attributes:
        by: What decides before the score does. "dominance": who dominates the other, feasible
            before infeasible and less violation before more. "rank": who has the lower rank, which
            most often decides although neither dominates, and costs diversity; for a survival
            whose ranks mean something else.

    Source: Deb, Pratap, Agarwal, Meyarivan 2002, sections III.C and VI.A. Permutations, and
    dominance in the place of ranks: their code, and that of pymoo and DEAP.
    """

    by: By = "dominance"

    def __post_init__(self) -> None:
        if self.by not in get_args(By):
            raise ConfigurationError(
                f"Tournament: by must be one of {list(get_args(By))}, got {self.by!r:.100}"
            )

    def __call__(
        self,
        rank: IntArray,
        score: FloatArray,
        k: int,
        parents: int,
        rng: np.random.Generator,
        *,
        F: FloatArray | None = None,
        violation: FloatArray | None = None,
    ) -> IntArray:
        """(k, parents) int64 winners; one may win several tournaments of a mating.

        Without F (n, n_obj), minimized, and violation (n,) ranks decide: of a front they say all.
        """
        if self.by == "rank":
            F = violation = None
        return binary_tournament(rank, score, k * parents, rng, F, violation).reshape(k, parents)


def binary_tournament(
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    rng: np.random.Generator,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> IntArray:
    """(k,) int64 winners of tournaments between two distinct contestants.

    ``rank`` (n,) int64, ``crowding`` (n,) float64, F (n, n_obj) and violation (n,) float64: who
    dominates the other wins, without F the lower rank; then the larger distance, then a fair coin.
    Contestants come from permutations, so that everybody meets as many as everybody else.

    Source: Deb, Pratap, Agarwal, Meyarivan 2002, sections III.C and VI.A.
    """
    return tournament.binary_tournament(rank, crowding, k, rng.bit_generator, F, violation)
