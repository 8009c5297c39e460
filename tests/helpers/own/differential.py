"""A crossover of three parents: a step from two of them to the third, both ways.

Source: R. Storn, K. Price, "Differential evolution", J. Global Optimization 11, 1997.
"""

import numpy as np

import paretide as pt


@pt.crossover(parents=3)
def differential(A, B, C, space, rng):
    step = rng.random((len(A), 1)) * (B - C)
    children = np.repeat(A, 2, axis=0)
    children[0::2] += step
    children[1::2] -= step
    return np.clip(children, space.low, space.high)
