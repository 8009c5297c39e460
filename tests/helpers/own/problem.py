"""A job that takes a while, so that its run can be killed in the middle."""

import os
import time

import paretide as pt


class Slow(pt.Problem):
    space = pt.Real(0, 1, n=4)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        time.sleep(float(os.environ.get("SECONDS", "0")))
        return {"f": float(x[0]), "g": float(1 - x[0] ** 0.5 + (x[1:] ** 2).sum())}
