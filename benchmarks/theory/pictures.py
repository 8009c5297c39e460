"""The study's figures, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from cells import CLASSIC_BUDGET
from estimates import exponent, quartiles
from tables import Rows, grouped, taken, volume

STYLES = {
    "classic": ("#1f4e79", "s", "classic NSGA-II, N = 4(n+1)"),
    "dynamic": ("#c1272d", "o", "dynamic population, 8 n ln n, then 8 n"),
    "dynamic, one tau": ("#e08a1e", "^", "dynamic population, 6 n ln n each"),
    "concurrent": ("#4d8a4d", "D", "concurrent runs, no tau"),
}

SCALES: dict[str, Callable[[int], float]] = {
    "n ln n": lambda n: n * log(n),
    "n ln² n": lambda n: n * log(n) ** 2,
    "n² ln n": lambda n: n**2 * log(n),
}

NAMES = {"zdt1": "ZDT1", "zdt2": "ZDT2", "zdt3": "ZDT3", "zdt4": "ZDT4", "zdt6": "ZDT6",
         "dtlz2": "DTLZ2, 3 objectives", "wfg4": "WFG4"}  # fmt: skip

LOOK = {
    "font.family": "serif",
    "font.size": 9,
    "mathtext.fontset": "dejavuserif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "paretide",  # the same file from the same figures
}


def draw(rows: Rows, folder: Path) -> list[Path]:
    """Write the figures that the rows are enough for; returns their paths."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    paths = []
    with plt.rc_context(LOOK):
        for part, figure_of in (("runtime", _runtime), ("continuous", _continuous)):
            here = grouped(rows, "part").get(part)
            if here:
                figure = figure_of(plt, here)
                for kind, metadata in ((".png", None), (".svg", {"Date": None})):
                    path = folder / f"theory-{part}{kind}"
                    figure.savefig(path, dpi=160, metadata=metadata)
                    paths.append(path)
                plt.close(figure)
    return paths


def _runtime(plt: Any, rows: Rows) -> Any:
    """Runtimes on OneMinMax, as they are and divided by what theory speaks of."""
    from matplotlib.ticker import LogLocator, NullLocator

    figure, panels = plt.subplots(2, 2, figsize=(7.2, 5.6), sharex=True, layout="constrained")
    scales = {"evaluations": lambda n: 1.0} | {f"evaluations / ({k})": v for k, v in SCALES.items()}
    for letter, axes, (title, scale) in zip("abcd", panels.flat, scales.items(), strict=True):
        for name, group in grouped(rows, "algorithm").items():
            sizes, spreads = zip(
                *((n, quartiles(taken(of))) for n, of in sorted(grouped(group, "n").items())),
                strict=True,
            )
            low, middle, high = np.array(spreads).T / [scale(n) for n in sizes]
            colour, marker, label = STYLES[name]
            if letter == "a" and len(sizes) > 1:
                label += f": $n^{{{exponent(sizes, middle):.2f}}}$"
            axes.errorbar(
                sizes, middle, yerr=(middle - low, high - middle), color=colour, marker=marker,
                ms=4, lw=1.2, elinewidth=0.8, capsize=2, label=label,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(sizes, [str(n) for n in sizes])
        axes.xaxis.set_minor_locator(NullLocator())
        if letter != "a":  # which spans decades
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_locator(NullLocator())
        axes.set_title(f"({letter}) {title}", loc="left", fontsize=9)
        axes.grid(alpha=0.25, lw=0.5)
    for axes in panels[1]:
        axes.set_xlabel("n")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center",
                  ncols=2, frameon=False)  # fmt: skip
    return figure


def _continuous(plt: Any, rows: Rows) -> Any:
    """Hypervolume over evaluations, as a share of classic's at its end."""
    problems = grouped(rows, "problem")
    columns = min(4, len(problems))
    lines = -(-len(problems) // columns)
    figure, panels = plt.subplots(
        lines, columns, figsize=(0.8 + 2.3 * columns, 0.9 + 2.0 * lines), sharex=True,
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for axes in panels.flat[len(problems) :]:
        axes.set_visible(False)
    for axes, (problem, group) in zip(panels.flat, problems.items(), strict=False):
        by = grouped(group, "algorithm")
        best = volume(by["classic"], CLASSIC_BUDGET)
        for name in ("classic", "dynamic"):
            runs = by[name]
            budget = min(row["budget"] for row in runs)  # ZDT3 has longer ones, for its segments
            of = [row for row in runs if row["budget"] == budget]
            looks = min(len(row["curve"]) for row in of)
            used = np.median([[look[0] for look in row["curve"][:looks]] for row in of], axis=0)
            volumes = np.array([[look[1] for look in row["curve"][:looks]] for row in of]) / best
            low, middle, high = np.percentile(volumes, [25, 50, 75], axis=0)
            colour, _, _ = STYLES[name]
            label = f"{name}, budget {budget // 1000}k"
            axes.plot(used, middle, color=colour, lw=1.2, label=label)
            axes.fill_between(used, low, high, color=colour, alpha=0.2, lw=0)
        axes.set_ylim(0.8, 1.01)
        axes.set_title(NAMES[problem], loc="left", fontsize=9)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x else "0")
        axes.tick_params(labelbottom=True)  # also where nothing is below
        axes.grid(alpha=0.25, lw=0.5)
    figure.supxlabel("evaluations", fontsize=9)
    figure.supylabel("hypervolume / classic's at its end", fontsize=9)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center",
                  ncols=min(2, columns), frameon=False)  # fmt: skip
    return figure
