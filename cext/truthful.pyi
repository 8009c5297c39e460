from typing import SupportsIndex

from numpy.typing import ArrayLike

from ..typing import FloatArray, IntArray

def truthful_distance(F: ArrayLike, standing: ArrayLike) -> FloatArray: ...
def truncate_truthful(
    F: ArrayLike, standing: ArrayLike, priority: ArrayLike, keep: SupportsIndex
) -> IntArray: ...
