"""Ends the Ray that a run started once the run is over, however that ended.

When the program that started it is killed, Ray leaves processes behind for the better part of a
minute. This file runs as a process of its own, which imports nothing of paretide or Ray: it waits
until the program closes its pipe or is gone, and then ends whatever Ray left. It knows those
processes by a mark in their environment, which Ray's inherit and nobody else has.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

MARK = "PARETIDE_RAY"
"""Environment variable of every process of a Ray that a run started."""

SWEEP_SECONDS = 8.0
"""Until it gives up on a process that cannot be ended."""


class Guard:
    """The guard of one Ray. Make it before Ray starts; Ray starts with ``environment``."""

    def __init__(self) -> None:
        self.environment = {MARK: uuid.uuid4().hex}
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__, self.environment[MARK], str(os.getpid())],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is not meant for it
        )

    def dismiss(self) -> None:
        """Ray has been shut down: end what is left of it, and the guard."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def guard_ray() -> Guard | None:
    """A guard; None where processes do not inherit their parents' fate, as on Windows."""
    return Guard() if os.name == "posix" else None


def _wait_for_the_end(parent: int) -> None:
    """Until the pipe closes, or its writer is gone and left the pipe to a process it forked."""
    while os.getppid() == parent:
        if select.select([sys.stdin], [], [], 0.5)[0]:
            return


def _left(mark: str) -> Iterator[Any]:
    """Processes that carry the mark and have not ended."""
    import psutil

    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:  # it has ended meanwhile, or is another user's
            continue


def _sweep(mark: str) -> None:
    import psutil

    patience = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < patience:  # again: one that was ended may have started another
        left = list(_left(mark))
        if not left:
            return
        for process in left:
            try:
                process.kill()
            except psutil.Error:  # it has ended by itself
                continue
        psutil.wait_procs(left, timeout=0.5)


if __name__ == "__main__":
    _wait_for_the_end(int(sys.argv[2]))
    _sweep(sys.argv[1])
