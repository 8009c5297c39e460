from typing import Any

from numpy.typing import NDArray

from ..typing import IntArray

def gather(rows: IntArray, *pairs: tuple[NDArray[Any], NDArray[Any]]) -> list[NDArray[Any]]: ...
def stack(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]: ...
