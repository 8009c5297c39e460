"""Quality indicators, by moocore."""

from __future__ import annotations

import numpy as np

from ..typing import FloatArray


def reference_point(sample: FloatArray) -> FloatArray:
    """(n_obj,) a tenth of the range beyond the worst values of ``sample`` (n, n_obj), n >= 1."""
    worst = sample.max(axis=0)
    return np.asarray(worst + np.maximum(0.1 * (worst - sample.min(axis=0)), 1e-12))


def hypervolume(F: FloatArray, reference: FloatArray) -> float:
    """Volume dominated by ``F`` (n, n_obj), minimized, up to ``reference`` (n_obj,).

    Source: Zitzler and Thiele 1998; computed by moocore.
    """
    import moocore

    if not len(F):
        return 0.0
    return float(moocore.hypervolume(np.asarray(F), ref=np.asarray(reference)))
