"""Ctrl-C and SIGTERM only where nothing is half done.

Python raises KeyboardInterrupt between any two bytecodes: in the middle of a selection, or between
telling the algorithm and the archive. Within ``deferred()`` a signal waits until the run is where
it may be interrupted: while user code runs in this thread, and between two rounds of the loop.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

OURS = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
"""Signals and the handlers they have when nobody asked for another: only those are replaced."""


class Interrupts:
    """Whether a signal came, and whether it may be raised now."""

    def __init__(self) -> None:
        self._pending = False
        self._allowed = False

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self._allowed:
            raise KeyboardInterrupt
        self._pending = True

    def raise_pending(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def allowed(self) -> Interrupts:
        """``with interrupts.allowed():`` user code runs here, and may be interrupted anywhere."""
        return self

    def __enter__(self) -> None:
        try:
            self._allowed = True
            self.raise_pending()
        except KeyboardInterrupt:
            self._allowed = False
            raise

    def __exit__(self, *error: object) -> None:
        self._allowed = False


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
