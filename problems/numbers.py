"""What user code returns as numbers, of whatever library, as float64.

Text is no number, though it may look like one, and neither is what has an imaginary part. What is
missing from an array, masked or None, is NaN. Whole numbers beyond the largest double are infinite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..typing import FloatArray

KINDS = "fiub"
"""Of NumPy's dtypes: what holds real numbers."""


def one_number(value: Any) -> float:
    """``value`` as a float; raises TypeError or ValueError if it is not one number."""
    if type(value) is float:
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        if value.size != 1 or value.dtype.kind not in KINDS + "O":
            raise TypeError(f"got {value.dtype} of shape {value.shape}")
        return math.nan if np.ma.is_masked(value) else one_number(_item(value))
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError("got text")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def number_array(values: Any) -> FloatArray:
    """A copy of ``values`` in C order; raises TypeError or ValueError if they are no numbers."""
    if hasattr(values, "detach"):  # a tensor of any kind, device and history
        values = values.detach().tolist()
    raw = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if raw.dtype.kind == "O":
        values = raw.ravel().tolist()
        numbers = [math.nan if value is None else one_number(value) for value in values]
        return np.array(numbers, dtype=np.float64).reshape(raw.shape)
    if raw.dtype.kind not in KINDS:
        raise TypeError(f"got {raw.dtype}")
    with np.errstate(over="ignore"):  # of longer floats
        floats = raw.astype(np.float64, order="C")
    if isinstance(floats, np.ma.MaskedArray):
        return np.asarray(floats.filled(np.nan))
    return np.asarray(floats)


def rows_of_numbers(values: Any) -> tuple[FloatArray, dict[int, str]]:
    """``values`` row by row, and by row why it holds no numbers: it is NaN.

    Of what has no rows there are none.
    """
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.MaskedArray(values, dtype=object).filled(math.nan)
        raw = np.asarray(values, dtype=object)
    except (TypeError, ValueError):
        raw = np.empty((0, 0))
    numbers = np.full(raw.shape, np.nan)
    wrong: dict[int, str] = {}
    for i, row in enumerate(raw if raw.ndim == 2 else []):
        try:
            numbers[i] = number_array(row)
        except (TypeError, ValueError) as error:
            wrong[i] = str(error)
    return numbers, wrong


def _item(value: Any) -> Any:
    """The entry; a float where Python has no number of its kind."""
    item = value.item()
    return item if isinstance(item, (int, float)) or value.dtype.kind == "O" else float(item)
