"""Problems that print and log in all ways."""

import logging
import os
import subprocess
import sys
import threading
import time

import numpy as np

import paretide as pt


class Talkative(pt.Problem):
    """Prints in all ways; some of its candidates fail, one dies, one hangs."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}
    others = ()  # ways that take more than Python's streams

    def __init__(self, fatal=False, breaks=False):
        self.fatal = fatal
        self.breaks = breaks

    def setup(self, ctx):
        if self.breaks:
            print("looking for data")
            raise RuntimeError("no data here")
        print("ready")

    def evaluate(self, x, ctx):
        print(f"out {ctx.id}")
        print(f"err {ctx.id} [bold]\x1b[2J", file=sys.stderr)
        logging.getLogger("job").warning("logged %d", ctx.id)
        if "command" in self.others:
            subprocess.run(["echo", f"command {ctx.id}"], check=True)
            os.write(2, f"written {ctx.id}\n".encode())
        print("unfinished", end="")
        if ctx.id == 2:
            raise ValueError("no")
        if self.fatal and ctx.id == 3:
            os._exit(1)
        if self.fatal and ctx.id == 4:
            threading.Event().wait()
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class TalkativeWorker(Talkative):
    others = ("command",)


class Closes(pt.Problem):
    """Candidates that close what the next ones print to."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, descriptors):
        self.descriptors = descriptors

    def evaluate(self, x, ctx):
        print(f"out {ctx.id}")
        print(f"err {ctx.id}", file=sys.stderr)
        if ctx.id == 1:
            sys.stdout.close()
        elif ctx.id == 2:
            sys.stdout = sys.stderr = None
        elif ctx.id == 3 and self.descriptors:
            os.close(1)
            print("unheard", end="")
        return {"f": float(x[0]), "g": float(x[1])}


class Odd(pt.Problem):
    """Logs what JSON does not hold."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        ctx.log(model=object(), n=ctx.id)
        ctx.extra["raw"] = np.int64(ctx.id)
        return {"f": float(x[0]), "g": float(x[1])}


class Told(pt.Problem):
    """Logs what its worker was told: its GPUs, variables and threads."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        time.sleep(0.03)  # so that every worker gets some
        ctx.log(
            device=list(ctx.device), visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
            threads=os.environ.get("OMP_NUM_THREADS"), mkl=os.environ.get("MKL_NUM_THREADS"),
            mine=os.environ.get("MINE"),
        )  # fmt: skip
        return {"f": float(x[0]), "g": float(x[1])}


class FlakySetup(pt.Problem):
    """Its setup fails or hangs in one worker, by number; some candidates end their worker."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, folder, fails=0, hangs=0):
        self.folder = folder
        self.fails = fails
        self.hangs = hangs

    def setup(self, ctx):
        log = os.open(os.path.join(self.folder, "setups"), os.O_CREAT | os.O_APPEND | os.O_RDWR)
        os.write(log, b"x")
        number = os.fstat(log).st_size
        if number == self.fails:
            raise OSError("out of memory")
        if number == self.hangs:
            time.sleep(60)

    def evaluate(self, x, ctx):
        if ctx.id in (5, 12):
            os._exit(1)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}
