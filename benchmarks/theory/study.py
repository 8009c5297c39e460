"""What the theory of the NSGA-II with a dynamic population promises, measured.

    python benchmarks/theory/study.py --short    # a reduced form of everything, in a minute
    python benchmarks/theory/study.py            # half an hour on two cores
    python benchmarks/theory/study.py --parts runtime --n 50 100 200 400 800 --ray

Writes cells.jsonl, tables.md and theory-*.png and .svg to a folder. What stands in cells.jsonl is
not run again: after an interruption the same command goes on, and with more seeds, sizes or parts
it runs what is missing. It knows a cell by its settings, not by the code that they lead to: choose
another folder after a change of an algorithm.

Parts: runtime (OneMinMax, over n), edge (no larger a population than the front), many (three, four
and six objectives), others (COCZ, LOTZ, OneJumpZeroJump), continuous (ZDT, DTLZ2, WFG4).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cells
from pictures import draw
from pool import outcomes
from tables import report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, nargs="+", help="sizes of OneMinMax in part runtime")
    parser.add_argument("--seeds", type=int, help="runs of each algorithm on each problem")
    parser.add_argument("--short", action="store_true", help="everything, but less of it")
    parser.add_argument("--parts", nargs="+", choices=cells.PARTS, default=cells.PARTS)
    parser.add_argument("--ray", action="store_true", help="run as Ray tasks: RAY_ADDRESS, or here")
    parser.add_argument("--output", type=Path, default=Path("build/theory"), metavar="FOLDER")
    options = parser.parse_args()
    sizes = tuple(options.n or (cells.SHORT_SIZES if options.short else cells.RUNTIME_SIZES))
    seeds = options.seeds or (cells.SHORT_SEEDS if options.short else cells.SEEDS)
    wanted = cells.study(tuple(options.parts), sizes, seeds, short=options.short)
    options.output.mkdir(parents=True, exist_ok=True)
    rows, run = outcomes(wanted, options.output / "cells.jsonl", ray=options.ray)
    text = report(rows)
    (options.output / "tables.md").write_text(text)
    names = ["cells.jsonl", "tables.md", *(path.name for path in draw(rows, options.output))]
    print(f"\n{text}\n{run} cells run; {', '.join(names)} are in {options.output}")


if __name__ == "__main__":
    main()
