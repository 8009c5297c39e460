"""Uniform crossover: each value from one parent or the other."""

from __future__ import annotations

import numpy as np

from ...typing import FloatArray


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
