"""Round trips by two measures, a while each."""

import os
import time

import numpy as np
from permutations import Permutations

import paretide as pt


class Tour(pt.Problem):
    space = Permutations(9)
    objectives = {"hours": "min", "money": "min"}

    def evaluate(self, x, ctx):
        time.sleep(float(os.environ.get("SECONDS", "0")))
        step = np.abs(x - np.roll(x, 1))
        return {"hours": int((step**2 % 11).sum()), "money": int((step**3 % 13).sum())}
