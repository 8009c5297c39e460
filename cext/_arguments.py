"""What kernels demand of their arguments before the loop, so that the loop is free of checks."""

import operator
from typing import Any, SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import ConfigurationError, ShapeError
from ..typing import FloatArray, IntArray


def matrix(
    value: ArrayLike, name: str, dtype: DTypeLike, shape: tuple[int, int] | None = None
) -> NDArray[Any]:
    """Return `value` as an aligned C-contiguous 2-D array; copied only where it has to be."""
    array = _contiguous(value, name, dtype)
    if array.ndim != 2:
        raise ShapeError(f"{name} must be a 2-D array, one row per point; got shape {array.shape}")
    if shape is not None and array.shape != shape:
        raise ShapeError(f"{name} must have shape {shape}; got {array.shape}")
    return array


def vector(
    value: ArrayLike, name: str, dtype: DTypeLike, length: int | None = None
) -> NDArray[Any]:
    """Return `value` as an aligned C-contiguous 1-D array; copied only where it has to be."""
    array = _contiguous(value, name, dtype)
    if array.ndim != 1:
        raise ShapeError(f"{name} must be a 1-D array; got shape {array.shape}")
    if length is not None and len(array) != length:
        raise ShapeError(f"{name} must have length {length}; got {len(array)}")
    return array


def contestants(
    rank: ArrayLike,
    crowding: ArrayLike,
    F: ArrayLike | None,
    violation: ArrayLike | None,
    X: NDArray[Any] | None = None,
) -> tuple[IntArray, FloatArray, FloatArray | None, FloatArray | None]:
    """What tournaments look at, converted without loss; raises where one of them is wrong.

    They are as many as `X` has rows.
    """
    rank = vector(rank, "rank", np.int64, None if X is None else len(X))
    n = len(rank)
    if not 0 < n < 1 << 32:
        what = "rank must have between 1 and 2**32 - 1 contestants"
        if X is not None:
            what = "X must have between 1 and 2**32 - 1 rows"
        raise ShapeError(f"{what}; got {n}")
    crowding = vector(crowding, "crowding", np.float64, n)
    if (F is None) != (violation is None):
        raise ShapeError("F and violation go together; got only one of them")
    if F is None or violation is None:
        return rank, crowding, None, None
    F = matrix(F, "F", np.float64)
    if len(F) != n:
        raise ShapeError(f"F must have {n} rows, as many as rank; got {len(F)}")
    return rank, crowding, F, vector(violation, "violation", np.float64, n)


def bounds(lower: ArrayLike, upper: ArrayLike, n_var: int) -> tuple[FloatArray, FloatArray]:
    """Return both bounds as vectors of length `n_var`, each interval finite and not empty."""
    low = vector(lower, "lower", np.float64, n_var)
    high = vector(upper, "upper", np.float64, n_var)
    with np.errstate(over="ignore", invalid="ignore"):
        span = high - low
    wrong = ~((span >= 0) & (span < np.inf))
    if wrong.any():
        j = int(wrong.argmax())
        raise ConfigurationError(
            f"each variable needs lower <= upper and a finite upper - lower; "
            f"variable {j} has lower {low[j]} and upper {high[j]}"
        )
    return low, high


def probability(value: SupportsFloat, name: str) -> float:
    """Return `value` as a float in [0, 1]."""
    number = float(value)
    if not 0.0 <= number <= 1.0:
        raise ConfigurationError(f"{name} must be a probability in [0, 1]; got {number}")
    return number


def distribution_index(value: SupportsFloat) -> float:
    """Return `value` as a finite float >= 0, the eta of SBX and polynomial mutation."""
    number = float(value)
    if not 0.0 <= number < float("inf"):
        raise ConfigurationError(f"eta must be finite and >= 0; got {number}")
    return number


def count(value: SupportsIndex, name: str, most: int | None = None) -> int:
    """Return `value` as an int in [0, most]."""
    number = operator.index(value)
    if number < 0 or (most is not None and number > most):
        limits = ">= 0" if most is None else f"between 0 and {most}"
        raise ConfigurationError(f"{name} must be {limits}; got {number}")
    return number


def _contiguous(value: ArrayLike, name: str, dtype: DTypeLike) -> NDArray[Any]:
    """Convert without loss of kind: floats never become integers, integers never booleans."""
    if type(value) is np.ndarray and value.dtype == dtype:
        flags = value.flags
        if flags.c_contiguous and flags.aligned:
            return value
    array = np.asarray(value)
    if array.size and not np.can_cast(array.dtype, dtype, "same_kind"):
        raise ShapeError(f"{name} must be an array of {np.dtype(dtype)}; got {array.dtype}")
    return np.require(array, dtype, ["C", "A"])


def check_dtype(value: DTypeLike) -> np.dtype[Any]:
    """Return `value` as a dtype whose equal values have equal bytes, or as float64."""
    dtype = np.dtype(value)
    if dtype != np.float64 and dtype.kind not in "biu":
        raise ShapeError(f"dtype must be float64, bool or an integer; got {dtype}")
    return dtype
