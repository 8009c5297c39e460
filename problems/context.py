"""What an evaluation is told, and what it may tell besides its objectives."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def _plain(key: str, value: Any) -> Any:
    """``value`` as JSON holds it: NumPy scalars and arrays become numbers and lists."""
    if isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, np.ndarray):
        value = value.tolist()
    try:
        return json.loads(json.dumps(value))  # a copy: what is logged does not change afterwards
    except (TypeError, ValueError):
        raise TypeError(
            f"ctx.log({key}=...): {type(value).__name__} cannot be stored; "
            "log numbers, strings, booleans, lists or dictionaries of them"
        ) from None


class Context:
    """Handed to ``evaluate`` with every candidate and to ``setup`` once per worker.

    Attributes:
        id: The candidate's id, an int; None in ``setup``.
        seed: An int below 2**32 derived from the run's seed and the id, never from the worker or
            the order of evaluation. In ``setup`` it is derived from the run's seed alone, the same
            in every worker.
        extra: What ``log`` has collected.
    """

    __slots__ = ("extra", "id", "seed")

    def __init__(self, id: int | None, seed: int) -> None:
        self.id = id
        self.seed = seed
        self.extra: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Context(id={self.id}, seed={self.seed})"

    def log(self, **extra: Any) -> None:
        """Store named values beside the objectives; selection never sees them.

        Raises TypeError for a value that JSON cannot hold.
        """
        for key, value in extra.items():
            self.extra[key] = _plain(key, value)
