"""Polynomial mutation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cext import polynomial_mutation as _polynomial_mutation
from ...typing import FloatArray
from ..settings import read_eta, read_probability


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
