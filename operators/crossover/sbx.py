"""Simulated binary crossover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cext import sbx as _sbx
from ...typing import Candidates, FloatArray, Layout, SearchSpace
from ..parts import Crossover
from ..settings import read_eta, read_probability
from ..working import candidates, varying, with_coordinates
from .exchange import exchange

EXCHANGE_PROB = 0.5  # of a value without an order, in a crossed pair


@dataclass(frozen=True, kw_only=True)
class SBX(Crossover):
    """Simulated binary crossover (Deb and Agrawal 1995), bounded (Deb, Sindhya, Okabe 2007).

    For spaces with working coordinates. Values without an order are exchanged instead; variables
    with a single value take no part.

    Attributes:
        prob: That a pair is crossed at all.
        eta: Distribution index; larger keeps children nearer to their parents.
        prob_var: That a variable of a crossed pair takes part.

    The defaults are those of pymoo's NSGA-II, and of real vectors; those of whole numbers and of
    mixed spaces are ``WIDE_SBX``.
    """

    prob: float = 0.9
    eta: float = 15.0
    prob_var: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "prob", read_probability("SBX prob", self.prob))
        object.__setattr__(self, "eta", read_eta("SBX eta", self.eta))
        object.__setattr__(self, "prob_var", read_probability("SBX prob_var", self.prob_var))

    def __call__(
        self, A: Candidates, B: Candidates, space: SearchSpace, rng: np.random.Generator
    ) -> Candidates:
        """(2k, n_var) children of pairs A[i], B[i] (k, n_var); those of pair i in 2i, 2i + 1.

        Raises ConfigurationError for a space without working coordinates.
        """
        space = with_coordinates(self, space)
        columns = varying(space)
        if columns is not None:
            children = np.repeat(A, 2, axis=0)
            some = A[:, columns], B[:, columns]
            children[:, columns] = SBX.__call__(self, *some, space.take(columns), rng)
            return children
        Z, mates = space.to_working(A), space.to_working(B)
        crossed = cross(Z, mates, space.layout, self, rng)
        own, others = (
            (np.repeat(W, 2, axis=0), np.repeat(X, 2, axis=0)) for W, X in ((Z, A), (mates, B))
        )
        return candidates(space, crossed, own, others)


WIDE_SBX = SBX(eta=3.0, prob_var=0.75)
"""For numbers of which few values differ, or count: children further from their parents.

Measured with mutation of the same width and populations of 20 on seven problems like training jobs,
40 seeds, per cent of the best hypervolume known: 87.0, 93.4 and 97.1 after 100, 200 and 500
evaluations, by the other defaults 85.9, 92.3 and 96.4. Uniform crossover and steps on all scales
were no better.
"""


def cross(
    A: FloatArray, B: FloatArray, layout: Layout, settings: SBX, rng: np.random.Generator
) -> FloatArray:
    """(2k, n_var) children of pairs in working coordinates (k, n_var): SBX, then exchange."""
    children = sbx(A, B, layout.lower, layout.upper, settings, rng)
    listed = np.flatnonzero(layout.categories)
    if listed.size:  # SBX means nothing there
        children[:, listed] = exchange(
            A[:, listed], B[:, listed], EXCHANGE_PROB * settings.prob, rng
        )
    return children


def sbx(
    A: FloatArray,
    B: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    settings: SBX,
    rng: np.random.Generator,
) -> FloatArray:
    """(2k, n_var) children of pairs A[i], B[i] (k, n_var); those of pair i in rows 2i, 2i+1."""
    return _sbx.sbx(
        A, B, lower, upper, settings.eta, settings.prob, settings.prob_var, rng.bit_generator
    )
