"""Mutation: small random changes of children."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cext import polynomial_mutation as _polynomial_mutation
from ..typing import FloatArray, IntArray
from .crossover import read_eta, read_probability


@dataclass(frozen=True, kw_only=True)
class PolynomialMutation:
    """Polynomial mutation (Deb and Goyal 1996), bounded as in Deb's NSGA-II code.

    Attributes:
        prob: That a variable is mutated; None is 1 / n_var.
        eta: Distribution index; larger makes smaller changes.

    Variables without an order get another value instead, uniformly, with the same probability.
    """

    prob: float | None = None
    eta: float = 20.0

    def __post_init__(self) -> None:
        if self.prob is not None:
            prob = read_probability("PolynomialMutation prob", self.prob)
            object.__setattr__(self, "prob", prob)
        object.__setattr__(self, "eta", read_eta("PolynomialMutation eta", self.eta))


@dataclass(frozen=True, kw_only=True)
class BitFlip:
    """Standard bit mutation: each bit flipped independently.

    Attributes:
        prob: That a bit is flipped; None is 1 / n_var.
    """

    prob: float | None = None

    def __post_init__(self) -> None:
        if self.prob is not None:
            object.__setattr__(self, "prob", read_probability("BitFlip prob", self.prob))


def polynomial_mutation(
    Z: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    eta: float,
    prob: float,
    rng: np.random.Generator,
) -> FloatArray:
    """(k, n_var) mutated copy of ``Z``, inside the bounds."""
    return _polynomial_mutation.polynomial_mutation(Z, lower, upper, eta, prob, rng.bit_generator)


def redraw_categories(
    Z: FloatArray, categories: IntArray, prob: float, rng: np.random.Generator
) -> FloatArray:
    """Copy of ``Z`` (k, n_var) in which each value, with ``prob``, is another one of its column.

    Column j holds whole numbers below ``categories[j] >= 2``.
    """
    changed = rng.random(Z.shape) < prob
    step = rng.integers(1, categories, size=Z.shape)  # never 0: always another value
    return np.where(changed, (Z + step) % categories, Z)
