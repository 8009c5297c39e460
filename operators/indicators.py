"""Quality indicators, by moocore."""

from __future__ import annotations

import numpy as np

from ..typing import FloatArray


def hypervolume(F: FloatArray, reference: FloatArray) -> float:
    """Volume dominated by ``F`` (n, n_obj), minimized, up to ``reference`` (n_obj,).

    Source: Zitzler and Thiele 1998; computed by moocore.
    """
    import moocore

    if not len(F):
        return 0.0
    return float(moocore.hypervolume(np.asarray(F), ref=np.asarray(reference)))
