"""``paretide export``: a run's evaluations for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..output import say
from .common import Store


def export(
    store: Store,
    to: Annotated[str, typer.Option(help="csv, parquet, optuna or refused.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option(help="File; default: beside the run.", show_default=False)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
) -> None:
    """Every evaluation as CSV, Parquet or an Optuna study; also while the run goes on.

    "refused" are the candidates that break a limit which needs no training, as CSV.

    A variable, objective or constraint that is called like another column is x.NAME, F.NAME,
    G.NAME; what was logged is log.NAME. Lists are JSON; formulas in CSV begin with an apostrophe.
    """
    from .. import export as job
    from ..engine.runs.run import open_run

    opened = open_run(store)
    written = job.export(opened, to, output or job.default_output(store, to), overwrite)
    what = "refused candidates" if to == "refused" else "evaluations"
    n = len(opened.refused) if to == "refused" else len(opened.evaluations)
    say(f"{written}: {n} {what}" + job.opening(written, to))
