"""The command line: run, resume, show, export, replay, verify, demo, doctor.

Exit codes: 0 the command did what it says; 1 a bug, with its traceback, or whoever read the output
has gone; 2 wrong input, named with its remedy; 3 evaluation cannot go on (no worker, or every
candidate fails); 130 interrupted, resumable.
"""

from __future__ import annotations

import logging
import sys
from inspect import signature
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
from .engine.records.plain_text import lines
from .output import OutputError, accept_any_text, complain, forget_output, writing

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


class _PlainFormatter(logging.Formatter):
    """Log records as text that does nothing to a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return lines(super().format(record))


def main() -> None:
    """Entry point: errors become one message and an exit code."""
    accept_any_text()
    handler = logging.StreamHandler()
    handler.setFormatter(_PlainFormatter("%(levelname)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    code: int | str | None = None
    try:
        code = _run()
        with writing():
            sys.stdout.flush()
    except OutputError as error:
        forget_output()
        complain(f"error: {error}")
        code = code or 2
    except BrokenPipeError:  # as of `| head`: nobody is there to be told
        forget_output()
        code = code or 1
    sys.exit(code)


def _run() -> int | str | None:
    """The exit code of the command that was asked for."""
    from .errors import ContractError, EvaluationError, ExecutorError, ParetideError

    try:
        app()
    except SystemExit as end:  # how a command line ends
        if end.code == 2 and sys.argv[1:2] == ["run"]:
            from .engine.foreign_names import meant_options

            for hint in meant_options(sys.argv[2:], signature(run).parameters):
                complain(hint)
        return end.code
    except ParetideError as error:
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        complain(f"error: {error}{notes}")
        going_on = isinstance(error, (EvaluationError, ExecutorError))
        return 3 if going_on and not isinstance(error, ContractError) else 2
    except OSError as error:
        if error.filename is None:
            raise
        complain(f"error: {error}")  # of a path that nobody could use
        return 2
    return 0
