"""What parts and algorithms remember from one call to the next: arrays by name, kept over resumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigurationError

PartMemory: TypeAlias = dict[str, NDArray[Any]]
"""``memory`` as a part gets it: it puts in arrays of numbers, under names of its own."""

PREFIX = "memory_"


def copied(memory: Mapping[str, Any]) -> PartMemory:
    """A copy that no part can change by writing into an array of the other."""
    return {name: np.array(value) for name, value in memory.items()}


def stored(memory: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """As entries of a state. Raises ConfigurationError for what is no array of numbers."""
    for name, value in memory.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ConfigurationError(
                f"memory holds arrays under Python names, so that a file can keep them; it has "
                f"{name!r:.100}"
            )
        if np.asarray(value).dtype.kind not in "biuf":
            raise ConfigurationError(
                f"memory[{name!r}] must be an array of numbers, so that a resumed run has it "
                f"again; it is {value!r:.100}"
            )
    return {f"{PREFIX}{name}": np.array(value) for name, value in memory.items()}


def read(state: Mapping[str, Any]) -> PartMemory:
    """What ``stored`` put into a state."""
    return {
        name.removeprefix(PREFIX): np.array(value)
        for name, value in state.items()
        if name.startswith(PREFIX)
    }
