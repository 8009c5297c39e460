from typing import SupportsFloat, SupportsInt

import numpy as np
from numpy.typing import NDArray

from ..typing import FloatArray, IntArray

def arange_int64(first: SupportsInt, n: int) -> IntArray: ...
def full_float64(n: int, value: SupportsFloat) -> FloatArray: ...
def full_int32(n: int, value: SupportsInt) -> NDArray[np.int32]: ...
