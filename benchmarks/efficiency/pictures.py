"""Curves of the study: per cent over evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def draw(rows: Sequence[Any], optimizers: Sequence[str], jobs: Sequence[str], path: Path) -> None:
    """One line an optimizer: the mean over jobs and seeds, of the runs with the largest budget.

    Without matplotlib there is no picture, which is said.
    """
    try:
        import matplotlib
    except ModuleNotFoundError:
        print("no picture: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for optimizer in optimizers:
        ran = [r for r in rows if r["optimizer"] == optimizer and "curve" in r and r["job"] in jobs]
        if not ran:
            continue
        largest = max(row["budget"] for row in ran)
        looks = np.arange(10, largest + 1, 10)
        curves = []
        for row in ran:
            if row["budget"] == largest:
                n, percent = np.array(row["curve"]).T
                curves.append(np.interp(looks, n, percent))
        axes.plot(looks, np.mean(curves, axis=0), label=optimizer)
    axes.set(
        xscale="log", xlabel="evaluations", ylabel="% of the best known hypervolume", ylim=(60, 100)
    )
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
    print(f"the picture is {path}")
