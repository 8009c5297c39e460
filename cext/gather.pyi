from typing import Any, TypeVar

from numpy.typing import NDArray

from ..typing import IntArray

Array = TypeVar("Array", bound=NDArray[Any])

def gather(first: Array, second: Array, rows: IntArray) -> Array: ...
