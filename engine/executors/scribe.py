"""Takes down what a worker and its children print, in a process of its own.

A thread within the worker could not: code that prints while it holds the interpreter's lock would
wait for the thread that waits for the lock. The pipes are read here without delay, so that nobody
who prints waits for anybody who reads; what cannot be passed on in time is counted and left out:
memory is bounded. What a worker said before it died is here, too.

This file runs by itself and imports nothing of paretide but the file beside it.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections import deque
from typing import Any

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    from lines import Lines  # type: ignore[import-not-found, unused-ignore]
elif __package__:
    from .lines import Lines
else:  # beside the supervisor, which runs by itself as well
    from lines import Lines  # type: ignore[import-not-found, no-redef, unused-ignore]

LAST_LINES, LAST_CHARACTERS = 40, 8_000
"""Of a candidate's output that are kept for its failure."""

BACKLOG = 16 << 20
"""Bytes that wait for whoever reads; what is printed beyond them is left out."""

PATIENCE_SECONDS = 5.0
"""At the end, for the next bytes to be taken."""

CHUNK = 1 << 16
PAUSE_MILLISECONDS = 10
"""Between two looks at a stream that has little to say: many lines cost one message."""


class Keeper:
    """Keeps the last lines of each candidate, and writes files if it is told to.

    Args:
        mode: "show", "file" or "drop".
        folder: Where the files of the mode "file" are.
        worker: Its name, which names the file of what it prints in ``setup``.
    """

    def __init__(self, mode: str, folder: str, worker: str) -> None:
        self.mode = mode
        self._folder = folder
        self._worker = worker
        self._file: tuple[str, Any] | None = None
        self._tails: dict[str, deque[str]] = {}

    def take(self, stream: str, found: list[tuple[str, str]]) -> list[list[str]]:
        """Take in what was printed, whose and what; returns what is to be shown of it."""
        for whose, line in found:
            if whose not in self._tails:
                while len(self._tails) >= 4:  # its neighbours' may still come from the other stream
                    del self._tails[next(iter(self._tails))]
                self._tails[whose] = deque(maxlen=LAST_LINES)
            self._tails[whose].append(line)
        if self.mode == "show":
            return [[whose, stream, line] for whose, line in found]
        if self.mode == "file" and found:
            try:
                for whose, line in found:
                    self._file_of(whose).write(line + "\n")
            except OSError as error:  # a full disk is no reason to end a job
                self.mode = "drop"
                text = f"[... nothing more is written to {self._folder}: {error.strerror}]"
                return [["", "stderr", text]]
        return []

    def last_lines(self, whose: str, unfinished: list[str]) -> list[str]:
        """Of a candidate, with what it has begun to print."""
        tail = [line for line in [*self._tails.get(whose, ()), *unfinished] if line.strip()]
        while sum(map(len, tail)) > LAST_CHARACTERS and len(tail) > 1:
            del tail[0]
        return tail

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file[1].close()
            self._file = None

    def _file_of(self, whose: str) -> Any:
        if self._file is None or self._file[0] != whose:
            self.close()
            name = f"{whose}-{self._worker}" if whose == "setup" else f"candidate-{whose}"
            os.makedirs(self._folder, exist_ok=True)
            path = os.path.join(self._folder, f"{name}.txt")
            file = open(path, "a", buffering=1, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 -- kept
            self._file = whose, file
        return self._file[1]


class Scribe:
    """Reads the two streams of a worker.

    Args:
        out: Read end of the pipe that is the worker's standard output.
        err: Read end of the pipe that is its standard error.
        talk: Socket on which the worker asks for the last lines of a candidate.
        up: Where messages go, one JSON text a line: {"printed": [[whose, stream, line], ...]}.
        token: Of the marks in the streams.
        mode: "show", "file" or "drop".
        folder: Where the files of the mode "file" are.
        worker: Its name, which names the file of what it prints in ``setup``.
    """

    def __init__(
        self,
        out: int,
        err: int,
        talk: int,
        up: int,
        token: str,
        mode: str,
        folder: str,
        worker: str,
    ) -> None:
        self._streams = {out: ("stdout", Lines(token)), err: ("stderr", Lines(token))}
        self._talk: int | None = talk
        self._up = up
        self._keeper = Keeper(mode, folder, worker)
        self._whose = "setup"  # who printed last
        self._waiting: deque[bytes] = deque()
        self._bytes = self._left_out = 0
        self._pause = False
        for fd in (out, err, talk, up):
            os.set_blocking(fd, False)

    @property
    def open(self) -> bool:
        """True while somebody may print."""
        return bool(self._streams)

    def step(self, milliseconds: float, others: tuple[int, ...] = ()) -> list[int]:
        """Wait for something to do and do it; returns those of ``others`` that can be read."""
        poll = select.poll()
        for fd in others:
            poll.register(fd, select.POLLIN)
        if self._talk is not None:
            poll.register(self._talk, select.POLLIN)
        if self._waiting:
            poll.register(self._up, select.POLLOUT)
        if self._pause:
            milliseconds = min(milliseconds, PAUSE_MILLISECONDS)
        else:
            for fd in self._streams:
                poll.register(fd, select.POLLIN)
        self._pause = False
        ready = [fd for fd, _ in poll.poll(milliseconds)]
        for fd in ready:
            if fd in self._streams:
                self._pause = not self._read(fd) or self._pause
        if self._talk in ready:
            self._answer()
        self.flush()
        return [fd for fd in ready if fd in others]

    def drain(self, most: int = 64) -> None:
        """Read what is in the pipes by now, at most so many chunks of each."""
        for fd in list(self._streams):
            for _ in range(most):
                if not self._read(fd):
                    break

    def finish(self, patience: float) -> None:
        """Read what is left, take unfinished lines for finished, and pass on all that waits.

        Gives up once nobody has taken anything for so many seconds.
        """
        self.drain()
        for stream, lines in self._streams.values():
            self._take(stream, lines.rest())
        self._streams.clear()
        left, until = self._bytes, time.monotonic() + patience
        while not self.flush() and time.monotonic() < until:
            self.step(100)
            if self._bytes < left:
                left, until = self._bytes, time.monotonic() + patience

    def send(self, message: dict[str, Any]) -> None:
        """Pass a message on, after all that was printed before."""
        data = json.dumps(message).encode() + b"\n"
        self._waiting.append(data)
        self._bytes += len(data)

    def flush(self) -> bool:
        """Pass on what can be passed on without waiting; returns True if nothing is left."""
        if self._left_out and self._bytes < BACKLOG // 2:
            text = f"[... {self._left_out} lines left out: more than could be shown]"
            self._left_out = 0
            self.send({"printed": [["", "stderr", text]]})
        try:
            while self._waiting:
                sent = os.write(self._up, self._waiting[0])
                self._bytes -= sent
                if sent < len(self._waiting[0]):
                    self._waiting[0] = self._waiting[0][sent:]
                else:
                    self._waiting.popleft()
        except BlockingIOError:
            return False
        except OSError:  # nobody reads any more
            self._waiting.clear()
            self._bytes = 0
        return True

    def last_lines(self, whose: str | None = None) -> list[str]:
        """Of a candidate, or of the one at work."""
        streams = [lines for _, lines in self._streams.values()]
        if whose is None:
            whose = streams[0].whose if streams else self._whose
        unfinished = [lines.present() for lines in streams if lines.whose == whose]
        return self._keeper.last_lines(whose, unfinished)

    def _read(self, fd: int) -> bool:
        """Read once; returns True if there may be more at once."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        stream, lines = self._streams[fd]
        if not data:
            self._take(stream, lines.rest())
            del self._streams[fd]
            return False
        self._take(stream, lines.feed(data))
        return len(data) == CHUNK

    def _take(self, stream: str, found: list[tuple[str, str]]) -> None:
        if found:
            self._whose = found[-1][0]
        shown = self._keeper.take(stream, found)
        if shown and self._bytes > BACKLOG:
            self._left_out += len(shown)
        elif shown:
            self.send({"printed": shown})

    def _answer(self) -> None:
        """Tell the worker the last lines of the candidates that it asks for."""
        assert self._talk is not None
        try:
            asked = os.read(self._talk, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            asked = b""
        if not asked:
            self._talk = None
            return
        self.drain()
        for whose in asked.decode().split():
            answer = json.dumps([whose, self.last_lines(whose)]).encode() + b"\n"
            try:
                os.write(self._talk, answer)  # some kilobytes: they fit
            except OSError:  # it is gone, or does not listen
                return


def main(arguments: list[str]) -> None:
    """Read until nobody can print any more."""
    out, err, talk, up = map(int, arguments[:4])
    scribe = Scribe(out, err, talk, up, *arguments[4:8])
    parent = os.getppid()
    while scribe.open and os.getppid() == parent:
        scribe.step(1000)
    scribe.finish(PATIENCE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
