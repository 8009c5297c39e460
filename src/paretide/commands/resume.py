"""``paretide resume``: continue a run."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import (
    Address,
    ExecutorName,
    Picture,
    Progress,
    Store,
    Workers,
    check_picture,
    finish,
    named_problem,
    resumable,
    specification_of,
)


def resume(
    store: Store,
    budget: Annotated[
        str | None, typer.Option(help="Evaluations to add: +1000.", show_default=False)
    ] = None,
    problem: Annotated[
        str | None,
        typer.Option(
            help="file.py:Name, if the run could not keep how its problem is made.",
            show_default=False,
        ),
    ] = None,
    executor: ExecutorName = None,
    workers: Workers = None,
    address: Address = None,
    without_journal: Annotated[
        bool,
        typer.Option("--without-journal", help="Go on from the file alone if its journal is lost."),
    ] = False,
    picture: Picture = None,
    progress: Progress = True,
) -> None:
    """Continue a run where it stopped; no finished evaluation is done twice.

    It keeps its executor, with all its settings but those that are given here.
    """
    from ..engine.executors import make_executor
    from ..engine.resume import resume as resume_run

    check_picture(picture)
    chosen = None
    if (executor, workers, address) != (None, None, None):
        settings = specification_of(store)["executor"]
        stored = settings.pop("name")
        given = {"workers": workers, "address": address}
        chosen = make_executor(
            executor or stored,
            **(settings if executor in (None, stored) else {})
            | {key: value for key, value in given.items() if value is not None},
        )
    with resumable(store):
        result = resume_run(
            store,
            budget=_added(budget),
            problem=named_problem(problem, store),
            executor=chosen,
            progress=progress,
            without_journal=without_journal,
        )
    finish(result, store, picture)


def _added(budget: str | None) -> int | None:
    from ..errors import ConfigurationError

    if budget is None:
        return None
    try:
        return int(budget.removeprefix("+"))
    except ValueError:
        raise ConfigurationError(
            f"--budget {budget!r}: write the evaluations to add, like +1000"
        ) from None
