from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from ..typing import FloatArray, IntArray

def binary_tournament(
    rank: ArrayLike,
    crowding: ArrayLike,
    k: SupportsIndex,
    bit_generator: np.random.BitGenerator,
    F: ArrayLike | None = None,
    violation: ArrayLike | None = None,
) -> IntArray: ...
def contestants(
    rank: ArrayLike,
    crowding: ArrayLike,
    F: ArrayLike | None,
    violation: ArrayLike | None,
    X: ArrayLike | None = None,
) -> tuple[IntArray, FloatArray, FloatArray | None, FloatArray | None]: ...
