"""``paretide verify``: every byte of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from ..output import quoted, say
from .common import Store

Repair = Annotated[
    bool,
    typer.Option("--repair", help="Seal anew what is sound, without what others added to it."),
]


def verify(store: Store, repair: Repair = False) -> None:
    """Read every byte of a run and its journal; exits 2 and names the place if one is damaged.

    Says what another program has added to the file since it was sealed.
    """
    from ..engine.runs.run import open_run
    from ..engine.store.image import inspect_image, repair_image
    from ..engine.store.store import RunStore

    run_ = open_run(store)
    findings = inspect_image(run_.path or store)
    if findings is not None and repair:
        writer = RunStore(run_.path or store)
        try:
            findings = repair_image(writer.path)
        finally:
            writer.release()
    say(
        f"{store}: sound, {len(run_.evaluations)} evaluations, "
        f"{len(run_.populations)} populations, "
        + (f"stopped by {run_.stopped_by}" if run_.stopped_by else "not finished")
    )
    if findings is None:
        return
    say("another program has opened it for writing since it was sealed; no value changed")
    for added in findings.added:
        say(f"  {'dropped' if repair else 'added'}: {ascii(added)[1:-1]}")
    say(
        "sealed anew"
        if repair
        else f"to seal it anew without that: paretide verify {quoted(store)} --repair"
    )
