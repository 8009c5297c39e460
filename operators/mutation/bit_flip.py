"""Standard bit mutation."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import read_probability


@dataclass(frozen=True, kw_only=True)
class BitFlip:
    """Standard bit mutation: each bit flipped independently.

    Attributes:
        prob: That a bit is flipped; None is 1 / n_var.
    """

    prob: float | None = None

    def __post_init__(self) -> None:
        if self.prob is not None:
            object.__setattr__(self, "prob", read_probability("BitFlip prob", self.prob))
