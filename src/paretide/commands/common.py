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
    str | None,
    typer.Option(help="serial, processes, ray, or your own: file.py:Name.", show_default=False),
]
Workers = Annotated[
    int | None, typer.Option(help="How many; default: what fits.", show_default=False)
]
Address = Annotated[str | None, typer.Option(help="Of a Ray cluster, or auto.", show_default=False)]
AlgorithmAgain = Annotated[
    str | None,
    typer.Option(
        "--algorithm",
        help="file.py:NAME, if the run could not keep how its algorithm is made.",
        show_default=False,
    ),
]
TrustExecutor = Annotated[
    bool,
    typer.Option("--trust-executor", help="Use the Ray address and runtime_env of the file."),
]
Picture = Annotated[
    Path | None, typer.Option(help="Draw the front (.png, .svg, .pdf).", show_default=False)
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(help="End after so long; go on with resume.", show_default=False),
]
CostAmount = Annotated[
    float | None,
    typer.Option(
        "--cost",
        help="Instead of --budget: what all evaluations may cost together, in seconds.",
        show_default=False,
    ),
]
AtEnd = Annotated[
    str | None,
    typer.Option(
        help="What --max-seconds or --cost does with what runs then: wait (default) or kill.",
        show_default=False,
    ),
]


def specification_of(store: Path) -> dict[str, Any]:
    """What the run in ``store`` was asked to do."""
    from ..engine.runs.run import open_run

    return open_run(store).specification


def named_problem(problem: str | None, store: Path) -> Any:
    """The problem of this name, with the arguments that the run has; None for None."""
    from ..problems.reference import load_problem

    if problem is None:
        return None
    return load_problem(problem, specification_of(store)["problem"]["arguments"])


def named_algorithm(algorithm: str | None, store: Path) -> Any:
    """The algorithm of this name, with the settings that the run has; None for None."""
    from ..engine.kinds import read_again
    from ..engine.runs.manifest import ALGORITHM

    if algorithm is None:
        return None
    stored = specification_of(store)["algorithm"]
    return read_again(algorithm, stored["settings"], ALGORITHM, stored.get("folders"))


def chosen_executor(
    store: Path, name: str | None, workers: int | None, address: str | None, trusted: bool
) -> Any:
    """The run's executor with what the user says of it now; None if nothing is said."""
    from ..engine.executors.stored import named_executor, stored_executor

    given = {"workers": workers, "address": address}
    given = {key: value for key, value in given.items() if value is not None}
    if name is None and not given and not trusted:
        return None
    settings = specification_of(store)["executor"]
    if name in (None, settings["name"]):
        return stored_executor(settings, trusted=trusted, **given)
    return named_executor(str(name), given)


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
    from ..engine.runs.cost import cost_in, of_its_seed
    from ..engine.runs.session import AT_END
    from ..tables import front_table

    run_ = result.run
    show(front_table(run_, run_.front(), console().width))
    failed = len(run_.evaluations.failures)
    say(
        f"{len(run_.evaluations)} evaluations, {failed} failed, stopped by "
        f"{result.stopped_by}, seed {result.seed}"
        + ("" if of_its_seed(run_.specification) else ", not of it alone")
    )
    again = "" if run_.specification["problem"]["target"] else " --problem FILE.py:NAME"
    if run_.specification["algorithm"].get("reason"):
        again += " --algorithm FILE.py:NAME"
    cost = cost_in(run_.specification)
    if cost is not None and result.stopped_by == "cost":
        again += f" --cost {2 * cost.amount:g}"
    elif run_.specification["budget"] is None and cost is None:
        again += " --max-seconds 3600"
    elif result.stopped_by in AT_END:
        again += " --budget +500"
    say(f"go on:  paretide resume {quoted(store)}{again}")
    say(f"open:   paretide show {quoted(store)}")
    say(f"        paretide.open_run({str(store)!r}).front()")
    draw(run_, picture)


def check_picture(picture: Path | None, store: Path) -> None:
    """Refuse a picture that cannot be drawn, before anything is evaluated."""
    if picture is None:
        return
    from .. import pictures
    from ..errors import ConfigurationError

    pictures.check_picture(picture)
    if picture.resolve() == store.resolve():
        raise ConfigurationError(f"{picture} cannot be the picture and the run's file")


def draw(run_: Any, picture: Path | None) -> None:
    """Draw the front of a run, if a picture is wanted."""
    if picture is None:
        return
    from ..pictures import draw_front

    extras = run_.evaluations.extras.values()
    logged = "test_error" if any("test_error" in e for e in extras) else None
    draw_front(run_, picture, logged=logged)
    complain(f"picture: {picture}")  # standard output may hold JSON or CSV
