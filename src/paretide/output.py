"""What the command line writes: texts as they are, to a terminal, a pipe or a file.

Nothing here reads rich's markup, and what a text holds besides characters that show is written as
an escape: see ``engine.plain_text``.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from .engine.plain_text import lines, one_line

PIPED_WIDTH = 160  # columns where there is no terminal to ask


def console() -> Any:
    """Standard output for tables, wide enough for them where it is no terminal."""
    from rich.console import Console

    found = Console(markup=False, highlight=False, emoji=False)
    if found.is_terminal:
        return found
    return Console(markup=False, highlight=False, emoji=False, width=PIPED_WIDTH)


def say(text: object) -> None:
    """A text on standard output, never wrapped: what is in it may be meant to be copied."""
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
    keeps it.
    """
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", None) in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
