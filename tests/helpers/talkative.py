"""Problems that print and log in all ways."""

import logging
import os
import subprocess
import sys
import threading

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


class Odd(pt.Problem):
    """Logs what JSON does not hold."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        ctx.log(model=object(), n=ctx.id)
        ctx.extra["raw"] = np.int64(ctx.id)
        return {"f": float(x[0]), "g": float(x[1])}
