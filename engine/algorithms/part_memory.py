"""What parts remember from one call to the next: arrays by name, which a resumed run has again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

PartMemory: TypeAlias = dict[str, NDArray[Any]]
"""``memory`` as a part gets it: it puts in arrays of numbers, under names of its own."""

PREFIX = "memory_"


def copied(memory: Mapping[str, Any]) -> PartMemory:
    """A copy that no part can change by writing into an array of the other."""
    return {name: np.array(value) for name, value in memory.items()}


def stored(memory: Mapping[str, NDArray[Any]]) -> PartMemory:
    """As entries of a state."""
    return {f"{PREFIX}{name}": np.array(value) for name, value in memory.items()}


def read(state: Mapping[str, Any]) -> PartMemory:
    """What ``stored`` put into a state."""
    return {
        name.removeprefix(PREFIX): np.array(value)
        for name, value in state.items()
        if name.startswith(PREFIX)
    }
