"""``paretide demo``: a search that shows what paretide does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..output import say
from .common import Progress, Workers, check_picture, finish, resumable


def demo(
    store: Annotated[Path, typer.Option(help="HDF5 file of the run.")] = Path("demo.h5"),
    picture: Annotated[Path, typer.Option(help="Picture of the front.")] = Path("demo.png"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    executor: Annotated[str, typer.Option(help="serial, processes or ray.")] = "ray",
    workers: Workers = None,
    seed: Annotated[int, typer.Option()] = 1,
    progress: Progress = True,
) -> None:
    """Search networks for scikit-learn's digits: validation error against number of parameters."""
    from .. import demo as job

    check_picture(picture)
    say(job.introduction(store))
    with resumable(store):
        result = job.search(
            store,
            seed=seed,
            executor=executor,
            workers=workers,
            overwrite=overwrite,
            progress=progress,
        )
    finish(result, store, picture)
