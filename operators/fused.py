"""From a population to its children in one call, for spaces of one kind of variable."""

from __future__ import annotations

import numpy as np

from ..cext import bit_flip, uniform_crossover, variation
from ..typing import BoolArray, FloatArray, IntArray
from .crossover.sbx import SBX
from .crossover.uniform import UniformCrossover


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
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
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
        F,
        violation,
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
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> tuple[BoolArray, IntArray]:
    """(k, n_var) children of ``X`` (n, n_var), (k, 2) rows or ids of their parents, the second -1.

    Winners of ``binary_tournament``, each bit flipped with probability ``prob``. Children that
    equal a row of ``X`` or one another are drawn again up to ``redraws`` times, then left out; None
    takes them as they come.
    """
    return bit_flip.bit_children(
        X, rank, crowding, k, prob, rng.bit_generator, redraws, ids, F, violation
    )


def crossed_bit_children(
    X: BoolArray,
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    crossover: UniformCrossover,
    prob: float,
    rng: np.random.Generator,
    redraws: int | None = None,
    ids: IntArray | None = None,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> tuple[BoolArray, IntArray]:
    """(k, n_var) children of ``X`` (n, n_var) and (k, 2) rows of their parents, or their ids.

    Pairs of winners of ``binary_tournament``, whose bits are exchanged, then each flipped with
    probability ``prob``. If ``k`` is odd the last pair has one child. ``redraws`` as above.
    """
    return uniform_crossover.crossed_bits(
        X,
        rank,
        crowding,
        k,
        crossover.prob,
        crossover.prob_var,
        prob,
        rng.bit_generator,
        redraws,
        ids,
        F,
        violation,
    )
