"""The problems: seven like training jobs that take microseconds, five of engineering, one real.

All are minimized and free of noise but the real one. Candidates are rows of codes, as ``pt.Space``
has them: numbers as themselves, choices and ordered values by their position. Seven jobs:

    digits                  error and size of small networks, by networks fitted to real trainings
    quant                   error and kilobytes of a quantized network, all 59 049 candidates
    nbg-cora, nbg-arxiv     error and latency or size of graph networks (NAS-Bench-Graph, Qin et
                            al. 2022)
    syn-hpo                 twelve settings of one network: the best rate moves with the others, one
                            side of it diverges, two settings do nothing
    syn-cond                three families of models, each with settings that mean nothing to others
    syn-layers              one of six formats for each of 16 layers, sensitive in different degrees

The first four need tables: a folder ``data`` in the folder that ``--data`` names. ``scales.json``
has for each the range of its best known front and the hypervolume of that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import paretide as pt
from paretide.typing import FloatArray

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2] / "shared" / "efficiency"
"""Where the tables are unless somebody says otherwise: beside the checkout."""

REFERENCE = 1.1
"""In every objective, on the range of the best known front."""

Objectives = Callable[[FloatArray], FloatArray]


class Job(pt.Problem):
    """A problem with the scale that its results are measured by.

    Attributes:
        name: As the command line has it.
        lo, hi: (n_obj,) the range of the best known front.
        best: Its hypervolume on that range.
    """

    def __init__(self, name: str, scale: str, space: pt.Space, function: Objectives) -> None:
        found = json.loads((HERE / "scales.json").read_text())[scale]
        self.name, self.space, self.function = name, space, function
        self.lo, self.hi, self.best = np.array(found["lo"]), np.array(found["hi"]), found["hv"]
        self.objectives = {f"f{i + 1}": "min" for i in range(len(self.lo))}

    def evaluate(self, x: Mapping[str, Any], ctx: pt.Context) -> dict[str, float]:
        """One candidate at a time, as a training job is."""
        (values,) = self.values(self.space.row(x)[None])
        return dict(zip(self.objectives, values.tolist(), strict=True))

    def values(self, X: FloatArray) -> FloatArray:
        """(n, n_obj) of (n, n_var) codes."""
        return self.function(np.asarray(X, dtype=np.float64))

    def percent(self, F: FloatArray) -> float:
        """The hypervolume of (n, n_obj), in per cent of that of the best known front."""
        from paretide.operators.indicators import hypervolume

        scaled = (F - self.lo) / (self.hi - self.lo)
        return 100 * hypervolume(scaled, np.full(len(self.lo), REFERENCE)) / self.best


# -- from tables -----------------------------------------------------------------------------------

DIGITS = pt.Space(
    learning_rate=pt.Float(5e-4, 5e-2, log=True),
    depth=pt.Int(1, 3),
    width=pt.Int(2, 64, log=True),
    activation=pt.Choice(["relu", "tanh", "logistic"]),
    alpha=pt.Float(1e-6, 1.0, log=True),
    batch_size=pt.Ordinal([32, 64, 128, 256]),
    epochs=pt.Int(4, 20),
)
"""Of ``paretide.problems.training.digits:DigitsNetwork``."""


def table(data: Path, name: str) -> dict[str, FloatArray]:
    """The arrays of a file; a message says what to do if it is not there."""
    path = data / "data" / f"{name}.npz"
    if not path.is_file():
        raise SystemExit(f"{path} is missing: --data must name the folder that has data/{name}.npz")
    with np.load(path) as arrays:
        return dict(arrays)


def digits(data: Path) -> Job:
    """The mean logit of the error by an ensemble of three-layer networks, and an exact size."""
    arrays = table(data, "digits_surrogate")
    members = range(int(arrays["n"]))

    def function(X: FloatArray) -> FloatArray:
        rate, depth, width, activation, alpha, batch, epochs = X.T
        one_hot = (activation == k for k in range(3))
        known = np.column_stack(
            [np.log(rate), depth, np.log(width), *one_hot, np.log(alpha), batch, epochs]
        )
        inputs = (known - arrays["mu"]) / arrays["sd"]
        logits = np.zeros(len(X))
        for i in members:
            layer = inputs
            for part in "ab":
                layer = np.tanh(layer @ arrays[f"W{i}{part}"] + arrays[f"b{i}{part}"])
            logits += (layer @ arrays[f"W{i}c"] + arrays[f"b{i}c"])[:, 0]
        logit = logits / len(members) * float(arrays["ysd"]) + float(arrays["ymu"])
        parameters = 65 * width + (depth - 1) * (width + 1) * width + (width + 1) * 10
        return np.column_stack([100 / (1 + np.exp(-logit)), parameters])

    return Job("digits", "digits", DIGITS, function)


def looked_up(name: str, space: pt.Space, F: FloatArray) -> Job:
    """Five variables of nine values each, and a row of F (59 049, 2) for each candidate."""
    places = 9 ** np.arange(4, -1, -1)
    return Job(name, name, space, lambda X: F[X.astype(np.int64) @ places])


def quant(data: Path) -> Job:
    """The format of each of five layers."""
    layers = ("conv1", "conv2", "conv3", "dense1", "dense2")
    space = pt.Space({layer: pt.Ordinal(list(range(9))) for layer in layers})
    return looked_up("quant", space, table(data, "quant_table")["F"])


def graph_networks(name: str, second: str) -> Callable[[Path], Job]:
    """How four operations are linked, and which they are."""

    def made(data: Path) -> Job:
        names = ("link", "op0", "op1", "op2", "op3")
        space = pt.Space({name: pt.Choice(list(range(9))) for name in names})
        return looked_up(name, space, table(data, name.replace("-", "_"))[second])

    return made


# -- synthetic -------------------------------------------------------------------------------------


def syn_hpo(data: Path) -> Job:
    """Error and logarithmic cost of a network with twelve settings."""
    space = pt.Space(
        lr=pt.Float(1e-5, 1e-1, log=True),
        wd=pt.Float(1e-6, 1e-1, log=True),
        dropout=pt.Float(0, 0.6),
        width=pt.Int(8, 1024, log=True),
        depth=pt.Int(1, 8),
        batch=pt.Ordinal([16, 32, 64, 128, 256, 512]),
        optimizer=pt.Choice(["sgd", "adam", "adamw", "lion"]),
        activation=pt.Choice(["relu", "gelu", "tanh", "sigmoid"]),
        momentum=pt.Float(0, 0.99),
        warmup=pt.Float(0, 0.3),
        useless=pt.Float(0, 1),
        useless2=pt.Choice([0, 1, 2]),
    )
    best_rate = np.array([-1.6, -2.9, -3.0, -3.8])
    of_optimizer = np.array([0.0, 0.012, 0.0, 0.006])
    of_activation = np.array([0.0, 0.01, 0.03, 0.06])
    steps = np.array([0.0, 0.05, 0.05, 0.03])

    def function(X: FloatArray) -> FloatArray:
        lr, wd, dropout, width, depth, batch, _, _, momentum, warmup, _, _ = X.T
        optimizer, activation = X[:, 6].astype(int), X[:, 7].astype(int)
        size = 100 * width + depth * width**2
        best = best_rate[optimizer] - 0.25 * np.log10(width / 64) + 0.25 * (batch - 2)
        off = np.log10(lr) - best
        cliff = np.where(off > 0.9, 0.35 * (1 + np.tanh(4 * (off - 1.1))), 0.0)
        plain = np.where(optimizer == 0, 0.15 * (momentum - 0.9) ** 2, of_optimizer[optimizer])
        regular = (np.log10(wd) + 2.5) ** 2 / 6 + 2 * (dropout - 0.25) ** 2
        deep = 0.004 * np.maximum(0, depth - 4) ** 2 * (activation > 1)
        error = (
            0.04 + 0.9 * (size / 2e3 + 1) ** -0.32
            + 0.09 * off**2 + cliff + plain
            + 0.05 * np.log10(size / 1e4 + 1) * regular
            + of_activation[activation] * (1 + depth / 4) + deep
            + 0.15 * (warmup - 0.1) ** 2 + 0.01 * np.maximum(0, batch - 3) ** 2
        )  # fmt: skip
        cost = np.log10(size) + 0.12 * (4 - batch) + steps[optimizer]
        return np.column_stack([np.minimum(error, 0.9), cost])

    return Job("syn-hpo", "syn-hpo", space, function)


def syn_cond(data: Path) -> Job:
    """A linear model, trees or a network, and how the data are prepared."""
    space = pt.Space(
        family=pt.Choice(["linear", "trees", "network"]),
        C=pt.Float(1e-4, 1e3, log=True),
        trees=pt.Int(5, 1000, log=True),
        tdepth=pt.Int(1, 12),
        tlr=pt.Float(1e-3, 1, log=True),
        width=pt.Int(4, 512, log=True),
        layers=pt.Int(1, 5),
        lr=pt.Float(1e-5, 1e-1, log=True),
        drop=pt.Float(0, 0.7),
        prep=pt.Choice(["none", "scaled", "quantiles"]),
    )

    def function(X: FloatArray) -> FloatArray:
        family, C, trees, tdepth, tlr, width, layers, lr, drop, prep = X.T
        scaled, many, wide = prep == 1, np.log10(trees), np.log10(width)
        linear = 0.24 + 0.01 * (np.log10(C) + 0.5) ** 2 + 0.02 * ~scaled
        needed = 1.2 * np.log10(0.3 / tlr) + 1
        boosted = (
            0.11 + 0.12 * np.exp(-many / 0.8)
            + 0.006 * (tdepth - 6 + 2 * (many - 2)) ** 2
            + 0.03 * (many - needed) ** 2 + 0.01 * (prep == 2)
        )  # fmt: skip
        network = (
            0.06 + 0.35 * (width * layers / 4 + 1) ** -0.35
            + 0.05 * (np.log10(lr) + 2.7 + 0.2 * layers) ** 2
            + 0.3 * (drop - 0.1 - 0.05 * wide) ** 2 + 0.04 * ~scaled
        )  # fmt: skip
        costs = [
            0.3 + 0.02 * prep,
            0.6 + 0.8 * many + 0.12 * tdepth,
            0.5 + 0.75 * wide + 0.3 * layers,
        ]
        chosen = family.astype(int)
        cost = np.choose(chosen, costs) + 0.02 * prep
        return np.column_stack([np.choose(chosen, [linear, boosted, network]), cost])

    return Job("syn-cond", "syn-cond", space, function)


def syn_layers(data: Path) -> Job:
    """Error and kilobytes of 16 layers; neighbours that are both coarse do more harm."""
    n, rng = 16, np.random.default_rng(7)
    sizes = 10 ** rng.uniform(3, 6, n)
    sensitivity = 10 ** rng.uniform(-2.5, 0, n)
    bits = np.array([2, 3, 4, 5, 6, 8.0])
    loss = np.array([1.0, 0.35, 0.1, 0.03, 0.009, 0.0])
    space = pt.Space({f"layer{i}": pt.Ordinal([2, 3, 4, 5, 6, 8]) for i in range(n)})

    def function(X: FloatArray) -> FloatArray:
        formats = X.astype(int)
        harm = loss[formats] * sensitivity
        total = harm.sum(axis=1) + 0.75 * np.sqrt(harm[:, :-1] * harm[:, 1:]).sum(axis=1)
        error = 100 * (0.03 + 0.87 * (1 - np.exp(-total)))
        return np.column_stack([error, (sizes * bits[formats]).sum(axis=1) / 8 / 1024])

    return Job("syn-layers", "syn-layers", space, function)


# -- engineering and test functions ----------------------------------------------------------------


def numbers(low: list[float], high: list[float]) -> pt.Space:
    """Real variables x1, x2, ..."""
    bounds = zip(low, high, strict=True)
    return pt.Space({f"x{i}": pt.Float(a, b) for i, (a, b) in enumerate(bounds, 1)})


def re21(data: Path) -> Job:
    """Four-bar truss. Source: Tanabe, Ishibuchi 2020, "An easy-to-use real-world
    multi-objective optimization problem suite", Appl. Soft Comput. 89, as RE34 and RE37."""
    root = 2**0.5

    def function(X: FloatArray) -> FloatArray:
        a, b, c, d = X.T
        volume = 200 * (2 * a + root * b + np.sqrt(c) + d)
        shift = 10 * 200 / 2e5 * (2 / a + 2 * root / b - 2 * root / c + 2 / d)
        return np.column_stack([volume, shift])

    return Job("RE21", "RE21", numbers([1, root, root, 1], [3, 3, 3, 3]), function)


def polynomial(X: FloatArray, terms: str) -> FloatArray:
    """(n,) the sum of terms like "-0.3695ad": a number times variables, the first of which is a."""
    total = np.zeros(len(X))
    for term in terms.split():
        letters = term.lstrip("+-.0123456789")
        columns = X[:, [ord(letter) - ord("a") for letter in letters]]
        total += float(term.removesuffix(letters)) * columns.prod(axis=1)
    return total


VEHICLE = (
    "1640.2823 2.3573285a 2.3220035b 4.5688768c 7.7213633d 4.4559504e",
    "6.5856 1.15a -1.0427b 0.9738c 0.8364d -0.3695ad 0.0861ae 0.3628bd -0.1106aa "
    "-0.3437cc 0.1764dd",
    "-0.0551 0.0181a 0.1024b 0.0421c -0.0073ab 0.024bc -0.0118bd -0.0204cd -0.008ce -0.0241bb "
    "0.0109dd",
)
"""Mass, acceleration and intrusion of a crashing vehicle: RE34."""

INJECTOR = (
    "0.692 0.477a -0.687b -0.080c -0.0650d -0.167aa -0.0129ab 0.0796bb -0.0634ac -0.0257bc "
    "0.0877cc -0.0521ad 0.00156bd 0.00198cd 0.0184dd",
    "0.153 -0.322a 0.396b 0.424c 0.0226d 0.175aa 0.0185ab -0.0701bb -0.251ac 0.179bc 0.0150cc "
    "0.0134ad 0.0296bd 0.0752cd 0.0192dd",
    "0.370 -0.205a 0.0307b 0.108c 1.019d -0.135aa 0.0141ab 0.0998bb 0.208ac -0.0301bc -0.226cc "
    "0.353ad -0.0497cd -0.423dd 0.202aab -0.281aac -0.342abb -0.245bbc 0.281bcc "
    "-0.184add -0.281abc",
)
"""Temperatures of a rocket's injector: RE37; the variables are alpha, HA, OA and OPTT."""


def polynomials(name: str, low: float, high: float, n: int, terms: tuple[str, ...]) -> Job:
    """Objectives that are polynomials."""
    return Job(
        name, name, numbers([low] * n, [high] * n),
        lambda X: np.column_stack([polynomial(X, objective) for objective in terms]),
    )  # fmt: skip


def zdt1(data: Path) -> Job:
    """Of ten variables. Source: Zitzler, Deb, Thiele 2000."""

    def function(X: FloatArray) -> FloatArray:
        g = 1 + 9 * X[:, 1:].mean(axis=1)
        return np.column_stack([X[:, 0], g * (1 - np.sqrt(X[:, 0] / g))])

    return Job("ZDT1-10", "ZDT1-10", numbers([0] * 10, [1] * 10), function)


def dtlz2(data: Path) -> Job:
    """Of eight variables and three objectives. Source: Deb, Thiele, Laumanns, Zitzler 2002."""

    def function(X: FloatArray) -> FloatArray:
        g = ((X[:, 2:] - 0.5) ** 2).sum(axis=1)
        a, b = X[:, 0] * np.pi / 2, X[:, 1] * np.pi / 2
        sphere = np.column_stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])
        return (1 + g)[:, None] * sphere

    return Job("DTLZ2-8", "DTLZ2-8", numbers([0] * 8, [1] * 8), function)


# -- real ------------------------------------------------------------------------------------------


def trained_digits(data: Path) -> Job:
    """Every evaluation trains a network, a tenth of a second or more; needs scikit-learn."""
    from paretide.problems.training.digits import DigitsNetwork

    problem = DigitsNetwork()
    problem.setup(pt.Context(None, 0))

    def function(X: FloatArray) -> FloatArray:
        rows = [
            problem.evaluate(problem.space.candidate(x), pt.Context(0, training_seed(x))) for x in X
        ]
        return np.array([[row["error"], row["parameters"]] for row in rows])

    return Job("digits-training", "digits", problem.space, function)


def training_seed(x: FloatArray) -> int:
    """Of a candidate, so that the same one has the same error for every optimizer."""
    import zlib

    return zlib.crc32(np.asarray(x, dtype=np.float64).tobytes())


MAKERS: dict[str, Callable[[Path], Job]] = {
    "digits": digits,
    "quant": quant,
    "nbg-cora": graph_networks("nbg-cora", "latency"),
    "nbg-arxiv": graph_networks("nbg-arxiv", "para"),
    "syn-hpo": syn_hpo,
    "syn-cond": syn_cond,
    "syn-layers": syn_layers,
    "RE21": re21,
    "RE34": lambda data: polynomials("RE34", 1, 3, 5, VEHICLE),
    "RE37": lambda data: polynomials("RE37", 0, 1, 4, INJECTOR),
    "ZDT1-10": zdt1,
    "DTLZ2-8": dtlz2,
    "digits-training": trained_digits,
}
JOBS = tuple(MAKERS)[:7]
"""Like training jobs; the mean over them is what counts."""

FUNCTIONS = tuple(MAKERS)[7:12]


@cache
def job(name: str, data: Path = DATA) -> Job:
    """The problem of this name."""
    return MAKERS[name](data)
