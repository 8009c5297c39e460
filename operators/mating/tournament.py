"""Binary tournaments."""

from __future__ import annotations

import numpy as np

from ...cext import tournament
from ...typing import FloatArray, IntArray


def binary_tournament(
    rank: IntArray, crowding: FloatArray, k: int, rng: np.random.Generator
) -> IntArray:
    """(k,) int64 winners of independent tournaments between two distinct contestants.

    ``rank`` (n,) int64 and ``crowding`` (n,) float64: the lower rank wins, then the larger
    distance, then a fair coin. Source: Deb, Pratap, Agarwal, Meyarivan 2002, section III.C.
    """
    return tournament.binary_tournament(rank, crowding, k, rng.bit_generator)
