"""The terminal, as those who write to it share it: lines of text above a live one.

A live line stands at the end of standard error. Who writes a line to either stream of the same
terminal has it taken away and put back after the line, so that neither is torn.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from typing import Any

_lock = threading.RLock()
_shown: list[LiveText] = []  # at most one: two runs of one process cannot share a line


class LiveText:
    """Some lines at the end of a terminal that are drawn again and again in place.

    Where there is no terminal, or another run has it, the text is written as lines of its own.

    Args:
        stream: A text stream, usually standard error.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.live = is_terminal(stream)
        self._text = ""
        self._rows = 0  # that stand on the screen

    def __enter__(self) -> LiveText:
        with _lock:
            self.live = self.live and not _shown
            if self.live:
                _shown.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        with _lock:
            if self in _shown:
                _shown.remove(self)
                if self._rows:
                    _put(self.stream, "\n")

    def show(self, text: str) -> None:
        """Show this text instead of the one before."""
        with _lock:
            if not self.live:
                _put(self.stream, text + "\n")
                return
            self._text = text
            _put(self.stream, self._erasing() + self._drawing())

    def away(self) -> None:
        """Take the text from the screen."""
        _put(self.stream, self._erasing())

    def back(self) -> None:
        """Put it there again."""
        _put(self.stream, self._drawing())

    def _erasing(self) -> str:
        """What moves the cursor to the beginning of the text and leaves nothing of it."""
        rows, self._rows = self._rows, 0
        return "\r\x1b[2K" + "\x1b[1A\x1b[2K" * (rows - 1) if rows else ""

    def _drawing(self) -> str:
        if not self._text:
            return ""
        columns = shutil.get_terminal_size().columns
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or has no number
            columns = os.get_terminal_size(self.stream.fileno()).columns or columns
        rows = [row[: max(1, columns - 1)] for row in self._text.split("\n")]
        self._rows = len(rows)
        return "\n".join(rows)


def is_terminal(stream: Any) -> bool:
    """True if a cursor can be moved on it."""
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") not in (None, "dumb", "unknown")
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def write(name: str, text: str) -> None:
    """Write whole lines to "stdout" or "stderr", above the live line if there is one."""
    stream = getattr(sys, name)
    with _lock:
        live = _shown[0] if _shown and is_terminal(stream) else None
        if live is not None:
            live.away()
        _put(stream, text)
        if live is not None:
            live.back()


def _put(stream: Any, text: str) -> None:
    """Write, if anybody reads: output that goes nowhere must not end a run."""
    if stream is None or not text:
        return
    with contextlib.suppress(OSError, ValueError):  # a broken pipe, a closed file
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


def _after_fork() -> None:
    """A child has no line of its own."""
    _shown.clear()
    _lock.release()


if hasattr(os, "register_at_fork"):  # a child must not wait for a lock that a thread held
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_after_fork
    )
