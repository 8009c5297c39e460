from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from ..typing import FloatArray

def polynomial_mutation(
    X: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    eta: SupportsFloat,
    prob: SupportsFloat,
    bit_generator: np.random.BitGenerator,
) -> FloatArray: ...
