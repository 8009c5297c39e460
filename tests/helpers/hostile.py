"""Candidates that do everything to their worker, and what becomes of each.

A name says what the candidate of that place does. ``RAISE`` can be done to any worker; ``KILL``
only to one that is a process of its own.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np

import paretide as pt


class Custom(BaseException):
    """Neither an Exception nor one of Python's own."""


class Mute(Exception):
    """Cannot be printed."""

    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


class MuteValue:
    """Cannot be printed either, nor asked for anything."""

    def __repr__(self):
        raise Custom

    def __getattr__(self, name):
        raise Custom(name)


class NoFloat:
    def __float__(self):
        raise KeyError("none")


class Two(dict):
    def items(self):
        raise Custom

    keys = values = __iter__ = items


def throw(error):
    raise error


def nested(levels):
    found = []
    for _ in range(levels):
        found = [found]
    return found


def cyclic():
    found = {}
    found["self"] = found
    return found


def recursive():
    return recursive()


def fork(what):
    if os.fork() == 0:
        what()


RAISE = {
    # what evaluate raises
    "Exception": lambda ctx: throw(Exception),
    "ValueError": lambda ctx: throw(ValueError("[/data/x] [bold]")),
    "StopIteration": lambda ctx: throw(StopIteration),
    "StopAsyncIteration": lambda ctx: throw(StopAsyncIteration),
    "GeneratorExit": lambda ctx: throw(GeneratorExit),
    "CancelledError": lambda ctx: throw(asyncio.CancelledError()),
    "KeyboardInterrupt": lambda ctx: throw(KeyboardInterrupt),
    "SystemExit": lambda ctx: sys.exit(),
    "SystemExit with a text": lambda ctx: sys.exit("bye"),
    "custom BaseException": lambda ctx: throw(Custom),
    "a group": lambda ctx: throw(BaseExceptionGroup("both", [ValueError(1), Custom()])),
    "one that cannot be printed": lambda ctx: throw(Mute()),
    "half a surrogate pair": lambda ctx: throw(ValueError("\ud800 and \0")),
    "a long message": lambda ctx: throw(ValueError("x" * 10_000_000)),
    "many lines": lambda ctx: throw(ValueError("a\nb\r\n\x1b[2J" * 1000)),
    "an unpicklable argument": lambda ctx: throw(ValueError(threading.Lock())),
    "recursion": lambda ctx: recursive(),
    "MemoryError": lambda ctx: throw(MemoryError),
    "no memory": lambda ctx: np.zeros(2**60),
    "AssertionError": lambda ctx: throw(AssertionError),
    "an unknown name": lambda ctx: nothing,  # noqa: F821 -- that is the point
    "a cause": lambda ctx: exec("try:\n 1/0\nexcept Exception as e:\n raise KeyError from e"),
    # what it returns
    "None": lambda ctx: None,
    "a text": lambda ctx: "f",
    "a number": lambda ctx: 3.0,
    "a list": lambda ctx: [1, 2],
    "a class": lambda ctx: dict,
    "a generator": lambda ctx: (i for i in "fg"),
    "other names": lambda ctx: {"a": 1.0, "b": 2.0},
    "too few": lambda ctx: {"f": 1.0},
    "too many": lambda ctx: {"f": 1.0, "g": 1.0, "h": 1.0},
    "texts": lambda ctx: {"f": "one", "g": "two"},
    "None as value": lambda ctx: {"f": None, "g": 0.0},
    "arrays": lambda ctx: {"f": np.zeros(2), "g": np.zeros((2, 2))},
    "complex numbers": lambda ctx: {"f": 1j, "g": 0.0},
    "NaN": lambda ctx: {"f": float("nan"), "g": 0.0},
    "infinity": lambda ctx: {"f": -float("inf"), "g": 0.0},
    "a huge integer": lambda ctx: {"f": 10**400, "g": 0.0},
    "no float": lambda ctx: {"f": NoFloat(), "g": 0.0},
    "mute values": lambda ctx: {"f": MuteValue(), "g": 0.0},
    "a lying mapping": lambda ctx: Two(f=1.0, g=1.0),
}
"""These fail."""

LOG = {
    "unpicklable": lambda ctx: ctx.log(a=threading.Lock(), b=lambda: 0, c=(i for i in "ab")),
    "mute": lambda ctx: ctx.log(a=MuteValue(), b=Mute(), c={MuteValue(): 1}),
    "deep": lambda ctx: ctx.log(a=nested(5000)),
    "cyclic": lambda ctx: ctx.log(a=cyclic()),
    "surrogates": lambda ctx: ctx.log(a="\ud800", b={"\udfff": "\0"}, **{"\ud800": 1}),
    "large": lambda ctx: ctx.log(a="x" * 20_000_000, b=np.zeros(3_000_000)),
    "integers": lambda ctx: ctx.log(a=10**5000, b=-(2**70)),
    "extra itself": lambda ctx: ctx.extra.update({"n": np.int64(3), 1: {2}, "f": open}),
    "no extra": lambda ctx: setattr(ctx, "extra", MuteValue()),
    "no reports": lambda ctx: setattr(ctx, "reports", [MuteValue(), 3]),
    "report twice": lambda ctx: (ctx.log(report="mine"), ctx.report(1, f=np.float32(1))),
    "another id": lambda ctx: (setattr(ctx, "id", -1), setattr(ctx, "seed", 0)),
    "its folder gone": lambda ctx: ctx.workdir.rmdir(),
    "control characters": lambda ctx: print("\x1b[2J\x1b]0;title\x07\x00 [red] \rover", end=""),
    "much output": lambda ctx: print("spam " * 20_000),
    "warnings": lambda ctx: warnings.warn("[bold]beware", stacklevel=1),
    "logging": lambda ctx: logging.getLogger("job").error("bad %s", "\x1b[31m"),
    "a thread that raises": lambda ctx: threading.Thread(target=throw, args=(Custom(),)).start(),
}
"""These succeed, whatever they log or print."""


def close_descriptors():
    os.closerange(3, 256)
    time.sleep(60)


def write_garbage():
    """Into every socket that this process has."""
    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                socket.socket(fileno=os.dup(number)).send(b"garbage " * 1000)


def half_a_message():
    """The head of a message, and then nothing more."""
    from paretide.engine.executors.messages import framed

    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, framed(b"x" * 10_000_000)[:1000])
    os._exit(0)


def die_and_leave_a_child():
    fork(lambda: (time.sleep(60), os._exit(0)))
    os.kill(os.getpid(), signal.SIGKILL)


def ignore_and_sleep():
    for which in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(which, signal.SIG_IGN)
    time.sleep(60)


KILL = {
    "os._exit(0)": lambda: os._exit(0),
    "os._exit(1)": lambda: os._exit(1),
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "a segmentation fault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "a child that outlives it": die_and_leave_a_child,
}
"""These take their worker with them: crashes."""

KILL_PROCESS = {
    "SIGTERM": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "garbage": write_garbage,
    "half a message": half_a_message,
    "closed descriptors": close_descriptors,
}
"""These, too; in a Ray actor the first is an exception, and the others take its node along."""

HANG = {
    "sleep": lambda: time.sleep(60),
    "busy": lambda: [None for _ in iter(int, 1)],
    "signals ignored": ignore_and_sleep,
    "stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "a command": lambda: subprocess.run(["sleep", "60"], check=False),
    "a lock of the interpreter": lambda: ctypes.PyDLL(None).sleep(60),
}
"""These never return: deadlines."""

FORK = {
    "child returns": lambda: fork(lambda: None),
    "child raises": lambda: fork(lambda: throw(Custom)),
    "child exits": lambda: fork(sys.exit),
    "child stays": lambda: fork(lambda: time.sleep(60)),
    "standard output closed": lambda: os.close(1),
    "stream closed": lambda: sys.stdout.close(),
}
"""These succeed, in one process."""


class Hostile(pt.Problem):
    """Every candidate does something else; those whose place is beyond the list do nothing.

    Args:
        kinds: Names of the lists above.
        folder: Where each notes that it was evaluated, by its number.
    """

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, kinds, folder):
        self.kinds = kinds
        self.folder = folder

    def evaluate(self, x, ctx):
        (Path(self.folder) / f"{ctx.id}-{time.monotonic_ns()}").touch()
        kind, deed = deeds(self.kinds).get(ctx.id, (None, None))
        good = {"f": float(x[0]), "g": float(1 - x[0] + x[1])}
        if kind is None:
            return good
        done = deed(ctx) if kind in ("RAISE", "LOG") else deed()
        return done if kind == "RAISE" else good


def deeds(kinds):
    """By id of a candidate: the list that it is of, and what it does. Candidate 0 does nothing."""
    listed = [(kind, deed) for kind in kinds for deed in globals()[kind].values()]
    return dict(enumerate(listed, 1))
