"""``paretide show``: what a run is and how far it came."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .common import Picture, Store, check_picture, draw


def show(
    store: Store,
    front: Annotated[bool, typer.Option("--front", help="The front alone.")] = False,
    at_most: Annotated[
        int | None,
        typer.Option(
            help="So many of the front, those that together dominate most.", show_default=False
        ),
    ] = None,
    failures: Annotated[bool, typer.Option("--failures", help="Failed candidates.")] = False,
    lineage: Annotated[
        int | None, typer.Option(help="A candidate and its ancestors.", show_default=False)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The front as JSON; NaN and infinity are null.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Every evaluation as CSV, with the columns of a frame.")
    ] = False,
    refused: Annotated[
        bool,
        typer.Option("--refused", help="Candidates that break a known limit, with why, as CSV."),
    ] = False,
    picture: Picture = None,
) -> None:
    """What a run is, how far it came, and its front; also while it goes on."""
    from .. import output, records, tables
    from ..engine.runs.run import open_run
    from ..errors import ConfigurationError

    if sum([front, failures, lineage is not None, as_json, as_csv, refused]) > 1:
        raise ConfigurationError(
            "--front, --failures, --lineage, --json, --csv and --refused exclude each other"
        )
    if at_most is not None and (failures or lineage is not None or as_csv or refused):
        raise ConfigurationError("--at-most is of the front: with --front, --json, or alone")
    check_picture(picture, store)
    opened = open_run(store)
    width = output.console().width
    if as_json:
        output.say(records.front_json(opened, at_most))
    elif as_csv:
        with output.writing():
            records.write_csv(opened, sys.stdout)
    elif refused:
        with output.writing():
            records.write_refused_csv(opened, sys.stdout)
    elif failures:
        for text in tables.failure_texts(opened):
            output.say(text)
    elif lineage is not None:
        output.show(tables.lineage_table(opened, lineage, width))
    else:
        if not front:
            output.show(tables.run_summary(opened))
        output.show(tables.front_table(opened, opened.front(at_most), width))
    draw(opened, picture)
