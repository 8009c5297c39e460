"""``paretide doctor``: is this installation sound?"""

from __future__ import annotations

import typer

from ..engine.records.plain_text import lines
from ..output import show


def doctor() -> None:
    """Check this installation by using it."""
    from rich.table import Table
    from rich.text import Text

    from ..doctor import examine

    findings = examine()
    table = Table(show_header=False, box=None)
    signs = {True: ("ok", "green"), None: ("--", "yellow"), False: ("BAD", "red")}
    for finding in findings:
        table.add_row(
            Text(*signs[finding.ok]),
            Text(finding.what),
            Text(lines(finding.detail), overflow="fold"),
        )
    show(table)
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)
