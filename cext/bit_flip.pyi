from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from ..typing import BoolArray

def bit_flip(
    X: ArrayLike, prob: SupportsFloat, bit_generator: np.random.BitGenerator
) -> BoolArray: ...
