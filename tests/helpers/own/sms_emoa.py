"""SMS-EMOA: of the last front, who adds least to its hypervolume goes, one at a time.

Source: N. Beume, B. Naujoks, M. Emmerich, "SMS-EMOA", EJOR 181(3), 2007, algorithm 2.
"""

import sys

import moocore
import numpy as np
from problem import Slow

import paretide as pt


@pt.survival
def least_hypervolume_goes(F, violation, size, rng, memory):
    rows = np.arange(len(F))
    while True:
        rank = pt.nondominated_rank(np.column_stack([F[rows], violation[rows]]))
        front = np.flatnonzero(rank == rank.max())
        points = F[rows[front]]
        adds = moocore.hv_contributions(points, ref=points.max(axis=0) + 1)
        if len(rows) <= size:
            score = np.zeros(len(rows))
            score[front] = adds
            return pt.Survivors(rows, rank, score)
        rows = np.delete(rows, front[np.argmin(adds)])


if __name__ == "__main__":
    store, budget, executor = sys.argv[1:]
    algorithm = pt.Evolution(survival=least_hypervolume_goes, size=10, mode="steady", window=4)
    pt.minimize(Slow(), algorithm, budget=int(budget), seed=3, store=store, executor=executor)
