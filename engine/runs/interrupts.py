"""Ctrl-C, SIGTERM and SIGHUP only where nothing is half done.

Python raises KeyboardInterrupt between any two bytecodes: in the middle of a selection, or between
telling the algorithm and the archive. Within ``deferred()`` a signal waits until the run is where
it may be interrupted: while user code runs in this thread, and between two rounds of the loop.

A process that user code forks is not the run: it gets the usual handlers back, and ends where it
would come back from user code into the run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any

OURS: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""Signals and the handlers they have when nobody asked for another: only those are replaced.

So Ctrl-C stays ignored in the background of a shell, and SIGHUP under nohup.
"""

if hasattr(signal, "SIGHUP"):  # not on Windows
    OURS[signal.SIGHUP] = signal.SIG_DFL


class Interrupts:
    """Whether a signal came, and whether it may be raised now.

    Attributes:
        pending: A signal came, and the run has not ended by it yet.
    """

    def __init__(self) -> None:
        self.pending = False
        self._allowed = False
        self._process = os.getpid()

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """The signal handler."""
        self.pending = True
        if self._allowed and not hasattr(_held, "mask"):  # what a hook of a fork raises is lost
            raise KeyboardInterrupt

    def raise_pending(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self.pending:
            self.pending = False
            raise KeyboardInterrupt

    def allowed(self) -> Interrupts:
        """``with interrupts.allowed():`` user code runs here, and may be interrupted anywhere.

        If it takes the interruption for its own and returns, it is raised at the end: what comes of
        an evaluation that was interrupted is not its outcome.
        """
        return self

    def __enter__(self) -> None:
        try:
            self._allowed = True
            self.raise_pending()
        except KeyboardInterrupt:
            self._allowed = False
            raise

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        self._allowed = False
        leave_if_forked(self._process, error)
        if kind is None:
            self.raise_pending()


@contextlib.contextmanager
def deferred() -> Iterator[Interrupts]:
    """Hold signals back; one that came too late to be raised inside is raised at the end."""
    interrupts = Interrupts()
    replaced: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():  # others never get a signal
        for which, usual in OURS.items():
            if signal.getsignal(which) is usual:
                replaced[which] = signal.signal(which, interrupts.handle)
    try:
        yield interrupts
    finally:
        for which, handler in replaced.items():
            signal.signal(which, handler)
    interrupts.raise_pending()


def came() -> bool:
    """Whether a KeyboardInterrupt that is seen now is the user's, and not raised by a candidate.

    It is the user's if a signal came, or if another handler than ours may have raised it.
    """
    handler = signal.getsignal(signal.SIGINT)
    ours = getattr(handler, "__self__", None)
    if isinstance(ours, Interrupts):
        return ours.pending
    # Other threads than the main one never get a signal.
    usual = handler is None or isinstance(handler, signal.Handlers)
    return not usual and threading.current_thread() is threading.main_thread()


def leave_if_forked(process: int, error: BaseException | None = None) -> None:
    """End this process unless it is ``process``: user code has forked it and come back.

    It ends as it would without us: with the code of a SystemExit, 1 after another exception, whose
    traceback it prints, and otherwise 0.
    """
    if os.getpid() == process:
        return
    code = 0
    try:
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
            if isinstance(error.code, str):
                print(error.code, file=sys.stderr)
        elif error is not None:
            code = 1
            traceback.print_exception(error)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(code & 0xFF)


_held = threading.local()
"""``mask``: of the signals that were blocked in a thread before it forks."""


def _before_fork() -> None:
    """Hold signals back: a child would take one by our handler, and lose it.

    It begins with our handlers, and forgets what they were called for while it was made: a pool
    that ends its children by SIGTERM right after it has made them would wait for ever.
    """
    _held.mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())  # kept first: the next call may raise
    signal.pthread_sigmask(signal.SIG_BLOCK, OURS)


def _after_fork() -> None:
    """Let them through again, in either process."""
    mask = vars(_held).pop("mask", None)  # nothing if a signal came before it was kept
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _in_child() -> None:
    """Give a forked child the handlers that it would have without us."""
    for which, usual in OURS.items():
        if isinstance(getattr(signal.getsignal(which), "__self__", None), Interrupts):
            signal.signal(which, usual)
    _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
