"""Runs as tables in the terminal."""

from __future__ import annotations

from typing import Any

import numpy as np

from .engine.population import Population
from .engine.run import Run

MOST_ROWS = 40
MOST_VARIABLES = 8


def front_table(run: Run, front: Population) -> Any:
    """A rich table of a front: objectives, constraints, logged values, variables."""
    from rich.table import Table

    definition = run.definition
    order = np.lexsort(front.F.T[::-1])
    names = definition.space.names
    shown = names if len(names) <= MOST_VARIABLES else ()
    logged = list(
        dict.fromkeys(key for i in front.ids.tolist() for key in run.evaluations.extras.get(i, {}))
    )
    title = f"front: {len(front)} of {len(run.evaluations)} evaluated candidates"
    if not front.feasible.all():
        title += " (nothing feasible was found: the least infeasible)"
    table = Table(title=title, title_justify="left")
    table.add_column("id", justify="right")
    for name, direction in definition.objectives.items():
        table.add_column(f"{name} ({direction})", justify="right", style="bold")
    for name in (*definition.constraints, *logged, *shown):
        table.add_column(name, justify="right")
    candidates = front.candidates()
    for row in order[:MOST_ROWS]:
        id = int(front.ids[row])
        extra = run.evaluations.extras.get(id, {})
        candidate = candidates[row]
        values = (
            candidate if isinstance(candidate, dict) else dict(zip(names, candidate, strict=True))
        )
        table.add_row(
            str(id),
            *(_show(v) for v in front.F[row]),
            *(_show(v) for v in front.G[row]),
            *(_show(extra.get(key, "")) for key in logged),
            *(_show(values[name]) for name in shown),
        )
    if len(front) > MOST_ROWS:
        table.caption = f"{len(front) - MOST_ROWS} more rows are in the file"
    return table


def run_summary(run: Run) -> Any:
    """A rich table of what a run is and how far it came."""
    from rich.table import Table

    specification = run.specification
    problem, algorithm = specification["problem"], specification["algorithm"]
    settings = {k: v for k, v in algorithm["settings"].items() if v is not None}
    rows = {
        "problem": f"{problem['definition']['name']}  {problem['target'] or '(no reference)'}"
        + (f" {problem['arguments']}" if problem["arguments"] else ""),
        "objectives": ", ".join(f"{k} ({v})" for k, v in run.definition.objectives.items()),
        "algorithm": algorithm["name"] + "  " + ", ".join(f"{k}={v}" for k, v in settings.items()),
        "seed": specification["seed"],
        "evaluations": f"{len(run.evaluations)} of {specification['budget']}",
        "generations": len(run.populations),
        "failed": len(run.evaluations.failures),
        "state": f"stopped by {run.stopped_by}" if run.stopped_by else "going on, or interrupted",
        "started": specification["created"],
    }
    table = Table(show_header=False, box=None)
    for key, value in rows.items():
        table.add_row(key, str(value))
    for reason, ids in list(run.failures().items())[:5]:
        table.add_row("", f"{len(ids)} x {reason}")
    return table


def _show(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        whole = number.is_integer() and abs(number) < 1e9
        return str(int(number)) if whole else f"{number:.4g}"
    return str(value)
