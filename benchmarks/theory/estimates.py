"""What is said about samples of runs: medians, growth, ratios, with their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 5000
LEVEL = 0.95


def quartiles(values: ArrayLike) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(low), float(middle), float(high)


def exponent(sizes: Sequence[int], medians: ArrayLike) -> np.ndarray:
    """Slope of log(median) over log(n) by least squares.

    Args:
        sizes: (s,) values of n, at least two different ones.
        medians: (..., s), above 0.

    Returns (...) slopes.
    """
    x = np.log(np.asarray(sizes, dtype=np.float64))
    x = x - x.mean()
    return np.log(medians) @ x / (x @ x)


def resampled_medians(sample: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    """(RESAMPLES,) medians of samples of the same size, drawn with replacement."""
    values = np.asarray(sample, dtype=np.float64)
    return np.median(values[rng.integers(len(values), size=(RESAMPLES, len(values)))], axis=1)


def interval(values: np.ndarray) -> tuple[float, float]:
    """The middle ``LEVEL`` of resampled values: the percentile bootstrap (Efron 1979)."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def growth(
    samples: dict[int, list[float]], rng: np.random.Generator
) -> tuple[float, tuple[float, float]]:
    """Fitted exponent of the medians over n, and its interval."""
    sizes = sorted(samples)
    medians = [np.median(samples[n]) for n in sizes]
    again = np.stack([resampled_medians(samples[n], rng) for n in sizes], axis=1)
    return float(exponent(sizes, medians)), interval(exponent(sizes, again))


def ratio(
    above: ArrayLike, below: ArrayLike, rng: np.random.Generator
) -> tuple[float, tuple[float, float]]:
    """Ratio of the medians of two samples, and its interval."""
    again = resampled_medians(above, rng) / resampled_medians(below, rng)
    return float(np.median(above) / np.median(below)), interval(again)
