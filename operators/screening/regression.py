"""Gaussian process regression of one column, with a length for each variable.

Covariance of two candidates, at the distance r of ordered values divided by their lengths::

    signal * (1 + sqrt(5) r + 5/3 r**2) exp(-sqrt(5) r) * exp(-sum of weights of unequal categories)

plus the noise where they are the same evaluation. The logarithms of lengths, weights, signal and
noise are those of the largest posterior density, found by L-BFGS with gradients.

Source: Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning", equations 2.25,
2.26, 5.8 and 5.9, algorithm 2.1; Matérn 5/2 with automatic relevance determination as in Snoek,
Larochelle, Adams 2012. Lengths that grow with the square root of the number of variables: Hvarfner,
Hellsten, Nardi 2024, "Vanilla Bayesian optimization performs great in high dimensions".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...typing import FloatArray, IntArray
from .inputs import Inputs

SQRT5 = np.sqrt(5.0)

MOST_LENGTHS = 32
"""Ordered variables, or categories, beyond which they share one length, or one weight."""

SPREAD = 1.5
"""Standard deviation of the logarithms of lengths and weights, before anything is known."""

SIGNAL_SPREAD = 0.5

NOISE, NOISE_SPREAD = 1e-3, 1.5
"""Of targets with a variance of 1."""

LEAST_NOISE, MOST_NOISE = 1e-6, 1.0

NOISY = 0.02
"""Noise above which a value is not taken for what it is; below it steps pass for noise, too."""

ITERATIONS = 40


class Prior(NamedTuple):
    """Independent normal densities of the logarithms: lengths, weights, signal, noise."""

    mean: FloatArray
    sd: FloatArray


def groups(of: Inputs) -> tuple[IntArray, IntArray]:
    """(p,) and (q,) which length, and which weight, each variable has."""
    found = []
    for count in (of.ordered.shape[1], of.listed.shape[1]):
        own = count <= MOST_LENGTHS
        found.append(np.arange(count) if own else np.zeros(count, dtype=np.int64))
    return found[0], found[1]


def prior(of: Inputs) -> Prior:
    """What is believed before anything is known."""
    lengths, weights = (int(g.max(initial=-1)) + 1 for g in groups(of))
    n_var = of.ordered.shape[1] + of.listed.shape[1]
    length = np.log(0.4 * np.sqrt(n_var))
    weight = np.log(1.0 / np.sqrt(n_var))
    mean = [length] * lengths + [weight] * weights + [0.0, np.log(NOISE)]
    sd = [SPREAD] * (lengths + weights) + [SIGNAL_SPREAD, NOISE_SPREAD]
    return Prior(np.array(mean), np.array(sd))


class Kernel:
    """Covariances with given hyperparameters.

    Attributes:
        signal: Variance of the function.
        noise: Variance of an evaluation of it.
    """

    def __init__(self, theta: FloatArray, of: Inputs) -> None:
        """``theta``: the logarithms, in the order of ``prior``."""
        by_length, by_weight = groups(of)
        weights = theta[int(by_length.max(initial=-1)) + 1 : -2]
        self._inverse_lengths = np.exp(-theta[by_length])
        self._weights = np.exp(weights[by_weight])
        self.signal, self.noise = float(np.exp(theta[-2])), float(np.exp(theta[-1]))

    def __call__(self, A: Inputs, B: Inputs) -> FloatArray:
        """(n, k) covariances of the function at ``A`` (n rows) and ``B`` (k rows)."""
        a, b = A.ordered * self._inverse_lengths, B.ordered * self._inverse_lengths
        squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * (a @ b.T)
        r = np.sqrt(5.0 * np.maximum(squared, 0.0))
        exponent = -r
        for j, weight in enumerate(self._weights):
            exponent -= weight * (A.listed[:, j, None] != B.listed[:, j])
        return np.asarray(self.signal * (1.0 + r + r * r / 3.0) * np.exp(exponent))


class Fit:
    """The density of hyperparameters given targets, and its largest value."""

    def __init__(self, of: Inputs, y: FloatArray) -> None:
        """``y`` (n,) are the targets of ``of``, n rows."""
        self._y, self._prior = y, prior(of)
        by_length, by_weight = groups(of)
        self._lengths = int(by_length.max(initial=-1)) + 1
        self._pairs = np.triu_indices(len(y), 1)
        one, other = self._pairs
        self._apart = np.zeros((len(self._prior.mean) - 2, len(one)))  # by group and pair
        for j, group in enumerate(by_length):
            self._apart[group] += (of.ordered[one, j] - of.ordered[other, j]) ** 2
        for j, group in enumerate(by_weight):
            self._apart[self._lengths + group] += of.listed[one, j] != of.listed[other, j]

    def loss(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """The negative logarithm of the density, but for a constant, and its gradient."""
        from scipy.linalg import cho_solve, lapack

        n, q = len(self._y), self._lengths
        signal, noise = np.exp(theta[-2]), np.exp(theta[-1])
        scales = np.concatenate([np.exp(-2.0 * theta[:q]), np.exp(theta[q:-2])])
        r = np.sqrt(5.0 * (scales[:q] @ self._apart[:q]))
        decay = signal * np.exp(-r - scales[q:] @ self._apart[q:])
        pairs = decay * (1.0 + r + r * r / 3.0)

        K = np.zeros((n, n))
        K[self._pairs] = pairs
        K[np.diag_indices(n)] = signal + noise
        # K holds its upper half in rows: the lower one in columns, as LAPACK has them.
        root, failed = lapack.dpotrf(K.T, lower=1, overwrite_a=1)
        if failed:
            return 1e25, np.zeros_like(theta)
        alpha = cho_solve((root, True), self._y)
        inverse, _ = lapack.dpotri(root, lower=1)
        one, other = self._pairs
        pull = alpha[one] * alpha[other] - inverse[other, one]
        own = alpha @ alpha - np.trace(inverse)

        gradient = np.empty_like(theta)
        gradient[:q] = scales[:q] * (self._apart[:q] @ (pull * decay * (1.0 + r))) * (5.0 / 3.0)
        gradient[q:-2] = -scales[q:] * (self._apart[q:] @ (pull * pairs))
        gradient[-2] = pull @ pairs + 0.5 * signal * own
        gradient[-1] = 0.5 * noise * own
        off = (theta - self._prior.mean) / self._prior.sd
        value = 0.5 * (self._y @ alpha) + np.log(np.diag(root)).sum() + 0.5 * (off @ off)
        return float(value), off / self._prior.sd - gradient

    def best(self, start: FloatArray | None = None) -> FloatArray:
        """The hyperparameters of the largest density that is found, from ``start`` or the prior."""
        from scipy.optimize import minimize

        mean, sd = self._prior
        starts = [mean] if start is None else [start, mean]
        first = min(starts, key=lambda theta: self.loss(theta)[0])
        low, high = mean - 4.0 * sd, mean + 4.0 * sd
        low[-1], high[-1] = np.log(LEAST_NOISE), np.log(MOST_NOISE)
        found = minimize(
            self.loss, np.clip(first, low, high), jac=True, method="L-BFGS-B",
            bounds=np.stack([low, high], axis=1), options={"maxiter": ITERATIONS},
        )  # fmt: skip
        return np.asarray(found.x, dtype=np.float64)


class Process:
    """A function of which some evaluations are known.

    Attributes:
        smoothed: (n,) the targets where the noise is small, else the mean of the function there.
    """

    def __init__(self, theta: FloatArray, known: Inputs, y: FloatArray) -> None:
        """Given targets ``y`` (n,) of ``known``; LinAlgError if they cannot be told apart."""
        from scipy.linalg import cho_solve

        self._known, self._kernel = known, Kernel(theta, known)
        K = self._kernel(known, known)
        K[np.diag_indices(len(K))] = self._kernel.signal + self._kernel.noise
        self._root = np.linalg.cholesky(K)
        self._alpha = cho_solve((self._root, True), y, check_finite=False)
        noisy = self._kernel.noise > NOISY
        self.smoothed = y - self._kernel.noise * self._alpha if noisy else y

    def at(self, candidates: Inputs) -> Posterior:
        """What is known of the function there."""
        from scipy.linalg import solve_triangular

        covariance = self._kernel(self._known, candidates)
        half = solve_triangular(self._root, covariance, lower=True, check_finite=False)
        return Posterior(self._kernel, candidates, self._alpha @ covariance, half)


class Posterior:
    """What is known of a function at candidates, and what will be once some are evaluated.

    Attributes:
        mean: (k,) of the function at the candidates.
        variance: (k,) of it, at least a millionth of the signal.
    """

    def __init__(
        self, kernel: Kernel, candidates: Inputs, mean: FloatArray, half: FloatArray
    ) -> None:
        """``half`` (n, k): its products are what the evaluations take from the covariances."""
        self._kernel, self._candidates, self._half = kernel, candidates, half
        self.mean = mean
        self.variance = self._at_least(kernel.signal - (half**2).sum(axis=0))

    def believe(self, i: int) -> None:
        """Take candidate ``i`` for evaluated, with the mean for its value: it leaves less unsure.

        Source: Ginsbourger, Le Riche, Carraro 2010, the Kriging believer; a row of the Cholesky
        factor is appended.
        """
        own = self._candidates.take(np.array([i]))
        covariance = self._kernel(own, self._candidates)[0] - self._half[:, i] @ self._half
        row = covariance / np.sqrt(self.variance[i] + self._kernel.noise)
        self._half = np.concatenate([self._half, row[None]])
        self.variance = self._at_least(self.variance - row * row)

    def _at_least(self, variance: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(variance, 1e-6 * self._kernel.signal))
