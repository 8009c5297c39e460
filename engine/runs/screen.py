"""The terminal, as those who write to it share it: lines of text above a live one.

A live line stands at the end of standard error. Who writes a line to either stream of the same
terminal has it taken away and put back after the line, so that neither is torn. What Python code
writes to ``sys.stdout`` and ``sys.stderr`` meanwhile is taken up here (``tapped``): by ``print``,
and by whoever got hold of the streams before, as handlers of ``logging`` do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

STREAMS = {"stdout": 1, "stderr": 2}
"""Names of the streams of a process, and their descriptors."""

Sink = Callable[[str, str], None]
"""Takes the name of a stream and a text that was written to it."""

_lock = threading.RLock()
_shown: list[LiveText] = []  # at most one: two runs of one process cannot share a line
_tapped: dict[int, tuple[str, Any, Any]] = {}  # by identity: name, stream, its own ``write``
_taps = 0  # who wants them to be
_begun = dict.fromkeys(STREAMS, "")  # lines that have not ended
_sinks: list[Sink] = []  # of the jobs that run now
_here = threading.local()  # ``sink``: of the job that runs in this thread


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
                _tap()
                _shown.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        with _lock:
            if self in _shown:
                _shown.remove(self)
                if self._rows:
                    _put(self.stream, "\n")
                _untap()

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


@contextlib.contextmanager
def tapped() -> Iterator[None]:
    """Meanwhile jobs may take what they write (``Taken``); all else goes where it went."""
    with _lock:
        _tap()
    try:
        yield
    finally:
        with _lock:
            _untap()


class Taken:
    """``with taken:`` a sink gets what Python code writes in this thread, while streams are tapped.

    And what is written in threads that belong to nobody, as those that a job has started, as long
    as there is no other job.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __enter__(self) -> None:
        _here.sink = self._sink
        _sinks.append(self._sink)

    def __exit__(self, *error: object) -> None:
        _here.sink = None
        with contextlib.suppress(ValueError):  # a child has forgotten all of them
            _sinks.remove(self._sink)


def reopen() -> None:
    """Put back what a job has closed or removed of the streams that are tapped."""
    for name, number in STREAMS.items():
        present = getattr(sys, name)
        if present is not None and not getattr(present, "closed", False):
            continue
        with _lock:
            stream = next((s for which, s, _ in _tapped.values() if which == name), None)
            closed = getattr(stream, "closed", False)
            if stream is not None and closed and stream is getattr(sys, f"__{name}__"):
                del _tapped[id(stream)]
                stream = open(  # noqa: SIM115 -- as long as the process lives
                    number, "w", encoding=stream.encoding, errors=stream.errors, buffering=1,
                    closefd=False,
                )  # fmt: skip
                setattr(sys, f"__{name}__", stream)
                _tap_stream(name, stream)
            if stream is not None:
                setattr(sys, name, stream)


def _tap() -> None:
    global _taps  # noqa: PLW0603 -- the streams of a process are global
    _taps += 1
    for name in STREAMS:
        stream = getattr(sys, name)
        if id(stream) not in _tapped:  # by somebody else, or both are one
            _tap_stream(name, stream)


def _tap_stream(name: str, stream: Any) -> None:
    with contextlib.suppress(AttributeError):  # there is none, or it takes no attributes
        own_write = stream.write
        stream.write = _writer(name, own_write)
        _tapped[id(stream)] = name, stream, own_write


def _untap() -> None:
    global _taps  # noqa: PLW0603 -- as above
    _taps -= 1
    if _taps:
        return
    for name, stream, own_write in list(_tapped.values()):
        with contextlib.suppress(AttributeError):  # somebody else has
            del stream.write
        if stream.write != own_write:  # it was an attribute before
            stream.write = own_write
        text, _begun[name] = _begun[name], ""
        _put(stream, text)
    _tapped.clear()


def _writer(name: str, own_write: Any) -> Callable[[str], int]:
    """What is ``write`` of a tapped stream."""
    process = os.getpid()

    def write_tapped(text: str) -> int:
        if os.getpid() != process or not isinstance(text, str):
            return int(own_write(text))
        sink = getattr(_here, "sink", None) or (_sinks[0] if len(_sinks) == 1 else None)
        if sink is not None:
            sink(name, text)
            return len(text)
        with _lock:
            if not _shown:
                return int(own_write(text))
            *lines, _begun[name] = (_begun[name] + text).split("\n")
            if lines:
                write(name, "\n".join(lines) + "\n")
        return len(text)

    return write_tapped


def _put(stream: Any, text: str) -> None:
    """Write, if anybody reads: output that goes nowhere must not end a run."""
    if stream is None or not text:
        return
    with contextlib.suppress(OSError, ValueError):  # a broken pipe, a closed file
        own_write = _tapped[id(stream)][2] if id(stream) in _tapped else stream.write
        try:
            own_write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            own_write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


def _after_fork() -> None:
    """A child has no line of its own, and writes where its parent would without us."""
    _shown.clear()
    _sinks.clear()
    _here.sink = None
    _lock.release()


if hasattr(os, "register_at_fork"):  # a child must not wait for a lock that a thread held
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_after_fork
    )
