"""Which optimizer at which budget: per cent of the best known hypervolume, of all evaluated.

    python benchmarks/efficiency/study.py --optimizers auto nsga2:size=20 optuna-tpe random
    python benchmarks/efficiency/study.py --jobs syn-hpo --budgets 50 --seeds 1   # without tables
    python benchmarks/efficiency/study.py --report-only --against optuna-tpe

Writes runs.jsonl, tables.md and curves.png to a folder. A run that stands in runs.jsonl is not run
again unless it failed, so that an interrupted study goes on, and one with more seeds, budgets or
optimizers runs what is missing. It knows a run by its names, not by the code: choose another
folder, or delete lines, after a change of an algorithm. paretide's algorithms are started with each
budget by itself, since their settings may come from it; of optimizers that do not know it one run
to the largest has all figures.

Jobs: ``--jobs training`` (the seven whose mean counts, default), ``functions``, or names;
digits-training trains real networks. See jobs.py, optimizers.py and peers.py.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
os.environ.update({f"{library}_NUM_THREADS": "1" for library in THREADS})  # before they are loaded

import jobs as problems  # noqa: E402
from optimizers import ANYTIME  # noqa: E402
from pictures import draw  # noqa: E402
from running import KEY, LOOK, Cell, run  # noqa: E402
from tables import report  # noqa: E402

GROUPS = {"training": problems.JOBS, "functions": problems.FUNCTIONS}
OPTIMIZERS = ("nsga2", "nsga2:size=20", "dnsga2", "random", "sobol", "optuna-tpe")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*GROUPS, *problems.MAKERS]
    parser.add_argument("--optimizers", nargs="+", default=OPTIMIZERS, metavar="NAME")
    parser.add_argument("--jobs", nargs="+", choices=names, default=["training"], metavar="JOB")
    parser.add_argument("--budgets", nargs="+", type=tens, default=[50, 100, 200, 500])
    parser.add_argument("--seeds", type=int, default=5, help="seeds from 0 on")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="runs at once")
    parser.add_argument("--against", help="whom the others are compared with, seed by seed")
    parser.add_argument("--data", type=Path, default=problems.DATA, metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=Path("build/efficiency"), metavar="FOLDER")
    parser.add_argument("--page", type=Path, metavar="FILE", help="Markdown to put the tables into")
    parser.add_argument("--report-only", action="store_true", help="of what has been run")
    options = parser.parse_args()
    wanted = [j for name in options.jobs for j in GROUPS.get(name, (name,))]
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "runs.jsonl"
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    cells = [
        Cell(optimizer, job, budget, seed, options.data)
        for seed in seeds
        for optimizer in options.optimizers
        for budget in (
            [max(options.budgets)] if optimizer.split(":")[0] in ANYTIME else options.budgets
        )
        for job in wanted
    ]
    known = {k: row for k, row in read(path).items() if "failed" not in row}
    missing = [c for c in cells if key(c.identity()) not in known]
    if options.report_only:
        missing = []
    with path.open("a") as file:
        for done, row in enumerate(outcomes(missing, options.workers), 1):
            known[key(row)] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            told = row.get("failed") or f"{row['curve'][-1][1]:.1f} %, {row['sampler']:.1f} s"
            print(f"{done} of {len(missing)}: {' '.join(map(str, key(row)))}: {told}", flush=True)
    rows = [known[k] for k in map(key, (c.identity() for c in cells)) if k in known]
    text = report(rows, options.optimizers, wanted, options.budgets, options.against)
    (options.output / "tables.md").write_text(text)
    print(f"\n{text}")
    picture = options.output / "curves.png"
    if options.page is not None:
        picture = options.page.with_suffix(".png")
        put_into(options.page, f"![Curves]({picture.name})\n\n{text}")
    draw(rows, options.optimizers, wanted, picture)


def put_into(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page."""
    first, last = "<!-- figures -->\n", "<!-- end of figures -->"
    head, begins, rest = page.read_text().partition(first)
    _, ends, tail = rest.partition(last)
    if not begins or not ends:
        raise SystemExit(
            f"{page} has no lines {first.strip()} and {last}, between which figures go"
        )
    page.write_text(f"{head}{first}\n{text}\n{last}{tail}")


def tens(text: str) -> int:
    """A budget at which curves have a point."""
    budget = int(text)
    if budget < 1 or budget % LOOK:
        raise argparse.ArgumentTypeError(f"a budget is a multiple of {LOOK}, got {budget}")
    return budget


def key(row: dict[str, Any]) -> tuple[Any, ...]:
    """What tells runs apart."""
    return tuple(row[name] for name in KEY)


def read(path: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by key. A last line that was cut off by a kill is taken off the file."""
    if not path.exists():
        return {}
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return {key(row): row for row in map(json.loads, whole.splitlines())}


def outcomes(cells: list[Cell], workers: int) -> Iterator[dict[str, Any]]:
    """The rows of all cells, as they come; each in a process that is started afresh."""
    if not cells:
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(cells)), mp_context=spawn)
    try:
        for future in as_completed([pool.submit(run, cell) for cell in cells]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    main()
