from numpy.typing import ArrayLike

from ..typing import IntArray

def nondominated_rank(F: ArrayLike) -> IntArray: ...
