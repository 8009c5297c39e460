"""Names of the array types that paretide's signatures use."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
ByteArray: TypeAlias = NDArray[np.uint8]
Candidates: TypeAlias = NDArray[Any]
"""(n, n_var) in the dtype of the space: float64, int64 or bool."""
