"""From a population to its children in one call, for spaces of one kind of variable."""

from __future__ import annotations

import numpy as np

from ..cext import bit_flip, variation
from ..typing import BoolArray, FloatArray, IntArray
from .crossover.sbx import SBX


def real_children(
    X: FloatArray,
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    lower: FloatArray,
    upper: FloatArray,
    crossover: SBX,
    eta: float,
    prob: float,
    rng: np.random.Generator,
    redraws: int | None = None,
    ids: IntArray | None = None,
) -> tuple[FloatArray, IntArray]:
    """(k, n_var) children of ``X`` (n, n_var) and (k, 2) rows of their parents, or their ids.

    ``binary_tournament``, ``sbx`` and ``polynomial_mutation`` with ``eta`` and ``prob``, to the
    bit. Pairs have two children each, one after either parent; if ``k`` is odd the last has one.
    Children that equal a row of ``X`` or one another are drawn again up to ``redraws`` times, then
    left out; None takes them as they come.
    """
    return variation.real_children(
        X,
        rank,
        crowding,
        k,
        lower,
        upper,
        crossover.eta,
        crossover.prob,
        crossover.prob_var,
        eta,
        prob,
        rng.bit_generator,
        redraws,
        ids,
    )


def bit_children(
    X: BoolArray,
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    prob: float,
    rng: np.random.Generator,
    redraws: int | None = None,
    ids: IntArray | None = None,
) -> tuple[BoolArray, IntArray]:
    """(k, n_var) children of ``X`` (n, n_var), (k, 2) rows or ids of their parents, the second -1.

    Winners of ``binary_tournament``, each bit flipped with probability ``prob``. Children that
    equal a row of ``X`` or one another are drawn again up to ``redraws`` times, then left out; None
    takes them as they come.
    """
    return bit_flip.bit_children(X, rank, crowding, k, prob, rng.bit_generator, redraws, ids)
