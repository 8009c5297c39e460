"""Uniform crossover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...typing import Candidates, SearchSpace
from ..parts import Crossover
from ..settings import read_probability


@dataclass(frozen=True, kw_only=True)
class UniformCrossover(Crossover):
    """The two children of a pair are its parents, with some values exchanged.

    For spaces of rows in which each value stands for itself: bits, numbers, choices.

    Attributes:
        prob: That a pair is crossed at all.
        prob_var: That a variable of a crossed pair is exchanged.

    Source: Syswerda 1989, "Uniform crossover in genetic algorithms".
    """

    prob: float = 0.9
    prob_var: float = 0.5

    def __post_init__(self) -> None:
        for key in ("prob", "prob_var"):
            number = read_probability(f"UniformCrossover {key}", getattr(self, key))
            object.__setattr__(self, key, number)

    def __call__(
        self, A: Candidates, B: Candidates, space: SearchSpace, rng: np.random.Generator
    ) -> Candidates:
        """(2k, n_var) children of pairs A[i], B[i] (k, n_var); those of pair i in 2i, 2i + 1."""
        k, n_var = A.shape
        crossed = rng.random((k, 1)) < self.prob
        swap = crossed & (rng.random((k, n_var)) < self.prob_var)
        children = np.empty((2 * k, n_var), dtype=A.dtype)
        children[0::2] = np.where(swap, B, A)
        children[1::2] = np.where(swap, A, B)
        return children
