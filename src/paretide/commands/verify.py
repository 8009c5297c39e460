"""``paretide verify``: every byte of a run."""

from __future__ import annotations

import typer

from .common import Store


def verify(store: Store) -> None:
    """Read every byte of a run and its journal; exits 2 and names the place if one is damaged."""
    from ..engine.run import open_run

    run_ = open_run(store)
    typer.echo(
        f"{store}: sound, {len(run_.evaluations)} evaluations, "
        f"{len(run_.populations)} populations, "
        + (f"stopped by {run_.stopped_by}" if run_.stopped_by else "not finished")
    )
