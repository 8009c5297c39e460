"""Cells are run in parallel, the longest first, and every outcome is kept as soon as it comes."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from cells import Cell, key
from running import run

REPORT = 30.0  # seconds between two lines about progress


def outcomes(cells: list[Cell], path: Path, *, ray: bool) -> tuple[list[dict[str, Any]], int]:
    """The rows of all cells in their order, and how many had to be run.

    Args:
        cells: What is wanted.
        path: Of the file of JSON lines; cells that it has are not run, others are appended.
        ray: Whether to run them as Ray tasks instead of in processes of this machine.
    """
    known = read(path)
    keys = [key(cell.identity()) for cell in cells]
    missing = [cell for cell, k in zip(cells, keys, strict=True) if k not in known]
    missing.sort(key=lambda cell: -cell.seconds)
    cores, work = available_cores(), sum(cell.seconds for cell in missing)
    print(f"{len(cells)} cells, {len(missing)} to run", flush=True)
    if missing and not ray:
        print(f"about {work / cores / 60:.1f} minutes if all of {cores} cores are free", flush=True)
    spoken = time.monotonic()
    with path.open("a") as file:
        for done, row in enumerate(_with_ray(missing) if ray else _here(missing, cores), 1):
            known[key(row)] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            if time.monotonic() - spoken > REPORT:
                spoken = time.monotonic()
                print(f"{done} of {len(missing)}", flush=True)
    return [known[k] for k in keys], len(missing)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Rows by key. A last line that was cut off by a kill is taken off the file."""
    if not path.exists():
        return {}
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    rows = [json.loads(line) for line in whole.splitlines()]
    return {key(row): row for row in rows}


def available_cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(cells: list[Cell], cores: int) -> Iterator[dict[str, Any]]:
    if not cells:
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(cores, len(cells)), mp_context=spawn)
    try:
        for future in as_completed([pool.submit(run, cell) for cell in cells]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _with_ray(cells: list[Cell]) -> Iterator[dict[str, Any]]:
    """Joins the cluster that RAY_ADDRESS names, or starts Ray here; this folder travels along."""
    import ray

    ray.init(runtime_env={"working_dir": str(Path(__file__).parent)}, log_to_driver=False,
             logging_level="ERROR")  # fmt: skip
    try:
        task = ray.remote(run)
        waiting = [task.remote(cell) for cell in cells]
        while waiting:
            ready, waiting = ray.wait(waiting)
            yield ray.get(ready[0])
    finally:
        ray.shutdown()
