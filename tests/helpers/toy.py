"""Small problems that workers can import."""

import math
import os
import random
import time
from pathlib import Path

import numpy as np

import paretide as pt


class Schaffer(pt.Problem):
    """One at a time, with a seed and a logged value."""

    space = pt.Real(-10, 10, n=2)
    objectives = {"left": "min", "right": "max"}

    def evaluate(self, x, ctx):
        ctx.log(seed=ctx.seed, id=ctx.id)
        return {"left": float(np.sum(x**2)), "right": -float(np.sum((x - 2) ** 2))}


class Mixed(pt.Problem):
    """Named, mixed variables, constrained."""

    space = pt.Space(
        rate=pt.Float(1e-5, 1e-1, log=True),
        width=pt.Int(4, 256, log=True),
        kind=pt.Choice(["a", "b", "c"]),
        flag=pt.Bool(),
        step=pt.Ordinal([16, 32, 64]),
    )
    objectives = {"cost": "min", "gain": "max"}
    constraints = {"size": pt.upper(150)}

    def __init__(self, scale=1.0):
        self.scale = scale

    def evaluate(self, x, ctx):
        penalty = {"a": 0.0, "b": 1.0, "c": 2.0}[x["kind"]] + x["flag"]
        gain = math.log(x["width"]) - abs(math.log10(x["rate"]) + 3) - 0.001 * x["step"]
        return {"cost": self.scale * x["width"] + penalty, "gain": gain, "size": x["width"]}


class Flaky(pt.Problem):
    """Raises for a quarter of its candidates, returns NaN for another quarter."""

    space = pt.Real(0, 1, n=4)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        if ctx.id % 4 == 0:
            raise ValueError(f"candidate {ctx.id} is bad")
        f, g = float(x[0]), float(1 - x[0] + np.sum(x[1:]))
        return {"f": f, "g": float("nan") if ctx.id % 4 == 1 else g}


class Deadly(pt.Problem):
    """Ends its process: always for some candidates, the first time only for others."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, folder):
        self.folder = folder

    def evaluate(self, x, ctx):
        if ctx.id == 3:
            os._exit(17)
        first = Path(self.folder) / f"seen-{ctx.id}"
        if ctx.id in (5, 6) and not first.exists():
            first.touch()
            os._exit(18)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class BadSetup(pt.Problem):
    """Its setup fails."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def setup(self, ctx):
        raise RuntimeError("no data here")

    def evaluate(self, x, ctx):
        return {"f": 0.0, "g": 0.0}


class CountingSetup(pt.Problem):
    """Writes a line for every setup, with its process and seed."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, log):
        self.log = log
        self.ready = 0

    def setup(self, ctx):
        self.ready += 1
        with open(self.log, "a") as file:
            file.write(f"{os.getpid()} {ctx.id} {ctx.seed}\n")

    def evaluate(self, x, ctx):
        if self.ready != 1:
            raise RuntimeError(f"setup ran {self.ready} times")
        time.sleep(0.005)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class Slow(pt.Problem):
    """Takes a while, so that it can be killed in the middle; its candidates cost unequally."""

    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min", "g": "min"}

    def cost(self, x):
        return 1 + 3 * float(x[1])

    def evaluate(self, x, ctx):
        time.sleep(0.002)
        ctx.log(twice=2 * float(x[0]))
        return {"f": float(x[0]), "g": float(1 - x[0] ** 0.5 + np.sum(x[1:] ** 2))}


class BatchWithCulprit(pt.Problem):
    """A batch fails if one of its rows is bad."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}
    batch_size = 8

    def evaluate_batch(self, X):
        if (X[:, 0] > 0.6).any():
            raise ValueError("a row above 0.6")
        return np.stack([X[:, 0], 1 - X[:, 0] + X[:, 1]], axis=1)


class WrongNames(pt.Problem):
    """Returns other names than it declares."""

    space = pt.Real(0, 1, n=2)
    objectives = {"cost": "min", "gain": "max"}

    def evaluate(self, x, ctx):
        return {"cost": 0.0, "profit": 1.0}


class WrongShape(pt.Problem):
    """Returns another shape than it declares."""

    space = pt.Real(0, 1, n=2)
    objectives = {"cost": "min", "gain": "max"}

    def evaluate_batch(self, X):
        return np.zeros((len(X), 3))


class Tiny(pt.Problem):
    """Eight candidates in all."""

    space = pt.Integer(0, 1, n=3)
    objectives = {"a": "max", "b": "min"}

    def evaluate_batch(self, X):
        return np.stack([X.sum(axis=1), X[:, 0] * 1.0], axis=1).astype(float)


class Hopeless(pt.Problem):
    """Every candidate fails."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        return {"f": 1 / 0, "g": 0.0}


class Dice(pt.Problem):
    """Few candidates, all named; values depend on the seed, and some of the seeds fail."""

    space = pt.Space(
        kind=pt.Choice(["a", "b", "c"]), flag=pt.Bool(), step=pt.Ordinal([1, 2, 4]), n=pt.Int(0, 2)
    )
    objectives = {"f": "min", "g": "min"}

    def cost(self, x):
        return float(x["step"])

    def evaluate(self, x, ctx):
        chance = np.random.default_rng(ctx.seed).random()
        if chance < 0.2:
            raise ValueError("unlucky")
        return {"f": x["n"] + chance, "g": 4 - x["n"] + chance * x["step"] + x["flag"]}


class Trouble(pt.Problem):
    """Hangs for some candidates, raises for others; some of either only the first time."""

    hangs = True

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, folder):
        self.folder = folder

    def first(self, id):
        seen = Path(self.folder) / f"tried-{id}-{time.monotonic_ns()}"
        seen.touch()
        return len(list(Path(self.folder).glob(f"tried-{id}-*"))) == 1

    def evaluate(self, x, ctx):
        (ctx.workdir / "notes.txt").write_text(f"candidate {ctx.id}")
        first = self.first(ctx.id)
        if self.hangs and (ctx.id == 5 or (ctx.id == 7 and first)):
            time.sleep(1000)
        if ctx.id == 9 or (ctx.id == 11 and first):
            raise ValueError(f"candidate {ctx.id} is bad")
        stop = ctx.report(1, f=float(x[0]))
        ctx.log(stop=stop, device=list(ctx.device), left=ctx.deadline is not None)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class Untroubled(Trouble):
    """Without those that hang."""

    hangs = False


class Teardown(pt.Problem):
    """Writes a line when its worker is dismissed, of its process and itself."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, log):
        self.log = log

    def teardown(self):
        with open(self.log, "a") as file:
            file.write(f"{os.getpid()}-{id(self)}\n")

    def evaluate(self, x, ctx):
        time.sleep(0.01)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class Picky(pt.Problem):
    """Fails in a part of its space."""

    space = pt.Space(rate=pt.Float(1e-4, 1e0, log=True), kind=pt.Choice(["a", "b"]), n=pt.Int(1, 8))
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        if x["rate"] > 0.1:
            raise ValueError("diverged")
        if x["kind"] == "b" and x["n"] > 6:
            raise MemoryError("too large")
        return {"f": x["rate"], "g": 1.0 / x["n"]}


class Misjudged(pt.Problem):
    """The first takes much longer than it says, from when the other worker is there as well."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, other):
        self.other = other

    def evaluate(self, x, ctx):
        if ctx.id:
            self.other.touch()
            time.sleep(0.001)
        else:
            patience = time.monotonic() + 60
            while not self.other.exists() and time.monotonic() < patience:
                time.sleep(0.01)
            time.sleep(0.6)
        return {"f": float(x[0]), "g": float(x[1])}


class Sharing(pt.Problem):
    """Reads data that the executor shares, and says where it lies and whether it may be changed."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def setup(self, ctx):
        self.total = float(ctx.shared["images"].sum()) if ctx.shared else 0.0

    def evaluate(self, x, ctx):
        images = ctx.shared["images"]
        ctx.log(
            total=self.total, writable=images.flags.writeable, owner=images.flags.owndata,
            label=ctx.shared["labels"][1], names=sorted(ctx.shared),
        )  # fmt: skip
        return {"f": float(images[0, 0] + x[0]), "g": float(x[1])}


class Sleepy(Schaffer):
    """Each takes a twentieth of a second."""

    def evaluate(self, x, ctx):
        time.sleep(0.05)
        return super().evaluate(x, ctx)


class Unforeseen(Slow):
    """Takes a time that nobody can foresee."""

    def evaluate(self, x, ctx):
        time.sleep(random.SystemRandom().random() * 0.01)
        return super().evaluate(x, ctx)
