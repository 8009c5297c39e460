"""What jobs print: taken from a worker as it comes, and shown with its candidate.

A worker tells its ``Outlet`` whom what is printed now is of. Behind it stands a scribe in a process
of its own (``scribe.py``), which reads the worker's standard output and error, file descriptors 1
and 2: print, logging, C code, commands and forked children alike. The driver passes lines to
``show``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from ..runs import screen
from .conditions import Conditions, Printed
from .lines import Lines, mark, plain
from .scribe import Keeper

PATIENCE_SECONDS = 2.0
"""For the scribe to answer: a failure is told without its last lines rather than late."""

CLOSING_SECONDS = 5.0
"""For the last lines to come: children of the job may go on printing."""


class Outlet(Protocol):
    """Where what a worker prints goes."""

    def begin(self, whose: str) -> None:
        """What is printed from now on is of this candidate, or of "setup"."""

    def last_lines(self, whose: str) -> list[str]:
        """What it has printed last."""


class Nowhere:
    """An outlet of those whose output nobody takes."""

    def begin(self, whose: str) -> None:
        """Nothing is to be told apart."""

    def last_lines(self, whose: str) -> list[str]:
        """Nothing is known."""
        return []


class ScribeOutlet:
    """A worker's side of the pipes that a scribe reads.

    Args:
        talk: Number of the socket to the scribe.
        token: Of the marks.
    """

    def __init__(self, talk: int, token: str) -> None:
        self._talk = talk
        self._token = token
        # Of its own: a job may put something else in their place.
        self._pipes = [os.dup(1), os.dup(2)]
        self._flush_c = _flush_of_c()
        for name, number in screen.STREAMS.items():
            _bind(name, number)

    def begin(self, whose: str) -> None:
        """Mark both streams, after all that was printed before; open them if a job closed them."""
        for number, pipe in zip(screen.STREAMS.values(), self._pipes, strict=True):
            try:
                os.fstat(number)
            except OSError:
                os.dup2(pipe, number)
        self._flush()  # only now: what a job printed to a closed one waits for this
        for name, number in screen.STREAMS.items():
            if getattr(getattr(sys, name), "closed", True):
                _bind(name, number)
        text = mark(self._token, whose)
        for pipe in self._pipes:
            with contextlib.suppress(OSError):  # closed by the job, or nobody reads
                os.write(pipe, text)

    def last_lines(self, whose: str) -> list[str]:
        """Ask the scribe, which knows all that was printed until now."""
        self._flush()
        answers = b""
        try:
            os.write(self._talk, whose.encode() + b"\n")
            while select.select([self._talk], [], [], PATIENCE_SECONDS)[0]:
                part = os.read(self._talk, 1 << 16)
                if not part:
                    break
                answers += part
                if answers.endswith(b"\n"):
                    of, lines = json.loads(answers.splitlines()[-1])
                    if of == whose:  # and no late answer to an earlier question
                        return list(map(str, lines))
        except (OSError, ValueError):  # closed by the job, or the scribe was ended
            pass
        return []

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            # Whatever a job has put there, it must not fail the next one.
            with contextlib.suppress(Exception):
                stream.flush()
        self._flush_c()


class Capture(ScribeOutlet):
    """Takes what this process prints from now on, by a scribe that it starts.

    For workers that somebody else has started, as Ray does its actors.

    Args:
        conditions: Of the executor; ``output`` says what becomes of it.
        run_id: Of the run.
        worker: Name of this worker.
        sink: Called in a thread with some lines at a time.
        relay: Given the number of the pipe that the scribe writes to, returns that of the one to
            read from instead.
    """

    def __init__(
        self,
        conditions: Conditions,
        run_id: str,
        worker: str,
        sink: Callable[[list[Printed]], None],
        relay: Callable[[int], int] = lambda number: number,
    ) -> None:
        self._worker = worker
        self._sink = sink
        import subprocess

        token = os.urandom(8).hex()
        ours, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(3)]  # out, err, and from the scribe to here
        (out, out_in), (err, err_in), (messages, up) = pipes
        numbers = (out, err, theirs.fileno(), up)
        script = Path(__file__).with_name("scribe.py")
        # Its own words would be read by itself: it has none, and nowhere to put them.
        self._scribe = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script), *map(str, numbers), token,
             conditions.output, conditions.output_folder(run_id), worker],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=numbers, start_new_session=True,
        )  # fmt: skip
        self._before = [os.dup(1), os.dup(2)]
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os.dup2(out_in, 1)
        os.dup2(err_in, 2)
        theirs.close()
        for number in (out, err, up, out_in, err_in):
            os.close(number)
        self._ours = ours
        super().__init__(ours.fileno(), token)
        messages = relay(messages)
        self._reader = threading.Thread(target=self._read, args=(messages,), daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Give the streams back, once all lines have gone to the sink."""
        self._flush()
        for number, before in zip((1, 2), self._before, strict=True):
            os.dup2(before, number)
            os.close(before)
        for pipe in self._pipes:
            os.close(pipe)
        self._ours.close()
        self._reader.join(CLOSING_SECONDS)
        self._scribe.terminate()
        self._scribe.wait()

    def _read(self, messages: int) -> None:
        with open(messages, "rb") as file:
            for text in file:
                if not text.endswith(b"\n"):  # the scribe was ended
                    break
                self._sink(read_printed(json.loads(text), self._worker))


class LocalOutlet:
    """What a job prints in a thread of this process, as far as Python code writes it.

    Streams are told apart by the thread that writes, since several runs and workers may go on in
    threads of one process. What C code, commands and forked children print goes straight to the
    process's own output: descriptors belong to all threads, and taking them could lose the words of
    a process that dies.

    Args:
        conditions: Of the executor; ``output`` says what becomes of it.
        run_id: Of the run.
        worker: Its name.
    """

    def __init__(self, conditions: Conditions, run_id: str, worker: str) -> None:
        self._worker = worker
        self._keeper = Keeper(conditions.output, conditions.output_folder(run_id), worker)
        self._lines = {name: Lines() for name in screen.STREAMS}
        self._whose = "setup"

    def begin(self, whose: str) -> None:
        """What is printed from now on is of this candidate."""
        screen.reopen()
        self._whose = whose

    def last_lines(self, whose: str) -> list[str]:
        """What it has printed last."""
        unfinished = [lines.present() for lines in self._lines.values() if lines.whose == whose]
        return self._keeper.last_lines(whose, unfinished)

    def write(self, stream: str, text: str) -> None:
        """Take in what was written to a stream."""
        lines = self._lines[stream]
        if lines.whose != self._whose:
            self._take(stream, lines.rest())
            lines.whose = self._whose
        self._take(stream, lines.feed(text.encode(errors="backslashreplace")))

    def close(self) -> None:
        """Take unfinished lines for finished."""
        for stream, lines in self._lines.items():
            self._take(stream, lines.rest())
        self._keeper.close()

    def _take(self, stream: str, found: list[tuple[str, str]]) -> None:
        show(Printed(self._worker, *line) for line in self._keeper.take(stream, found))


def read_printed(message: dict[str, Any], worker: str) -> list[Printed]:
    """The lines in a message of a scribe."""
    return [Printed(worker, *map(str, line)) for line in message.get("printed", ())]


def show(lines: Iterable[Printed]) -> None:
    """Write what jobs have printed to the streams of this process, above a live line.

    Every line has its candidate before it. No text is taken for markup, and none holds a control
    character.
    """
    for stream, printed in groupby(lines, key=lambda line: line.stream):
        screen.write(stream, "".join(f"{_labelled(line)}\n" for line in printed))


def _labelled(printed: Printed) -> str:
    whose = f"{printed.worker} setup".lstrip() if printed.whose == "setup" else printed.whose
    line = plain(printed.line)
    return f"[{whose}] {line}" if whose else line


def announce(conditions: Conditions, run_id: str) -> None:
    """Say where the output of jobs goes, if it goes to files."""
    if conditions.output == "file":
        folder = conditions.output_folder(run_id)
        show([Printed("", "", "stderr", f"what the jobs print is written to files in {folder}")])


def with_last_words(detail: str, lines: Iterable[str], file: str = "") -> str:
    """A failure's detail with what the candidate printed last, and the file of all of it."""
    said = "\n".join(lines)
    if said:
        detail = f"{detail.rstrip()}\nthe last that it printed:\n{said}"
        if file:
            detail = f"{detail}\nall that it printed: {file} on {socket.gethostname()}"
    return detail.lstrip()


def output_file(conditions: Conditions, run_id: str, whose: str) -> str:
    """Path of the file of a candidate's output; "" if it goes to none."""
    if conditions.output != "file":
        return ""
    return os.path.join(conditions.output_folder(run_id), f"candidate-{whose}.txt")


def _bind(name: str, number: int) -> None:
    """Have ``sys.stdout`` or ``sys.stderr`` write to that descriptor, line by line.

    In UTF-8, as the scribe reads, and what cannot be encoded as escapes.
    """
    stream = getattr(sys, name)
    try:
        if stream.fileno() == number:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
            return
    except (AttributeError, OSError, ValueError):  # none, closed, or of another kind
        pass
    own = open(  # noqa: SIM115 -- as long as the process lives
        number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
    )
    setattr(sys, name, own)


def _flush_of_c() -> Callable[[], None]:
    """Flushes what C code prints, which it holds back where there is no terminal."""
    import ctypes

    library = ctypes.CDLL(None)
    streams = []
    for name in ("stdout", "__stdoutp"):  # GNU and musl; macOS
        with contextlib.suppress(ValueError):  # it has none of this name
            streams.append(ctypes.c_void_p.in_dll(library, name))

    def flush() -> None:
        for stream in streams:
            library.fflush(stream)

    return flush
