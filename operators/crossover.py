"""Crossover: two parents give two children."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cext import sbx as _sbx
from ..checks import real_number
from ..errors import ConfigurationError
from ..typing import FloatArray


def read_probability(what: str, value: float) -> float:
    """``value`` as a float; raises ConfigurationError unless it is a number in [0, 1]."""
    expected = "a probability in [0, 1]"
    number = real_number(what, value, expected=expected)
    if not 0 <= number <= 1:
        raise ConfigurationError(f"{what} must be {expected}, got {value!r}")
    return number


def read_eta(what: str, value: float) -> float:
    """``value`` as a float; raises ConfigurationError unless it is a distribution index."""
    expected = "a number in [0, 10000)"
    number = real_number(what, value, expected=expected)
    if not 0 <= number < 1e4:
        raise ConfigurationError(f"{what} must be {expected}, got {value!r}")
    return number


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


def exchange(A: FloatArray, B: FloatArray, prob: float, rng: np.random.Generator) -> FloatArray:
    """(2k, n_var) children that exchange each value with probability ``prob``: uniform crossover.

    Source: Syswerda 1989.
    """
    k, n_var = A.shape
    swap = rng.random((k, n_var)) < prob
    children = np.empty((2 * k, n_var))
    children[0::2] = np.where(swap, B, A)
    children[1::2] = np.where(swap, A, B)
    return children
