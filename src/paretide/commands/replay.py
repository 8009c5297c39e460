"""``paretide replay``: a run once more from its seed and its stored outcomes."""

from __future__ import annotations

from typing import Annotated

import typer

from ..output import say
from .common import AlgorithmAgain, Store, named_algorithm, named_problem


def replay(
    store: Store,
    problem: Annotated[
        str | None,
        typer.Option(
            help="file.py:Name, if the run needs cost(x) and cannot say how its problem is made.",
            show_default=False,
        ),
    ] = None,
    algorithm: AlgorithmAgain = None,
) -> None:
    """Evolve a run again from its seed and its stored outcomes; exits 2 unless all is the same."""
    from ..engine.runs.replay import replay as replay_run
    from ..engine.runs.run import open_run

    run_ = open_run(store)
    replay_run(
        run_,
        problem=named_problem(problem, store),
        algorithm=named_algorithm(algorithm, store),
    )
    say(
        f"{store}: replayed {len(run_.evaluations)} evaluations and {len(run_.populations)} "
        "populations, the same bits"
    )
