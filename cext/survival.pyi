import numpy as np

from ..typing import FloatArray, IntArray

def survive(
    F: FloatArray, rank: IntArray | None, keep: int, bit_generator: np.random.BitGenerator
) -> tuple[IntArray, IntArray, FloatArray]: ...
