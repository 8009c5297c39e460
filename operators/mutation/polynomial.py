"""Polynomial mutation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cext import polynomial_mutation as _polynomial_mutation
from ...typing import Candidates, FloatArray, Layout, SearchSpace
from ..parts import Mutation
from ..settings import read_eta, read_probability
from ..working import candidates, varying, with_coordinates
from .redraw import redraw_categories


@dataclass(frozen=True, kw_only=True)
class PolynomialMutation(Mutation):
    """Polynomial mutation (Deb and Goyal 1996), bounded as in Deb's NSGA-II code.

    For spaces with working coordinates. Variables without an order get another value instead,
    uniformly, with the same probability; those with a single value take no part.

    Attributes:
        prob: That a variable is mutated; None is 1 / n_var.
        eta: Distribution index; larger makes smaller changes.

    The defaults are those of real vectors; those of whole numbers and of mixed spaces are
    ``WIDE_POLYNOMIAL_MUTATION``.
    """

    prob: float | None = None
    eta: float = 20.0

    def __post_init__(self) -> None:
        if self.prob is not None:
            prob = read_probability("PolynomialMutation prob", self.prob)
            object.__setattr__(self, "prob", prob)
        object.__setattr__(self, "eta", read_eta("PolynomialMutation eta", self.eta))

    def __call__(self, X: Candidates, space: SearchSpace, rng: np.random.Generator) -> Candidates:
        """(k, n_var) mutated copy of ``X``.

        Raises ConfigurationError for a space without working coordinates.
        """
        space = with_coordinates(self, space)
        columns = varying(space)
        if columns is not None:
            mutated = X.copy()
            some = PolynomialMutation.__call__(self, X[:, columns], space.take(columns), rng)
            mutated[:, columns] = some
            return mutated
        Z = space.to_working(X)
        prob = 1.0 / space.n_var if self.prob is None else self.prob
        return candidates(space, mutate(Z, space.layout, self.eta, prob, rng), (Z, X))


WIDE_POLYNOMIAL_MUTATION = PolynomialMutation(eta=5.0)
"""For numbers of which few values differ, or count: larger changes. Measured: see ``WIDE_SBX``."""


def mutate(
    Z: FloatArray, layout: Layout, eta: float, prob: float, rng: np.random.Generator
) -> FloatArray:
    """(k, n_var) mutated copy of working coordinates: those in order, then those without one."""
    listed = np.flatnonzero(layout.categories)
    if listed.size == Z.shape[1]:
        mutated = Z.copy()
    else:
        mutated = polynomial_mutation(Z, layout.lower, layout.upper, eta, prob, rng)
    if listed.size:
        mutated[:, listed] = redraw_categories(Z[:, listed], layout.categories[listed], prob, rng)
    return mutated


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
