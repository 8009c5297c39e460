from typing import SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from ..typing import FloatArray, IntArray

def real_children(
    X: ArrayLike,
    rank: ArrayLike,
    crowding: ArrayLike,
    k: SupportsIndex,
    lower: ArrayLike,
    upper: ArrayLike,
    eta_crossover: SupportsFloat,
    prob: SupportsFloat,
    prob_var: SupportsFloat,
    eta_mutation: SupportsFloat,
    prob_mutation: SupportsFloat,
    bit_generator: np.random.BitGenerator,
    redraws: SupportsIndex | None = None,
    ids: ArrayLike | None = None,
    F: ArrayLike | None = None,
    violation: ArrayLike | None = None,
) -> tuple[FloatArray, IntArray]: ...
