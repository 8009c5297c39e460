"""The demo: real images, real networks, real workers, in under two minutes on two cores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .engine.algorithms.dynamic_nsga2 import DynamicNSGA2
from .engine.executors import make_executor
from .engine.runs.minimize import minimize
from .engine.runs.result import Result
from .output import quoted

MAX_SIZE = 12
BUDGET = 1200
"""A hundred evaluations for each of ``MAX_SIZE``: what the dynamic population needs to pay."""


def introduction(store: Path) -> str:
    """What is going to happen."""
    return (
        f"{BUDGET} networks for scikit-learn's digits (1 797 images), trained by Ray actors.\n"
        f"NSGA-II with a dynamic population (4 to {MAX_SIZE}) trades validation error against the "
        f"number of parameters.\nKill it when you like; it goes on with: "
        f"paretide resume {quoted(store)}"
    )


def search(
    store: Path,
    *,
    seed: int,
    executor: str,
    workers: int | None,
    overwrite: bool,
    progress: bool,
) -> Result:
    """Run the demo."""
    from .problems.training.digits import DigitsNetwork

    arguments: dict[str, Any] = {} if workers is None else {"workers": workers}
    return minimize(
        DigitsNetwork(),
        DynamicNSGA2(start=4, max_size=MAX_SIZE),
        budget=BUDGET,
        seed=seed,
        executor=make_executor(executor, **arguments),
        store=store,
        overwrite=overwrite,
        progress=progress,
    )
