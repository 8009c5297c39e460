"""Problems whose candidates do what none should, for workers that can import them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import paretide as pt

SPACE = pt.Real(0, 1, n=2)


class Base(pt.Problem):
    space = SPACE
    objectives = {"f": "min", "g": "min"}

    def __init__(self, folder=""):
        self.folder = folder

    def evaluate(self, x, ctx):
        self.misbehave(ctx)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class Hostile(Base):
    """Candidates that do what none should."""

    def misbehave(self, ctx):
        print("said by", ctx.id)
        if ctx.id == 1:
            raise asyncio.CancelledError
        if ctx.id == 2:
            raise KeyboardInterrupt
        if ctx.id == 3:
            ctx.extra["n"] = lambda: 0
        if ctx.id == 4 and os.fork() == 0:
            sys.exit(0)
        if ctx.id == 5:
            raise GeneratorExit
        if ctx.id == 6:
            os._exit(1)
        if ctx.id == 7:
            os.kill(os.getpid(), signal.SIGKILL)


class OnceBad(Base):
    """The third ``setup`` raises, and a worker dies so that there is a third."""

    def setup(self, ctx):
        with open(Path(self.folder) / "setups", "a") as file:
            file.write("x")
        if (Path(self.folder) / "setups").stat().st_size == 3:
            raise OSError("CUDA error: out of memory")

    def misbehave(self, ctx):
        if ctx.id in (5, 9):
            os._exit(1)


class SlowSetup(Base):
    def setup(self, ctx):
        time.sleep(60)

    def misbehave(self, ctx):
        pass


class Starts(Base):
    """Starts what outlives it, in sessions of their own, and hangs."""

    def misbehave(self, ctx):
        if ctx.id != 1:
            return
        sleeps = [sys.executable, "-c", "import time; time.sleep(120)"]
        child = subprocess.Popen(sleeps, start_new_session=True)
        daemon = subprocess.run(
            ["sh", "-c", 'setsid "$@" >/dev/null 2>&1 & echo $!', "sh", *sleeps],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        forked = os.fork()
        if forked == 0:
            os.setsid()
            if os.fork() == 0:
                (Path(self.folder) / f"{os.getpid()}.pid").touch()
            time.sleep(120)
            os._exit(0)
        for pid in (child.pid, int(daemon.stdout), forked):
            (Path(self.folder) / f"{pid}.pid").touch()
        time.sleep(60)


class NeverDone(Base):
    """Notes its worker, and has a teardown that does not end."""

    def setup(self, ctx):
        (Path(self.folder) / f"{os.getpid()}.pid").touch()

    def teardown(self):
        time.sleep(600)

    def misbehave(self, ctx):
        pass
