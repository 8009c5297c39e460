"""One run: an optimizer on a job with a budget and a seed, and what its evaluations were worth."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jobs import job
from optimizers import Asked, optimize

LOOK = 10
"""Evaluations between two points of a curve."""

KEY = ("optimizer", "job", "budget", "seed")


@dataclass(frozen=True)
class Cell:
    """What is run."""

    optimizer: str
    job: str
    budget: int
    seed: int
    data: Path

    def identity(self) -> dict[str, Any]:
        """As JSON; the same cell is not run again."""
        values = asdict(self)
        return {name: values[name] for name in KEY}


def run(cell: Cell) -> dict[str, Any]:
    """The cell's identity, ``curve`` of (evaluations, per cent), CPU seconds of the sampler.

    ``failed`` instead, where the optimizer raised.
    """
    asked = Asked(job(cell.job, cell.data))
    try:
        with warnings.catch_warnings():
            optimize(cell.optimizer, asked, cell.budget, cell.seed)
    except Exception as error:  # of a peer, or a setting that this budget is nothing for
        return {**cell.identity(), "failed": f"{type(error).__name__}: {error}"[:500]}
    spent = time.process_time() - asked.began
    F = np.array(asked.F[: cell.budget])
    looks = [*range(LOOK, len(F), LOOK), len(F)]
    curve = [(n, round(asked.job.percent(F[:n]), 4)) for n in looks]
    return {
        **cell.identity(),
        "curve": curve,
        "sampler": round(spent - asked.seconds, 4),
        "objective": round(asked.seconds, 4),
    }
