from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from ..typing import FloatArray

def sbx(
    A: ArrayLike,
    B: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    eta: SupportsFloat,
    prob: SupportsFloat,
    prob_var: SupportsFloat,
    bit_generator: np.random.BitGenerator,
) -> FloatArray: ...
