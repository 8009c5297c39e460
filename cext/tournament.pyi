from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from ..typing import IntArray

def binary_tournament(
    rank: ArrayLike,
    crowding: ArrayLike,
    k: SupportsIndex,
    bit_generator: np.random.BitGenerator,
    F: ArrayLike | None = None,
    violation: ArrayLike | None = None,
) -> IntArray: ...
