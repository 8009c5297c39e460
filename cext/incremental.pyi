import numpy as np

from ..typing import FloatArray, IntArray

def insert(
    F: FloatArray,
    violation: FloatArray,
    rank: IntArray,
    order: IntArray,
    n: int,
    bit_generator: np.random.BitGenerator,
) -> None: ...
def crowding_within_fronts(
    F: FloatArray, rank: IntArray, order: IntArray, n: int, distance: FloatArray
) -> None: ...
def most_crowded(
    rank: IntArray, distance: FloatArray, n: int, bit_generator: np.random.BitGenerator
) -> int: ...
def remove(order: IntArray, n: int, row: int) -> None: ...
