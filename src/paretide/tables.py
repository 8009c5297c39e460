"""Runs as tables in the terminal."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any, TextIO

import numpy as np

from .engine.population import Population
from .engine.run import Run

MOST_ROWS = 40
PIPED_WIDTH = 160  # columns where there is no terminal to ask


def console() -> Any:
    """Standard output, wide enough for a table where it is no terminal."""
    from rich.console import Console

    found = Console()
    return found if found.is_terminal else Console(width=PIPED_WIDTH)


def front_table(run: Run, front: Population, width: int) -> Any:
    """A rich table of a front, by the first objective: as many columns as fit into ``width``.

    Objectives and constraints come first, then what ``ctx.log`` stored, then the variables.
    """
    from rich import box
    from rich.table import Table

    order = np.lexsort(front.F.T[::-1])[:MOST_ROWS]
    columns = _columns(run, front.take(order))
    shown, used = {}, 1
    for name, cells in columns.items():
        used += 3 + max(len(line) for line in [*name.split("\n"), *cells])
        if used > width:
            break
        shown[name] = cells
    title = f"front: {len(front)} of {len(run.evaluations)} evaluated candidates"
    if not front.feasible.all():
        title += " (nothing feasible was found: the least infeasible)"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    hidden = [name.split("\n")[0] for name in columns if name not in shown]
    notes = [f"{len(front) - MOST_ROWS} more rows"] if len(front) > MOST_ROWS else []
    notes += [f"{len(hidden)} more columns ({_listed(hidden)})"] if hidden else []
    if notes:
        table.caption = f"in the file, and not here: {' and '.join(notes)}"
        table.caption_justify = "left"
    return table


def lineage_table(run: Run, id: int, width: int) -> Any:
    """A rich table of a candidate and its ancestors, the youngest first."""
    rows = run.lineage(id)
    table = front_table(run, rows.population(np.flatnonzero(rows.evaluated)), width)
    table.title = f"candidate {id} and {len(rows) - 1} ancestors"
    return table


def failure_texts(run: Run) -> Iterator[str]:
    """Failed candidates grouped by reason, the most frequent first, each with one traceback."""
    failures = run.evaluations.failures
    yield f"{len(failures)} of {len(run.evaluations)} evaluations failed"
    for reason, ids in run.failures().items():
        first = failures[ids[0]]
        listed = ", ".join(map(str, ids[:10])) + (", ..." if len(ids) > 10 else "")
        yield f"\n{len(ids)} x {first.kind}: {reason}\n  candidates {listed}"
        if first.detail:
            yield "  " + first.detail.rstrip().replace("\n", "\n  ")


def _records(run: Run, population: Population) -> Iterator[dict[str, Any]]:
    """Candidates by name, decoded, with what was logged."""
    for i, id in enumerate(population.ids.tolist()):
        yield {
            "id": id,
            **run.definition.space.show(population.X[i]),
            **dict(zip(run.definition.objectives, population.F[i].tolist(), strict=True)),
            **dict(zip(run.definition.constraints, population.G[i].tolist(), strict=True)),
            **{f"log.{k}": v for k, v in run.evaluations.extras.get(id, {}).items()},
        }


def front_json(run: Run) -> str:
    """What the run is and its front, as JSON."""
    front = run.front()
    return json.dumps(
        {
            "problem": run.specification["problem"],
            "algorithm": run.specification["algorithm"],
            "seed": run.specification["seed"],
            "budget": run.specification["budget"],
            "evaluations": len(run.evaluations),
            "failed": len(run.evaluations.failures),
            "stopped_by": run.stopped_by,
            "feasible": bool(front.feasible.all()),
            "front": list(_records(run, front)),
        },
        indent=1,
        default=str,
    )


def write_csv(run: Run, file: TextIO) -> None:
    """Every evaluation in the order it was told, failed ones with their reason."""
    everything = run.evaluations
    population = everything.population(np.arange(len(everything)))
    logged = dict.fromkeys(f"log.{k}" for e in everything.extras.values() for k in e)
    definition = run.definition
    fields = ["id", *definition.space.names, *definition.objectives, *definition.constraints]
    writer = csv.DictWriter(file, [*fields, *logged, "generation", "failure"], lineterminator="\n")
    writer.writeheader()
    for record, generation in zip(
        _records(run, population), everything.generation.tolist(), strict=True
    ):
        failure = everything.failures.get(record["id"])
        writer.writerow(
            {**record, "generation": generation, "failure": failure.reason if failure else ""}
        )


def _columns(run: Run, front: Population) -> dict[str, list[str]]:
    definition = run.definition
    ids = front.ids.tolist()
    columns = {"id": [str(i) for i in ids]}
    for j, (name, direction) in enumerate(definition.objectives.items()):
        columns[f"{name}\n({direction})"] = [_show(v) for v in front.F[:, j]]
    for j, name in enumerate(definition.constraints):
        columns[f"{name}\n(constraint)"] = [_show(v) for v in front.G[:, j]]
    logged = dict.fromkeys(key for i in ids for key in run.evaluations.extras.get(i, {}))
    logged.pop("report", None)  # values on the way, too many for a cell
    for key in logged:
        columns[f"{key}\n(logged)"] = [
            _show(run.evaluations.extras.get(i, {}).get(key, "")) for i in ids
        ]
    rows = [definition.space.show(x).values() for x in front.X]
    for name, values in zip(definition.space.names, zip(*rows, strict=True), strict=False):
        columns[name] = [_show(v) for v in values]
    return columns


def _listed(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


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
        "evaluations": f"{len(run.evaluations)} of {specification['budget'] or 'any number'}",
        "generations": len(run.populations),
        "failed": len(run.evaluations.failures),
        "from the cache": run.evaluations.recalled.sum(),
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
        return str(int(number)) if whole else f"{number:.3g}"
    return str(value)
