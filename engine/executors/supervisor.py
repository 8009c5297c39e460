"""The process between the driver and a worker: what the worker started ends with it.

It starts the worker, passes on what the worker prints, and is the parent of everything that the
worker leaves behind (a "subreaper" of Linux): daemons and processes in sessions of their own
included. When the worker ends, when the driver says so, and when the driver is gone, however that
came about, all of them are killed.

On systems that know no subreapers the worker's process group is killed, which is what has not left
it. This file runs by itself and imports nothing of paretide but the files beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from typing import Any

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
from descendants import descendants, kill  # type: ignore[import-not-found]
from scribe import PATIENCE_SECONDS, Scribe  # type: ignore[import-not-found]

KILL_SECONDS = 8.0
"""Until it gives up on processes that cannot be killed."""

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process; nothing on systems that are not Linux."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def start(command: list[str], out: int, err: int, passed: list[int]) -> int:
    """Start the worker in a session of its own; returns its process id."""
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # should somebody kill the supervisor
        if os.getppid() != supervisor:
            os._exit(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, place in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(number, place)
        for number in passed:
            os.set_inheritable(number, True)
        os.execv(command[0], command)
    except BaseException as error:
        os.write(2, f"cannot start {command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def reap(worker: int) -> int | None:
    """Take leave of all that have ended; returns the worker's status if it is among them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, found = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return status
            if pid == worker:
                status = found
    return status


def end_all(worker: int, status: int | None, scribe: Scribe) -> int | None:
    """Kill the worker and all that it started; returns the worker's status."""
    until = time.monotonic() + KILL_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    while time.monotonic() < until:
        left = descendants(os.getpid())
        kill(left)
        found = reap(worker)
        status = status if found is None else found
        if status is not None and not left:
            break
        scribe.step(5)
    return status


def main(arguments: list[str]) -> None:
    """Supervise one worker, and end when it and all that it started have ended."""
    life, report, work, tracker = map(int, arguments[:4])
    token, mode, folder, name = arguments[4:8]
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    driver = os.getppid()
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    # Handlers, since what is ignored would be so in the worker, too: it is the driver who decides.
    for which in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(which) is not signal.SIG_IGN or which == signal.SIGCHLD:
            signal.signal(which, lambda *_: None)
    (out, out_in), (err, err_in) = os.pipe(), os.pipe()
    ours, theirs = socket.socketpair()
    passed = [work, theirs.fileno(), *([tracker] if tracker >= 0 else [])]
    command = [*json.loads(arguments[8]), *map(str, [work, theirs.fileno(), tracker]), token, name]
    worker = start(command, out_in, err_in, passed)
    theirs.close()
    for number in (out_in, err_in, work):
        os.close(number)
    scribe = Scribe(out, err, ours.fileno(), report, token, mode, folder, name)
    scribe.send({"started": worker})
    status: int | None = None
    while status is None:
        ready = scribe.step(1000, (life, wake))
        if wake in ready:
            os.read(wake, 1 << 12)
            status = reap(worker)
        if life in ready or os.getppid() != driver:
            break
    status = end_all(worker, status, scribe)
    scribe.drain()
    last = scribe.last_lines()
    code: Any = None if status is None else os.waitstatus_to_exitcode(status)
    scribe.finish(0)
    scribe.send({"ended": code, "last": last})
    scribe.finish(PATIENCE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
