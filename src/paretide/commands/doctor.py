"""``paretide doctor``: is this installation sound?"""

from __future__ import annotations

import typer


def doctor() -> None:
    """Check this installation by using it."""
    from rich.table import Table

    from ..doctor import examine
    from ..tables import console

    findings = examine()
    table = Table(show_header=False, box=None)
    signs = {True: "[green]ok[/]", None: "[yellow]--[/]", False: "[red]BAD[/]"}
    for finding in findings:
        table.add_row(signs[finding.ok], finding.what, finding.detail)
    console().print(table)
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)
