"""What several commands share: their options, and what is said when a run ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ..output import complain, console, quoted, say, show

Store = Annotated[Path, typer.Argument(help="The run's HDF5 file.", show_default=False)]
Progress = Annotated[bool, typer.Option(help="Show a live line.")]
ExecutorName = Annotated[
    str | None, typer.Option(help="serial, processes or ray.", show_default=False)
]
Workers = Annotated[
    int | None, typer.Option(help="How many; default: what fits.", show_default=False)
]
Address = Annotated[str | None, typer.Option(help="Of a Ray cluster, or auto.", show_default=False)]
Picture = Annotated[
    Path | None, typer.Option(help="Draw the front (.png, .svg, .pdf).", show_default=False)
]


def specification_of(store: Path) -> dict[str, Any]:
    """What the run in ``store`` was asked to do."""
    from ..engine.run import open_run

    return open_run(store).specification


def named_problem(problem: str | None, store: Path) -> Any:
    """The problem of this name, with the arguments that the run has; None for None."""
    from ..problems.reference import load_problem

    if problem is None:
        return None
    return load_problem(problem, specification_of(store)["problem"]["arguments"])


@contextlib.contextmanager
def resumable(store: Path) -> Iterator[None]:
    """Ctrl-C and SIGTERM: the run has been sealed by now; say how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"interrupted; go on with: paretide resume {quoted(store)}")
        raise typer.Exit(130) from None


def finish(result: Any, store: Path, picture: Path | None) -> None:
    """Say how a run ended, how it goes on, and draw its front."""
    from ..tables import front_table

    run_ = result.run
    show(front_table(run_, run_.front(), console().width))
    failed = len(run_.evaluations.failures)
    say(
        f"{len(run_.evaluations)} evaluations, {failed} failed, stopped by "
        f"{result.stopped_by}, seed {result.seed}"
    )
    again = "" if run_.specification["problem"]["target"] else " --problem FILE.py:NAME"
    say(f"go on:  paretide resume {quoted(store)}{again} --budget +500")
    say(f"open:   paretide show {quoted(store)}")
    say(f"        paretide.open_run({str(store)!r}).front()")
    draw(run_, picture)


def check_picture(picture: Path | None) -> None:
    """Refuse a picture that cannot be drawn, before anything is evaluated."""
    if picture is not None:
        from .. import pictures

        pictures.check_picture(picture)


def draw(run_: Any, picture: Path | None) -> None:
    """Draw the front of a run, if a picture is wanted."""
    if picture is None:
        return
    from ..pictures import draw_front

    extras = run_.evaluations.extras.values()
    logged = "test_error" if any("test_error" in e for e in extras) else None
    draw_front(run_, picture, logged=logged)
    complain(f"picture: {picture}")  # standard output may hold JSON or CSV
