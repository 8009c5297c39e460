import numpy as np

from ..typing import FloatArray, IntArray

class Ranked:
    def __init__(
        self,
        F: FloatArray,
        violation: FloatArray,
        rank: IntArray,
        distance: FloatArray,
        order: IntArray,
        copies_give_way: bool = False,
    ) -> None: ...
    def insert(self, n: int, bit_generator: np.random.BitGenerator) -> None: ...
    def replace(self, n: int, bit_generator: np.random.BitGenerator) -> int: ...
