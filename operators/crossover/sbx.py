"""Simulated binary crossover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cext import sbx as _sbx
from ...typing import FloatArray
from ..settings import read_eta, read_probability


@dataclass(frozen=True, kw_only=True)
class SBX:
    """Simulated binary crossover (Deb and Agrawal 1995), bounded (Deb, Sindhya, Okabe 2007).

    Attributes:
        prob: That a pair is crossed at all.
        eta: Distribution index; larger keeps children nearer to their parents.
        prob_var: That a variable of a crossed pair takes part.

    The defaults are those of pymoo's NSGA-II.
    """

    prob: float = 0.9
    eta: float = 15.0
    prob_var: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "prob", read_probability("SBX prob", self.prob))
        object.__setattr__(self, "eta", read_eta("SBX eta", self.eta))
        object.__setattr__(self, "prob_var", read_probability("SBX prob_var", self.prob_var))


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
