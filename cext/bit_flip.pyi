from typing import SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from ..typing import BoolArray, IntArray

def bit_children(
    X: ArrayLike,
    rank: ArrayLike,
    crowding: ArrayLike,
    k: SupportsIndex,
    prob: SupportsFloat,
    bit_generator: np.random.BitGenerator,
    redraws: SupportsIndex | None = None,
    ids: ArrayLike | None = None,
    F: ArrayLike | None = None,
    violation: ArrayLike | None = None,
) -> tuple[BoolArray, IntArray]: ...
