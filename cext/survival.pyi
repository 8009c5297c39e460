import numpy as np

from ..typing import FloatArray, IntArray

def survive(
    F: FloatArray,
    rank: IntArray | None,
    keep: int,
    bit_generator: np.random.BitGenerator,
    giving_way: int = 0,
) -> tuple[IntArray, IntArray, FloatArray]: ...
