"""The demo: real images, real networks, real workers, in under a minute on two cores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .engine.executors import make_executor
from .engine.runs.minimize import minimize
from .engine.runs.result import Result
from .output import quoted

BUDGET = 400


def introduction(store: Path) -> str:
    """What is going to happen."""
    return (
        f"{BUDGET} networks for scikit-learn's digits (1 797 images), trained by Ray actors.\n"
        "The algorithm is the one for so many evaluations; it trades validation error against the "
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
        budget=BUDGET,
        seed=seed,
        executor=make_executor(executor, **arguments),
        store=store,
        overwrite=overwrite,
        progress=progress,
    )
