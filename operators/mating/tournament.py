"""Binary tournaments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cext import tournament
from ...typing import FloatArray, IntArray
from ..parts import Mating


@dataclass(frozen=True, kw_only=True)
class Tournament(Mating):
    """Every parent wins a tournament between two distinct contestants.

    Source: Deb, Pratap, Agarwal, Meyarivan 2002, section III.C.
    """

    def __call__(
        self, rank: IntArray, score: FloatArray, k: int, parents: int, rng: np.random.Generator
    ) -> IntArray:
        """(k, parents) int64 winners; one may win several tournaments of a mating."""
        return binary_tournament(rank, score, k * parents, rng).reshape(k, parents)


def binary_tournament(
    rank: IntArray, crowding: FloatArray, k: int, rng: np.random.Generator
) -> IntArray:
    """(k,) int64 winners of independent tournaments between two distinct contestants.

    ``rank`` (n,) int64 and ``crowding`` (n,) float64: the lower rank wins, then the larger
    distance, then a fair coin. Source: Deb, Pratap, Agarwal, Meyarivan 2002, section III.C.
    """
    return tournament.binary_tournament(rank, crowding, k, rng.bit_generator)
