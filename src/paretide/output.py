"""What the command line writes: texts as they are, to a terminal, a pipe or a file.

Nothing here reads rich's markup, and what a text holds besides characters that show is written as
an escape: see ``engine.plain_text``.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .engine.records.plain_text import lines, one_line

PIPED_WIDTH = 160  # columns where there is no terminal to ask


class OutputError(Exception):
    """Standard output cannot be written: its disk is full, or it is gone."""


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Tell a failure of standard output from all others; a pipe that was closed stays one."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write the output: {error}") from error


def console() -> Any:
    """Standard output for tables, wide enough for them where it is no terminal."""
    from rich.console import Console

    found = Console(markup=False, highlight=False, emoji=False)
    if found.is_terminal:
        return found
    return Console(markup=False, highlight=False, emoji=False, width=PIPED_WIDTH)


def show(table: Any) -> None:
    """A table on standard output."""
    with writing():
        console().print(table)


def say(text: object) -> None:
    """A text on standard output, never wrapped: what is in it may be meant to be copied."""
    with writing():
        sys.stdout.write(f"{lines(text)}\n")


def complain(text: object) -> None:
    """A text on standard error."""
    sys.stderr.write(f"{lines(text)}\n")


def quoted(path: str | Path) -> str:
    """A path as a shell reads it."""
    return shlex.quote(one_line(path))


def accept_any_text() -> None:
    """Let both streams write what their encoding does not hold as escapes.

    A terminal or a log may know ASCII alone; whoever chose something else by PYTHONIOENCODING
    keeps it. A stream that is closed takes what is said, and forgets it.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 for good
        elif getattr(stream, "errors", None) in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")


def forget_output() -> None:
    """Let what standard output holds back, and cannot write, go nowhere.

    Python flushes once more when it ends, and would complain that it cannot.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
