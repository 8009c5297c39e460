"""A space of permutations, with a sampling and a mutation."""

import numpy as np

import paretide as pt


@pt.sampling
def shuffled(n, space, rng):
    return rng.permuted(np.tile(np.arange(space.n_var), (n, 1)), axis=1)


@pt.mutation
def reversed_part(X, space, rng):
    X = X.copy()
    for row, (i, j) in zip(X, np.sort(rng.integers(0, space.n_var + 1, (len(X), 2))), strict=True):
        row[i:j] = row[i:j][::-1]
    return X


class Permutations(pt.SearchSpace):
    dtype = np.dtype(np.int64)
    operators = {"sampling": shuffled, "mutation": reversed_part}

    def __init__(self, n):
        self.n_var = n

    def contains(self, X):
        return (np.sort(X, axis=1) == np.arange(self.n_var)).all(axis=1)
