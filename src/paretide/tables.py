"""Runs as tables in the terminal; what is in them is shown as text, never read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .engine.records.frames import column_names, logged_names
from .engine.records.outcome import Failed
from .engine.records.plain_text import one_line
from .engine.records.population import Population
from .engine.runs.cost import cost_in, of_its_seed
from .engine.runs.run import Run
from .engine.runs.spending import Spending

MOST_ROWS = 40
MOST_WIDTH = 60  # terminal columns of a cell or a name, beyond which it is cut
MOST_TEXT = 300  # of a reason that stands alone
MOST_LINE = 2000  # of anything else
MOST_READ = 4000  # characters of a text that is cut: none takes less than a column, but for marks
ELLIPSIS = "..."  # which every terminal knows


def front_table(run: Run, front: Population, width: int) -> Any:
    """A rich table of a front, by the first objective: as many columns as fit into ``width``.

    Objectives and constraints come first, then what ``ctx.log`` stored, then the variables.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    order = np.lexsort(front.F.T[::-1])[:MOST_ROWS]
    columns = _columns(run, front.take(order))
    shown, used = 0, 1
    for column in columns:
        used += 3 + max(map(cell_len, [column.name, column.kind, *column.cells]))
        if used > width:
            break
        shown += 1
    title = f"front: {len(front)} of {len(run.evaluations)} evaluated candidates"
    if not front.feasible.all():
        title += " (nothing feasible was found: the least infeasible)"
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    for column in columns[:shown]:
        heading = f"{column.name}\n{column.kind}" if column.kind else column.name
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for row in zip(*(column.cells for column in columns[:shown]), strict=True):
        table.add_row(*map(Text, row))
    hidden = [column.name for column in columns[shown:]]
    notes = [f"{len(front) - MOST_ROWS} more rows"] if len(front) > MOST_ROWS else []
    notes += [f"{len(hidden)} more columns ({_listed(hidden)})"] if hidden else []
    if notes:
        table.caption = Text(f"in the file, and not here: {' and '.join(notes)}")
        table.caption_justify = "left"
    return table


def lineage_table(run: Run, id: int, width: int) -> Any:
    """A rich table of a candidate and its ancestors, the youngest first."""
    from rich.text import Text

    rows = run.lineage(id)
    table = front_table(run, rows.population(np.flatnonzero(rows.evaluated)), width)
    failed = f", failed: {', '.join(map(str, rows.failures))}" if rows.failures else ""
    table.title = Text(f"candidate {id} and {len(rows) - 1} ancestors{failed}")
    return table


def failure_texts(run: Run) -> Iterator[str]:
    """Failed candidates grouped by reason, the most frequent first, each with one traceback.

    Then the same of what those failed by that were evaluated again.
    """
    failures = run.evaluations.failures
    yield f"{len(failures)} of {len(run.evaluations)} evaluations failed"
    for reason, ids in run.failures().items():
        first = failures[ids[0]]
        yield f"\n{len(ids)} x {first.kind}: {reason}\n  candidates {_listed([*map(str, ids)], 10)}"
        yield from _detail(first)
    yield from _earlier_texts(run)


def _earlier_texts(run: Run) -> Iterator[str]:
    """Failures of candidates that were evaluated again before their last outcome, by reason."""
    earlier = run.earlier_failures
    failed = run.evaluations.failures
    grouped: dict[tuple[str, str], list[tuple[int, Failed]]] = {}
    for id, failures in earlier.items():
        for failure in failures:
            grouped.setdefault((failure.kind, failure.reason), []).append((id, failure))
    if not grouped:
        return
    mended = sum(id not in failed for id in earlier)
    yield f"\n{len(earlier)} were evaluated again, {mended} have values now; they had failed before"
    for (kind, reason), found in sorted(grouped.items(), key=lambda item: -len(item[1])):
        ids = list(dict.fromkeys(id for id, _ in found))
        yield f"\n{len(found)} x {kind}: {reason}\n  candidates {_listed([*map(str, ids)], 10)}"
        yield from _detail(found[0][1])


def _detail(failure: Failed) -> Iterator[str]:
    if failure.detail:
        yield "  " + failure.detail.rstrip().replace("\n", "\n  ")


@dataclass(frozen=True)
class _Column:
    """A column as it is shown: a name, what kind of column it is, and cells in one line each."""

    name: str
    kind: str
    cells: list[str]


def _columns(run: Run, front: Population) -> list[_Column]:
    definition, names = run.definition, column_names(run.definition)
    ids = front.ids.tolist()

    def column(name: str, kind: str, values: Iterable[Any]) -> _Column:
        return _Column(_cut(name) or "''", kind, [_show(value) for value in values])

    columns = [column("id", "", ids)]
    for name, direction, values in zip(
        names.objectives, definition.objectives.values(), front.F.T, strict=True
    ):
        columns.append(column(name, f"({direction})", values))
    for name, values in zip(names.constraints, front.G.T, strict=True):
        columns.append(column(name, "(constraint)", values))
    extras = [run.evaluations.extras.get(i, {}) for i in ids]
    for key in logged_names(extras):
        if key != "report":  # values on the way, too many for a cell
            columns.append(column(key, "(logged)", [extra.get(key, "") for extra in extras]))
    rows = [definition.space.show(x).values() for x in front.X]
    for name, values in zip(names.variables, zip(*rows, strict=True), strict=False):
        columns.append(column(name, "", values))
    return columns


def _listed(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def run_summary(run: Run) -> Any:
    """A rich table of what a run is and how far it came."""
    from rich.table import Table
    from rich.text import Text

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
        **_cost(run),
        "generations": len(run.populations),
        "failed": len(run.evaluations.failures),
        **_evaluated_again(run),
        **_refused(run),
        "from the cache": run.evaluations.recalled.sum(),
        "state": f"stopped by {run.stopped_by}" if run.stopped_by else "going on, or interrupted",
        "started": specification["created"],
    }
    table = Table(show_header=False, box=None)
    for key, value in rows.items():
        table.add_row(key, Text(_cut(value, MOST_LINE), overflow="fold"))
    for reason, ids in list(run.failures().items())[:5]:
        table.add_row("", Text(f"{len(ids)} x {_cut(reason, MOST_TEXT)}", overflow="fold"))
    return table


def _cost(run: Run) -> dict[str, str]:
    """What its evaluations have cost, if that is what the budget is in."""
    spending = Spending.of_cost(cost_in(run.specification))
    if spending is None:
        return {}
    paid = spending.total(run.archive)
    alone = "" if of_its_seed(run.specification) else "; the run is not of its seed alone"
    return {"cost": f"{paid:.6g} of {spending.cost.amount:.6g} {spending.cost.of}{alone}"}


def _evaluated_again(run: Run) -> dict[str, str]:
    """Whether the run is of its seed alone, if it is not."""
    again, mended = len(run.earlier_failures), len(run.as_told.failures)
    mended -= len(run.evaluations.failures)
    wanted = sum(len(event["ids"]) for event in run.specification.get("events", []))
    if not wanted:
        return {}
    return {
        "evaluated again": f"{again} that had failed, {mended} have values now; the run is not of "
        "its seed alone"
    }


def _refused(run: Run) -> dict[str, str]:
    """How many candidates break a limit that needs no training, if there are any."""
    n = len(run.refused)
    known = "" if run.stopped_by else ", as far as the file was sealed"
    return {"refused": f"{n} that were never evaluated{known} (--refused)"} if n else {}


def _cut(text: object, most: int = MOST_WIDTH) -> str:
    """A text in one line that takes ``most`` columns of a terminal, an ellipsis included."""
    from rich.cells import cell_len, chop_cells

    found = str(text)
    shown = one_line(found[:MOST_READ])
    if len(found) <= MOST_READ and cell_len(shown) <= most:
        return shown
    return f"{chop_cells(shown, most - len(ELLIPSIS))[0]}{ELLIPSIS}"


def _show(value: Any) -> str:
    """A value in a cell."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        whole = number.is_integer() and abs(number) < 1e9
        return str(int(number)) if whole else f"{number:.3g}"
    return _cut(value)
