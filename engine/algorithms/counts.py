"""Counts and columns in a state of an algorithm, which may come from a file that was edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...checks import whole_number
from ...errors import ShapeError


def count(state: Mapping[str, Any], name: str) -> int:
    """A count; raises ConfigurationError for what is none."""
    return whole_number(f"{name!r} of a state", state[name])


def column(state: Mapping[str, Any], name: str) -> list[Any]:
    """The values of an array of one dimension; raises ShapeError for any other."""
    values = np.asarray(state[name])
    if values.ndim != 1:
        raise ShapeError(f"{name!r} of a state has shape {values.shape}, not (k,)")
    return values.tolist()  # type: ignore[no-any-return]
