"""A population that changes by one at a time, selected anew each time by a survival part."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from ...operators.parts import Survival
from ...operators.survival import RankAndCrowding
from ...typing import FloatArray, IntArray
from .generation import survivors
from .part_memory import PartMemory


class Reselected:
    """What ``Ranked`` does, for any survival: rank and score of those that stay, and who goes.

    The arrays are the caller's, (capacity, ...), who writes the objectives and the violation of a
    new row to them; all else in them is kept up to date here.

    Args:
        survival: That selects.
        memory: Of it.
        F: (capacity, n_obj) float64, minimized.
        violation: (capacity,) float64.
        rank: (capacity,) int64.
        score: (capacity,) float64.
    """

    def __init__(
        self,
        survival: Survival,
        memory: PartMemory,
        F: FloatArray,
        violation: FloatArray,
        rank: IntArray,
        score: FloatArray,
    ) -> None:
        self._survival, self._memory = survival, memory
        self._F, self._violation, self._rank, self._score = F, violation, rank, score

    def insert(self, n: int, bit_generator: np.random.BitGenerator) -> None:
        """Row ``n`` joins the ``n`` rows before it."""
        self._select(n + 1, n + 1, bit_generator)

    def replace(self, n: int, bit_generator: np.random.BitGenerator) -> int:
        """Row ``n`` joins the ``n`` rows before it and one of them all goes: returns which.

        Row ``n`` takes its place.
        """
        rows = self._select(n + 1, n, bit_generator)
        gone = int(np.setdiff1d(np.arange(n + 1), rows)[0])
        for array in (self._F, self._violation, self._rank, self._score):
            array[gone] = array[n]
        return gone

    def _select(self, n: int, size: int, bit_generator: np.random.BitGenerator) -> IntArray:
        found = survivors(
            self._survival,
            self._F[:n].copy(),
            self._violation[:n].copy(),
            size,
            np.random.Generator(bit_generator),
            self._memory,
        )
        self._rank[found.rows], self._score[found.rows] = found.rank, found.score
        return found.rows


def changes_by_one(survival: Survival) -> TypeGuard[RankAndCrowding]:
    """Whether ``Ranked`` does what the survival would, without starting anew."""
    return (
        type(survival) is RankAndCrowding
        and survival.crowding != "truthful"
        and survival.ties == "random"
    )
