"""Tables of the study, in Markdown: means over jobs, their intervals, and paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paretide.typing import FloatArray

DRAWS = 4000
"""Of the bootstrap."""

Row = dict[str, Any]
Figures = dict[tuple[str, int, str, int], float]
"""Per cent by optimizer, budget, job and seed."""


def figures(rows: Sequence[Row], budgets: Sequence[int]) -> Figures:
    """What a run was worth at its budget, or at each smaller one if it does not know it.

    A run that was started with a budget has the say over one that came past it.
    """
    found: Figures = {}
    exact: set[tuple[str, int, str, int]] = set()
    for row in rows:
        for n, percent in row.get("curve", ()):
            at = (row["optimizer"], n, row["job"], row["seed"])
            if n in budgets and (at not in exact or n == row["budget"]):
                found[at] = percent
            if n == row["budget"]:
                exact.add(at)
        for budget in budgets:  # it has ended before, as exhausted
            at = (row["optimizer"], budget, row["job"], row["seed"])
            if row["budget"] == budget and at not in found and row.get("curve"):
                found[at] = row["curve"][-1][1]
    return found


def matrix(
    found: Figures, optimizer: str, budget: int, jobs: Sequence[str], seeds: Sequence[int]
) -> FloatArray | None:
    """(jobs, seeds) per cent; None if any is missing."""
    values = [[found.get((optimizer, budget, j, s), np.nan) for s in seeds] for j in jobs]
    array = np.array(values)
    return None if not array.size or np.isnan(array).any() else array


def seeds_of(
    found: Figures, optimizers: Sequence[str], budget: int, jobs: Sequence[str]
) -> list[int]:
    """Seeds that all of these optimizers have run on all jobs."""
    seeds = {s for (_, b, _, s) in found if b == budget}
    return sorted(
        s for s in seeds if all((o, budget, j, s) in found for o in optimizers for j in jobs)
    )


def interval(values: FloatArray) -> tuple[float, float]:
    """Of 95 per cent, of the mean of (jobs, seeds): seeds are drawn for each job by itself."""
    rng = np.random.default_rng(1)
    jobs, seeds = values.shape
    drawn = rng.integers(seeds, size=(DRAWS, jobs, seeds))
    means = np.take_along_axis(values[None], drawn, axis=2).mean(axis=(1, 2))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def report(
    rows: Sequence[Row],
    optimizers: Sequence[str],
    jobs: Sequence[str],
    budgets: Sequence[int],
    against: str | None,
) -> str:
    """All tables."""
    found = figures(rows, budgets)
    parts = [means(found, rows, optimizers, jobs, budgets)]
    if against is not None:
        parts.append(differences(found, optimizers, jobs, budgets, against))
    if len(jobs) > 1:
        parts += [by_job(found, optimizers, jobs, budget) for budget in budgets]
    failed = [row for row in rows if "failed" in row]
    if failed:
        lines = sorted({f"- {r['optimizer']} at {r['budget']}: {r['failed']}" for r in failed})
        parts.append("Not run:\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def means(
    found: Figures,
    rows: Sequence[Row],
    optimizers: Sequence[str],
    jobs: Sequence[str],
    budgets: Sequence[int],
) -> str:
    """Mean over jobs and seeds, with its interval."""
    title = f"Per cent of the best known hypervolume, mean over {len(jobs)} jobs [95% interval]"
    header = ["", "seeds", *map(str, budgets), "sampler, ms an evaluation"]
    lines = []
    for optimizer in optimizers:
        cells, counts = [], []
        for budget in budgets:
            seeds = seeds_of(found, [optimizer], budget, jobs)
            values = matrix(found, optimizer, budget, jobs, seeds)
            if values is None:
                cells.append("")
                continue
            low, high = interval(values)
            counts.append(len(seeds))
            cells.append(f"{values.mean():.1f} [{low:.1f}, {high:.1f}]")
        ran = [r for r in rows if r["optimizer"] == optimizer and "curve" in r]
        largest = max((r["budget"] for r in ran), default=0)
        spent = [1e3 * r["sampler"] / r["curve"][-1][0] for r in ran if r["budget"] == largest]
        cost = f"{np.median(spent):.2g}" if spent else ""
        seeds_run = "" if not counts else str(min(counts))
        lines.append([f"`{optimizer}`", seeds_run, *cells, cost])
    return f"{title}:\n\n{markdown(header, lines)}"


def differences(
    found: Figures,
    optimizers: Sequence[str],
    jobs: Sequence[str],
    budgets: Sequence[int],
    against: str,
) -> str:
    """To one optimizer, seed by seed; above 0 is better than it."""
    header = ["", *map(str, budgets)]
    lines = []
    for optimizer in optimizers:
        if optimizer == against:
            continue
        cells = []
        for budget in budgets:
            seeds = seeds_of(found, [optimizer, against], budget, jobs)
            one = matrix(found, optimizer, budget, jobs, seeds)
            other = matrix(found, against, budget, jobs, seeds)
            if one is None or other is None:
                cells.append("")
                continue
            low, high = interval(one - other)
            cells.append(
                f"{(one - other).mean():+.1f} [{low:+.1f}, {high:+.1f}], {len(seeds)} seeds"
            )
        lines.append([f"`{optimizer}`", *cells])
    return f"Points more than `{against}` [paired bootstrap, 95%]:\n\n{markdown(header, lines)}"


def by_job(found: Figures, optimizers: Sequence[str], jobs: Sequence[str], budget: int) -> str:
    """Means over seeds at one budget."""
    lines = []
    for optimizer in optimizers:
        cells = []
        for job in jobs:
            values = matrix(
                found, optimizer, budget, [job], seeds_of(found, [optimizer], budget, [job])
            )
            cells.append("" if values is None else f"{values.mean():.1f}")
        lines.append([f"`{optimizer}`", *cells])
    return f"At {budget} evaluations:\n\n{markdown(['', *jobs], lines)}"


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table."""
    rule = ["---"] * len(header)
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, rule, *lines])
