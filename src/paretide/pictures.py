"""Pictures of runs, by matplotlib."""

from __future__ import annotations

import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .engine.records.plain_text import one_line
from .engine.runs.run import Run
from .errors import ConfigurationError
from .typing import FloatArray

LOG_RATIO = 30.0  # of largest to smallest value, beyond which an axis is logarithmic

FORMATS = (".png", ".svg", ".pdf")

AS_TEXT: dict[Any, Any] = {"text.parse_math": False, "text.usetex": False}
"""Names are drawn as they are, also those with two dollar signs."""

FARTHEST = 1e300
"""Values beyond it are drawn there: matplotlib computes with the widths of its axes."""

LONGEST_NAME = 50  # characters

GREY, RED, BLUE = "#b8c4cc", "#c1272d", "#1f4e79"


def check_picture(path: Path) -> None:
    """Raise ConfigurationError if no picture could be written there: before a run, not after it."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigurationError("a picture needs matplotlib: pip install 'paretide[plot]'")
    if path.suffix.lower() not in FORMATS:
        raise ConfigurationError(f"a picture is a file of {', '.join(FORMATS)}, got {path}")
    folder = path.absolute().parent
    try:
        if not folder.is_dir():
            raise ConfigurationError(
                f"there is no folder {path.parent} for {path.name}; make it first"
            )
        if path.is_dir():
            raise ConfigurationError(f"{path} is a folder; name a file in it")
        writable = os.access(path if path.exists() else folder, os.W_OK)
    except OSError as error:
        raise ConfigurationError(f"cannot write the picture {path}: {error}") from error
    if not writable:
        raise ConfigurationError(f"the picture {path} may not be written; choose another folder")


def draw_front(run: Run, path: Path, *, logged: str | None = None) -> None:
    """Write a picture of everything evaluated and of what is best of it.

    Of two and more objectives it shows the front by the first two; of one its values in the order
    they were told, and the best so far.

    Args:
        run: The run.
        path: Of the PNG, SVG or PDF.
        logged: A value logged with ``ctx.log``, in the unit of the first objective, drawn beside
            each candidate of the front: a test error beside the validation error.

    Raises:
        ConfigurationError: If matplotlib is not installed, or the path cannot be written.
    """
    check_picture(path)
    if run.path is not None and path.exists() and path.samefile(run.path):
        raise ConfigurationError(f"{path} is the run itself; draw its picture elsewhere")
    import matplotlib
    from matplotlib.figure import Figure

    with (
        matplotlib.rc_context(AS_TEXT),
        warnings.catch_warnings(),
        np.errstate(over="ignore"),  # ticks beyond what is drawn
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # it shows a box
        figure = Figure(figsize=(7.5, 5), layout="constrained")
        axes = figure.add_subplot()
        if run.definition.n_obj > 1:
            _draw_front(axes, run, logged)
        else:
            _draw_best(axes, run)
        axes.set_title(
            f"{_named(run.definition.name)}: {len(run.evaluations)} evaluations", loc="left"
        )
        axes.grid(alpha=0.25)
        axes.legend(frameon=False)
        try:
            figure.savefig(path, dpi=150)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"cannot write the picture {path}: {error}") from error


def _draw_front(axes: Any, run: Run, logged: str | None) -> None:
    everything = _drawable(run.evaluations.F[run.evaluations.evaluated])
    front = run.front()
    order = np.argsort(front.F[:, 1])
    F = _drawable(front.F[order])
    distinct = len(np.unique(front.X, axis=0))  # equal candidates count once
    line = "-o" if run.definition.n_obj == 2 else "o"  # of more objectives it is no line
    axes.scatter(everything[:, 1], everything[:, 0], s=9, c=GREY, linewidths=0,
                 label=f"{len(everything)} evaluated")  # fmt: skip
    axes.plot(F[:, 1], F[:, 0], line, c=RED, ms=4.5, lw=1, label=f"front of {distinct}")
    if logged is not None:
        values = [run.evaluations.extras.get(int(i), {}).get(logged) for i in front.ids[order]]
        numbers = [
            v if isinstance(v, (int, float)) and abs(v) <= FARTHEST else np.nan for v in values
        ]
        found = np.array(numbers, dtype=np.float64)
        axes.scatter(F[:, 1], found, s=26, facecolors="none", edgecolors=BLUE,
                     label=f"{_named(logged)}, never selected on")  # fmt: skip
    names = _titles(run)
    _scale(axes.xaxis, everything[:, 1])
    _scale(axes.yaxis, everything[:, 0])
    axes.set_xlabel(names[1])
    axes.set_ylabel(names[0])


def _draw_best(axes: Any, run: Run) -> None:
    """One objective over the evaluations; only a feasible candidate is the best."""
    rows = run.evaluations
    told = np.flatnonzero(rows.evaluated)
    values = _drawable(rows.F[told, 0])
    axes.scatter(told + 1, values, s=9, c=GREY, linewidths=0, label=f"{len(told)} evaluated")
    sound = run.definition.violation(rows.G[told]) <= 0
    sign = run.definition.signs[0]
    best = sign * np.minimum.accumulate(sign * values[sound])
    count = told[sound] + 1
    if len(best):  # and stays so to the end
        count, best = np.append(count, len(rows)), np.append(best, best[-1])
        axes.step(count, best, where="post", c=RED, lw=1.5, label=f"best so far: {best[-1]:.6g}")
    _scale(axes.yaxis, values)
    axes.set_xlabel("evaluations")
    axes.set_ylabel(_titles(run)[0])


def _drawable(values: Any) -> FloatArray:
    return np.clip(np.asarray(values, dtype=np.float64), -FARTHEST, FARTHEST)


def _named(name: str) -> str:
    """A name that leaves room for the picture."""
    shown = one_line(name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 3]}..."


def _titles(run: Run) -> list[str]:
    """What an axis of each objective is called."""
    return [f"{_named(name)} ({way})" for name, way in run.definition.objectives.items()]


def _scale(axis: Any, values: FloatArray) -> None:
    """Make an axis logarithmic if its values ask for it."""
    if len(values) and 0 < values.min() < values.max() / LOG_RATIO:
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
