"""What a user writes outside of paretide, without a private name: algorithms and operators."""

from dataclasses import dataclass

import moocore
import numpy as np

import paretide as pt


@dataclass(frozen=True, kw_only=True)
class RandomSearch(pt.Algorithm):
    """Draws candidates uniformly and keeps the best."""

    size: int = 10

    def breed(self, parents, k, space, rng, memory):
        return pt.Uniform()(k, space, rng)


@pt.survival
def least_hypervolume_goes(F, violation, size, rng, memory):
    """SMS-EMOA: of the last front, who adds least to its hypervolume goes, one at a time.

    Source: N. Beume, B. Naujoks, M. Emmerich, "SMS-EMOA", EJOR 181(3), 2007, algorithm 2.
    """
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


SMS_EMOA = pt.Evolution(survival=least_hypervolume_goes, size=12, mode="steady", window=6)


@dataclass(frozen=True, kw_only=True)
class MovingMean(pt.Algorithm):
    """A Gaussian around the members; how wide, it remembers."""

    size: int = 10
    offspring: int = 6
    shrink: float = 0.9

    def breed(self, parents, k, space, rng, memory):
        width = memory.get("width", 0.3) * self.shrink
        memory["width"] = width
        rows = rng.integers(len(parents.X), size=k)
        X = parents.X[rows] + width * rng.standard_normal((k, space.n_var))
        return np.clip(X, space.low, space.high), np.column_stack([rows, rows])


@pt.crossover(parents=3)
def differential(A, B, C, space, rng):
    """DE's step from two parents to a third, both ways; outside of the bounds it stops at them."""
    step = rng.random((len(A), 1)) * (B - C)
    children = np.repeat(A, 2, axis=0)
    children[0::2] += step
    children[1::2] -= step
    return np.clip(children, space.low, space.high)


@pt.crossover
def blended(A, B, space, rng):
    """BLX: each child anywhere between its parents, or a little beyond them."""
    share = rng.uniform(-0.2, 1.2, (2, *A.shape))
    children = np.empty((2 * len(A), space.n_var))
    children[0::2] = A + share[0] * (B - A)
    children[1::2] = A + share[1] * (B - A)
    return np.clip(children, space.low, space.high)


@pt.survival
def near_the_ideal(F, violation, size, rng, memory):
    """Those that are nearest to the best ever seen of each objective, which is remembered.

    Equals stay at random; how often it was asked is remembered, too.
    """
    ideal = np.minimum(memory.get("ideal", np.inf), F.min(axis=0))
    memory["ideal"], memory["calls"] = ideal, memory.get("calls", np.zeros((), np.int64)) + 1
    distance = (F - ideal).max(axis=1).round(1 + int(memory["calls"]) % 3)
    rows = np.lexsort((rng.random(len(F)), distance, violation))[:size]
    return pt.Survivors(rows, np.arange(len(rows)), -distance[rows])


@pt.survival
def remembering(F, violation, size, rng, memory):
    """The best of both, and names in its memory that the engine has for candidates."""
    memory["best_X"] = np.minimum(F.min(axis=0), memory.get("best_X", np.inf))
    memory["X"], memory["parents_ids"] = np.array(len(F)), F[:0]
    return pt.RankAndCrowding()(F, violation, size, rng, memory)


@pt.screen(draws=3, least=5)
def near_the_good(pool, k, known, open, space, rng, memory):
    """Children near the candidate of the least sum of objectives, away from those under way.

    Once in a while where it looks is moved, and kept.
    """
    told = memory.get("told", np.array(0))
    if "there" not in memory or len(known.X) >= 1.3 * told:
        total = np.where(np.isnan(known.F).any(axis=1), np.inf, known.F.sum(axis=1))
        memory["there"] = known.X[np.argmin(total)] + rng.normal(0, 0.01, known.X.shape[1])
        memory["told"] = np.array(len(known.X))
    far = np.abs(pool - memory["there"]).sum(axis=1)
    if len(open):
        far = far - 0.1 * np.abs(pool[:, None] - open).sum(axis=2).min(axis=1)
    return np.argsort(far, kind="stable")[:k]


@dataclass(frozen=True)
class Searching(pt.Screen):
    """Picks children of the pool's best, and theirs, by what ``worth`` says of rows."""

    draws: int = 3
    least: int = 5

    def worth(self, rows, known):
        good = known.X[np.argsort(known.F.sum(axis=1), kind="stable")[:3]]
        return -np.abs(rows[:, None] - good).sum(axis=2).min(axis=1)

    def improve(self, pool, k, known, open, space, rng, memory, vary):
        memory["improved"] = memory.get("improved", np.array(0)) + 1
        for _ in range(2):
            best = pool[np.argsort(-self.worth(pool, known), kind="stable")[: 2 * k]]
            pool = np.concatenate([pool, vary(best[rng.integers(0, len(best), 4 * k)], rng)])
        return pool

    def __call__(self, pool, k, known, open, space, rng, memory):
        worth = self.worth(pool, known)
        drawn = np.argmin(worth)  # one that has hardly been made on the model
        worth[drawn] = np.inf if len(known.X) % 3 else worth[drawn]
        return np.argsort(-worth, kind="stable")[:k]


@dataclass(frozen=True)
class SearchingTexts(Searching):
    """The same, of a space of texts."""

    def worth(self, rows, known):
        return np.array([len(row[0]) for row in rows], dtype=float)


@pt.screen(draws=2, least=4)
def longest(pool, k, known, open, space, rng, memory):
    """Of a space of texts."""
    return np.argsort([-len(row[0]) for row in pool], kind="stable")[:k]
