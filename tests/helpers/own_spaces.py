"""Spaces that users write, with their operators and problems: orders, and texts of any length."""

import os
import signal
import time

import numpy as np

import paretide as pt
from paretide.operators.parts import crossover, mutation, sampling

LETTERS = "abcdef"
LONGEST = 12


@sampling
def shuffled(n, space, rng):
    return rng.permuted(np.tile(np.arange(space.n_var), (n, 1)), axis=1)


@crossover(parents=3)
def ordered(A, B, C, space, rng):
    """A slice of the first, then the others in the order of the second, or of the third."""
    children = np.empty((2 * len(A), space.n_var), dtype=space.dtype)
    for i, (first, *others) in enumerate(zip(A, B, C, strict=True)):
        begin, end = sorted(rng.integers(0, space.n_var + 1, 2))
        kept = first[begin:end]
        for j, other in enumerate(others):
            rest = other[~np.isin(other, kept)]
            children[2 * i + j] = np.concatenate([rest[:begin], kept, rest[begin:]])
    return children


@mutation
def swapped(X, space, rng):
    X = X.copy()
    for row in X:
        i, j = rng.integers(0, space.n_var, 2)
        row[[i, j]] = row[[j, i]]
    return X


class Tours(pt.SearchSpace):
    dtype = np.dtype(np.int64)
    operators = {"sampling": shuffled, "crossover": ordered, "mutation": swapped}

    def __init__(self, n):
        self.n_var = n

    def contains(self, X):
        return (np.sort(X, axis=1) == np.arange(self.n_var)).all(axis=1)


class ShortTours(Tours):
    """Stored by a byte an item."""

    def encode(self, X):
        return X.astype(np.uint8)

    def decode(self, encoded):
        return encoded.astype(np.int64)


@sampling
def words(n, space, rng):
    X = np.empty((n, 1), dtype=object)
    for i in range(n):
        X[i, 0] = "".join(rng.choice(list(LETTERS), rng.integers(0, LONGEST + 1)))
    return X


@crossover
def spliced(A, B, space, rng):
    children = np.empty((2 * len(A), 1), dtype=object)
    for i, (a, b) in enumerate(zip(A[:, 0], B[:, 0], strict=True)):
        cut = rng.integers(0, LONGEST // 2 + 1)
        children[2 * i, 0] = (a[:cut] + b[cut:])[:LONGEST]
        children[2 * i + 1, 0] = (b[:cut] + a[cut:])[:LONGEST]
    return children


@mutation
def respelled(X, space, rng):
    changed = X.copy()
    for i, word in enumerate(X[:, 0]):
        at = rng.integers(0, len(word) + 1)
        changed[i, 0] = (word[:at] + rng.choice(list(LETTERS)) + word[at + 1 :])[:LONGEST]
    return changed


class Texts(pt.SearchSpace):
    n_var = 1
    names = ("word",)
    dtype = np.dtype(object)
    operators = {"sampling": words, "crossover": spliced, "mutation": respelled}

    def encode(self, X):
        return [word.encode() for word in X[:, 0]]

    def decode(self, encoded):
        X = np.empty((len(encoded), 1), dtype=object)
        for i, text in enumerate(encoded):
            X[i, 0] = text.decode()
        return X

    def contains(self, X):
        return np.array(
            [type(w) is str and len(w) <= LONGEST and set(w) <= set(LETTERS) for w in X[:, 0]],
            dtype=bool,
        )


def _die_at(id, ctx):
    if ctx.id == id and not os.environ.get("SURVIVE"):
        os.kill(os.getpid(), signal.SIGKILL)


class Routes(pt.Problem):
    """Length of a tour by two clocks; ``die`` kills the process at that candidate.

    Each takes some ``seconds``.
    """

    objectives = {"hours": "min", "money": "min"}

    def __init__(self, n=7, short=False, die=None, seconds=0.0):
        self.space = ShortTours(n) if short else Tours(n)
        rng = np.random.default_rng(5)
        self.hours, self.money = rng.random((2, n, n))
        self.die, self.seconds = die, seconds

    def evaluate(self, x, ctx):
        assert x.dtype == np.int64
        _die_at(self.die, ctx)
        time.sleep(self.seconds)
        after = np.roll(x, -1)
        return {"hours": self.hours[x, after].sum(), "money": self.money[x, after].sum()}


class Words(pt.Problem):
    """Many letters, few of them the same."""

    space = Texts()
    objectives = {"length": "max", "doubles": "min"}

    def __init__(self, die=None):
        self.die = die

    def evaluate(self, x, ctx):
        assert type(x) is str
        _die_at(self.die, ctx)
        if len(x) == 3 and not os.environ.get("MENDED"):
            raise ValueError("three letters")
        return {"length": len(x), "doubles": len(x) - len(set(x))}


PROBLEMS = {
    "tours": Routes,
    "short": lambda **settings: Routes(short=True, **settings),
    "words": Words,
}
ALGORITHMS = {
    "generational": pt.NSGA2(size=8),
    "steady": pt.NSGA2(size=8, mode="steady", window=4),
    "concurrent": pt.ConcurrentDynamicNSGA2(start=4, max_size=16, base=8),
}
