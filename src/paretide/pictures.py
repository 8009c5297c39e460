"""Pictures of runs, by matplotlib."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from .engine.run import Run
from .errors import ConfigurationError

LOG_RATIO = 30.0  # of largest to smallest value, beyond which an axis is logarithmic


FORMATS = (".png", ".svg", ".pdf")


def check_picture(path: Path) -> None:
    """Raise ConfigurationError if no picture could be written there: before a run, not after it."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigurationError("a picture needs matplotlib: pip install 'paretide[plot]'")
    if path.suffix.lower() not in FORMATS:
        raise ConfigurationError(f"a picture is a file of {', '.join(FORMATS)}, got {path}")
    if not path.absolute().parent.is_dir():
        raise ConfigurationError(f"there is no folder {path.parent} for {path.name}; make it first")


def draw_front(run: Run, path: Path, *, logged: str | None = None) -> None:
    """Write a picture of everything evaluated, the front over it, by the first two objectives.

    Args:
        run: The run.
        path: Of the PNG, SVG or PDF.
        logged: A value logged with ``ctx.log``, in the unit of the first objective, drawn beside
            each candidate of the front: a test error beside the validation error.

    Raises:
        ConfigurationError: If matplotlib is not installed, there is one objective, or the path
            cannot be written.
    """
    check_picture(path)
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    if run.definition.n_obj < 2:
        raise ConfigurationError("a front needs at least two objectives to be drawn")
    names = list(run.definition.objectives)
    everything = run.evaluations.F[run.evaluations.evaluated]
    front = run.front()
    order = np.argsort(front.F[:, 1])
    F = front.F[order]
    distinct = len(np.unique(front.X, axis=0))  # equal candidates count once
    figure, axes = plt.subplots(figsize=(7.5, 5), layout="constrained")
    axes.scatter(everything[:, 1], everything[:, 0], s=9, c="#b8c4cc", linewidths=0,
                 label=f"{len(everything)} evaluated")  # fmt: skip
    axes.plot(F[:, 1], F[:, 0], "-o", c="#c1272d", ms=4.5, lw=1, label=f"front of {distinct}")
    if logged is not None:
        values = [run.evaluations.extras.get(int(i), {}).get(logged) for i in front.ids[order]]
        found = np.array([np.nan if v is None else float(v) for v in values])
        axes.scatter(F[:, 1], found, s=26, facecolors="none", edgecolors="#1f4e79",
                     label=f"{logged}, never selected on")  # fmt: skip
    for axis, column in ((axes.xaxis, 1), (axes.yaxis, 0)):
        objective = everything[:, column]
        if len(objective) and 0 < objective.min() < objective.max() / LOG_RATIO:
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})
            axis.set_major_formatter("{x:g}")
    directions = run.definition.objectives
    axes.set_xlabel(f"{names[1]} ({directions[names[1]]})")
    axes.set_ylabel(f"{names[0]} ({directions[names[0]]})")
    axes.set_title(f"{run.definition.name}: {len(run.evaluations)} evaluations", loc="left")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"cannot write the picture {path}: {error}") from error
    finally:
        plt.close(figure)
