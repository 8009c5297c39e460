"""What a model is fitted to: values between which a Gaussian process can interpolate.

An objective may span decades or have a cliff. Half of its target is the standardized value, half
the Gaussian score of its rank: the order stays, far values come nearer, near ones move apart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...typing import FloatArray

HUGE = 1e300


class Targets(NamedTuple):
    """One column to be modelled.

    Attributes:
        values: (n,) float64 of mean 0 and standard deviation 1, or all 0.
        zero: Where the value 0 of the column would be; only of ``margin_targets``.
    """

    values: FloatArray
    zero: float = 0.0


def objective_targets(f: FloatArray) -> FloatArray:
    """(n,) targets of the values ``f`` (n,) of an objective: a rising function of them.

    Source of the scores: Blom 1958, "Statistical estimates and transformed beta-variables".
    """
    return standardized(standardized(f) + rank_scores(f))


def margin_targets(g: FloatArray) -> Targets:
    """Targets of a constraint's margins ``g`` (n,), and where its limit, 0, lies among them.

    The inverse hyperbolic sine, in units of the median size, brings far values nearer and keeps
    the sign.
    """
    least = g[np.isfinite(g)].min(initial=0.0)
    g = np.where(np.isfinite(g), g, least - 1.0)  # infinitely far inside the limit
    size = np.abs(g)
    unit = float(np.median(size[size > 0])) if (size > 0).any() else 1.0
    with np.errstate(over="ignore"):
        bent = np.arcsinh(np.clip(g / unit, -HUGE, HUGE))
    mean, sd = float(bent.mean()), float(bent.std())
    if sd <= 1e-12:
        return Targets(np.zeros_like(bent), float(np.sign(-mean)))
    return Targets((bent - mean) / sd, -mean / sd)


def rank_scores(f: FloatArray) -> FloatArray:
    """(n,) the standard normal quantiles of the ranks of ``f`` (n,), of equal values the same."""
    from scipy.special import ndtri

    in_order = np.sort(f)
    first, beyond = (np.searchsorted(in_order, f, side) for side in ("left", "right"))
    middle = (first + beyond + 1) / 2  # the mean of the ranks, from 1, that equal values share
    return np.asarray(ndtri((middle - 0.375) / (len(f) + 0.25)))


def standardized(values: FloatArray) -> FloatArray:
    """(n,) of mean 0 and standard deviation 1; 0 where they are all but equal."""
    largest = float(np.abs(values).max())
    if largest == 0:
        return np.zeros_like(values)
    scaled = values / largest  # so that no square is beyond the largest number
    centred = scaled - scaled.mean()
    sd = float(centred.std())
    return centred / sd if sd > 1e-12 else np.zeros_like(values)
