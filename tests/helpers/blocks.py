"""Problems in which one can see how what ``evaluate_batch`` gets was split."""

import numpy as np

import paretide as pt


class Together(pt.Problem):
    """What a row gets depends on those beside it, which no problem may do: it shows the split."""

    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min", "g": "min"}

    def evaluate_batch(self, X):
        place = np.arange(len(X)) + 100 * len(X)
        return np.stack([X[:, 0] + 1e-6 * place, 1 - X[:, 0] + X[:, 1:].sum(axis=1)], axis=1)


class Uneven(Together):
    """Some candidates fail, and their turns come in another order than they were born in."""

    def cost(self, x):
        return 0.1 + x[0] + 5 * (x[1] > 0.7)

    def evaluate_batch(self, X):
        F = super().evaluate_batch(X)
        F[X[:, 2] > 0.9] = np.nan
        return F
