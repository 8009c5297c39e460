"""Spaces in which a model can screen, and candidates of them."""

import numpy as np

import paretide as pt

MIXED = pt.Space(
    rate=pt.Float(1e-5, 1e-1, log=True), width=pt.Int(8, 512, log=True),
    depth=pt.Ordinal([1, 2, 4]), act=pt.Choice(["relu", "gelu", "tanh"]),
    fixed=pt.Int(3, 3), norm=pt.Bool(),
)  # fmt: skip
SPACES = {
    "real": pt.Real([0, -5, 1], [1, 5, 1]),
    "integer": pt.Integer(0, 9, n=3),
    "binary": pt.Binary(12),
    "mixed": MIXED,
}


def drawn(space, n, seed=0):
    return pt.Uniform()(n, space, np.random.default_rng(seed))
