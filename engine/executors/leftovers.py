"""Ends what a candidate started and left behind when it returned."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import sys
import time
import weakref
from typing import Any

from .descendants import children, descendants, kill, state

SHORTEST_SECONDS = 2e-4
"""Nobody starts a process in less: shorter evaluations are not looked after."""

END_SECONDS = 5.0
"""Until it gives up on processes that do not end."""


HELPERS = {"resource_tracker": "_pid", "forkserver": "_forkserver_pid"}
"""Modules that start one process for all, and where they keep its number."""


class Leftovers:
    """Processes that were started within an evaluation, in a worker of its own.

    What was started in ``setup`` lives as long as the worker. What ``evaluate`` starts ends when
    it returns, unless the problem still holds it and may use it for the next candidate: the
    processes of ``multiprocessing`` (pools, executors, data loaders), and a ``subprocess.Popen``
    that somebody has kept. Forked children, commands that nobody holds, and what has put itself
    into the background end. All of them end with the worker.

    Args:
        reaper: Process that becomes the parent of those whose own has ended; None if it is one of
            the system's.
    """

    def __init__(self, reaper: int | None = None) -> None:
        self._reaper = reaper
        self._kept: set[int] = set()
        self._held: dict[int | None, weakref.ref[Any]] = {}

    def keep(self) -> None:
        """Let those live that are there now."""
        self._kept = set(self._present())

    def end(self) -> None:
        """End those that were started since and that nobody holds."""
        if not self._present() - self._kept:
            return
        until = time.monotonic() + END_SECONDS
        while left := self._unheld():
            for pid in left:
                kill([pid, *descendants(pid)])
            if time.monotonic() > until:
                return
            time.sleep(0.002)

    def _present(self) -> set[int]:
        found = set(children(os.getpid()))
        if self._reaper is not None and self._reaper == os.getppid():
            found.update(children(self._reaper))
            found.discard(os.getpid())
        return found

    def _unheld(self) -> list[int]:
        present = self._present()
        self._kept &= present  # a number may be given again
        new = present - self._kept
        new.difference_update(_of_multiprocessing())
        new = {pid for pid in new if state(pid) not in ("", "Z")}
        if new - self._holders().keys():
            dropped = list(map(id, getattr(subprocess, "_active", None) or ()))
            self._held = {
                getattr(found, "pid", None): weakref.ref(found)
                for found in gc.get_objects()
                if issubclass(type(found), subprocess.Popen) and id(found) not in dropped
            }
        return sorted(new - self._holders().keys())

    def _holders(self) -> dict[int | None, Any]:
        return {
            pid: popen
            for pid, reference in self._held.items()
            if (popen := reference()) is not None and popen.returncode is None
        }


def _of_multiprocessing() -> set[int]:
    """Processes that multiprocessing looks after, or joblib's: their helpers included."""
    found = {process.pid for process in multiprocessing.active_children()}
    for name, module in list(sys.modules.items()):
        for helper, number in HELPERS.items():
            if name.endswith(f".{helper}"):
                found.add(getattr(getattr(module, f"_{helper}", None), number, None))
    return {pid for pid in found if pid is not None}
