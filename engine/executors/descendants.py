"""Which processes a process has started, as Linux tells. Of the standard library alone."""

from __future__ import annotations

import contextlib
import os
import signal


def children(pid: int) -> list[int]:
    """Direct children of a process, those that have ended and were not waited for included.

    Empty on systems without /proc, and if there is no such process.
    """
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    found: list[int] = []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
        except FileNotFoundError:  # the thread has ended, or the kernel was built without
            if not os.path.exists("/proc/self/task/" + str(os.getpid()) + "/children"):
                return _scanned(pid)
        except OSError:  # it has ended meanwhile
            continue
    return found


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on."""
    found, at = children(pid), 0
    while at < len(found):
        found += children(found[at])
        at += 1
    return found


def kill(pids: list[int]) -> None:
    """End processes, if they have not ended by themselves."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def state(pid: int) -> str:
    """The letter that Linux gives its state, "Z" for one that has ended; "" if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()
    except OSError:
        return ""


def _scanned(parent: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
            if int(file.read().rpartition(b")")[2].split()[1]) == parent:
                found.append(int(name))
    return found
