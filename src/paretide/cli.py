"""The command line: run, resume, show, export, replay, verify, demo, doctor.

Exit codes: 0 the command did what it says; 1 a bug, with its traceback; 2 wrong input, named with
its remedy; 3 evaluation cannot go on (no worker, or every candidate fails); 130 interrupted,
resumable.
"""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from .commands.demo import demo
from .commands.doctor import doctor
from .commands.export import export
from .commands.replay import replay
from .commands.resume import resume
from .commands.run import run
from .commands.show import show
from .commands.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def paretide(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Evolutionary multi-objective optimization of expensive problems."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("paretide"))
        raise typer.Exit


for command in (run, resume, show, export, replay, verify, demo, doctor):
    app.command()(command)


def main() -> None:
    """Entry point: errors become one message and an exit code."""
    from .errors import ContractError, EvaluationError, ExecutorError, ParetideError

    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        app()
    except ParetideError as error:
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        sys.stderr.write(f"error: {error}{notes}\n")
        going_on = isinstance(error, (EvaluationError, ExecutorError))
        sys.exit(3 if going_on and not isinstance(error, ContractError) else 2)
