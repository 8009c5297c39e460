"""What ``pt.check`` finds of spaces and problems that break one rule each."""

import random

import numpy as np
import own_spaces
import pytest
import toy
from refusing import in_place, refused

import paretide as pt
from paretide.errors import (
    ConfigurationError,
    ContractError,
    RuleBroken,
    ShapeError,
)

OWN = np.random.default_rng(1)


# -- spaces ----------------------------------------------------------------------------------------


class Numbers(pt.SearchSpace):
    """A right one, for those that follow to spoil."""

    dtype = np.dtype(np.float64)
    n_var = 2

    @property
    def operators(self):
        return {"sampling": pt.sampling(lambda n, space, rng: rng.random((n, 2)))}

    def contains(self, X):
        return ((X >= 0) & (X <= 1)).all(axis=1)


class NoDtype(Numbers):
    dtype = float


class OneName(Numbers):
    names = ("a",)


class Bits(Numbers):
    dtype = np.dtype(np.bool_)


class Narrow(Numbers):
    def contains(self, X):
        return (X < 0.5).all(axis=1)


class OneAnswer(Numbers):
    def contains(self, X):
        return True


class Rounds(Numbers):
    def encode(self, X):
        return X.astype(np.float32)


class RoundsUnseen(Rounds):
    def decode(self, encoded):
        return encoded.astype(np.float64)

    def key(self, X):
        return super().key(X.astype(np.float32))


class Shrinks(Numbers):
    def encode(self, X):
        return X[:, :1]

    def decode(self, encoded):
        return np.hstack([encoded, encoded])


class OneKey(Numbers):
    def key(self, X):
        return [b"key"] * len(X)


class Texts(Numbers):
    def key(self, X):
        return [str(x) for x in X]


class Counts(Numbers):
    def key(self, X):
        return [key + bytes([len(X)]) for key in super().key(X)]


class Clears(Numbers):
    def key(self, X):
        keys = super().key(X)
        X[:] = 0
        return keys


class Shares(Numbers):
    def candidate(self, row):
        return row


class Forgetful(Numbers):
    def row(self, candidate):
        return np.zeros(2)


class Strange(Numbers):
    def show(self, row):
        return {"y0": 1.0}


class Arrays(Numbers):
    def show(self, row):
        return {"x0": row, "x1": 2}


class Random(Numbers):
    def __init__(self):
        self.offset = float(OWN.random())

    def describe(self):
        return {"kind": "mine", "offset": self.offset}


class Kindless(Numbers):
    def describe(self):
        return {"offset": 1}


class NoJSON(Numbers):
    def describe(self):
        return {"kind": "mine", "function": print}


class Active(Numbers):
    def active(self, X):
        return np.ones(len(X), dtype=bool)


class Raises(Numbers):
    def show(self, row):
        raise KeyError("label")


class BadOperators(Numbers):
    @property
    def operators(self):
        return {**super().operators, "mutation": in_place}


class Lists(own_spaces.Texts):
    """Objects that can be changed, and are handed out as they are."""

    operators = {
        "sampling": pt.sampling(lambda n, space, rng: _lists(rng.integers(0, 9, n)))
    }  # fmt: skip

    def contains(self, X):
        return np.ones(len(X), dtype=bool)

    def encode(self, X):
        return [bytes(row) for row in X[:, 0]]

    def decode(self, encoded):
        return _lists([row[0] for row in encoded])

    def candidate(self, row):
        return row[0]


def _lists(numbers):
    X = np.empty((len(numbers), 1), dtype=object)
    for i, number in enumerate(numbers):
        X[i, 0] = [int(number)]
    return X


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        (NoDtype, ConfigurationError, r"NoDtype must have a dtype of numbers, .*<class 'float'>"),
        (OneName, ConfigurationError, r"OneName.names must be 2 different names"),
        (Bits, ShapeError, r"returned .* float64; expected .* dtype bool"),
        (Narrow, ShapeError, r"returned rows outside the space"),
        (OneAnswer, ShapeError, r"OneAnswer.contains returned .*expected \(n,\) bool"),
        (Rounds, ShapeError, r"Rounds.decode: .* float32; expected .* float64"),
        (RoundsUnseen, ConfigurationError, r"RoundsUnseen: decode\(encode\(X\)\) must give X back"),
        (Shrinks, ConfigurationError, r"Shrinks: decode\(encode\(X\)\) must give X back"),
        (OneKey, RuleBroken, r"OneKey.key returned b'key'; expected different keys .*all 20"),
        (Texts, RuleBroken, r"Texts.key returned .* expected a list of 20 bytes"),
        (Counts, RuleBroken, r"Counts.key returned .*for row 0, as when it is among others"),
        (Clears, RuleBroken, r"Clears.key changed the candidates that it was given"),
        (Shares, RuleBroken, r"Shares.candidate returned .*expected a copy"),
        (Forgetful, RuleBroken, r"Forgetful.row returned array\(\[0., 0.\]\); expected \[0"),
        (Strange, RuleBroken, r"Strange.show returned .*names out of \['x0', 'x1'\], not \['y0'\]"),
        (Arrays, RuleBroken, r"Arrays.show returned .*expected numbers, .* not a ndarray as 'x0'"),
        (Random, RuleBroken, r"Random.describe returned .*one that was made again"),
        (Kindless, RuleBroken, r"Kindless.describe returned .* expected a mapping that says its"),
        (NoJSON, ConfigurationError, r"NoJSON is described by .* which JSON cannot hold"),
        (Active, RuleBroken, r"Active.active returned .* expected an array of shape \(20, 2\)"),
        (Raises, RuleBroken, r"Raises.* raised KeyError: 'label', in show"),
        (BadOperators, RuleBroken, r"in_place changed X, which it was given"),
        (Lists, RuleBroken, r"Lists.candidate returned \[\d\]; expected a copy"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_spaces(kind, error, message):
    refused(kind(), error, message)


# -- problems --------------------------------------------------------------------------------------


class Unnamed(toy.Schaffer):
    def evaluate(self, x, ctx):
        return {"left": 1.0}


class Together(pt.Problem):
    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min"}

    def evaluate_batch(self, X):
        return X[:, :1] - X.mean()


class Wide(Together):
    def evaluate_batch(self, X):
        return X


class Cheap(toy.Schaffer):
    def cost(self, x):
        return 0


class Dear(toy.Schaffer):
    def cost(self, x):
        return OWN.random()


class Lucky(toy.Schaffer):
    def cost(self, x):
        return 1 + random.random()


class Elsewhere(toy.Schaffer):
    space = OneKey()


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (Unnamed(), ContractError, r"Unnamed, candidate 0: .*missing \['right'\]"),
        (Together(), RuleBroken, r"Together.evaluate_batch gave row 0 \[.* among 4, and .* alone"),
        (Wide(), ContractError, r"Wide, candidate 0: F must have shape \(4, 1\), got \(4, 3\)"),
        (Cheap(), ConfigurationError, r"Cheap.cost\(x\) must return a number above 0"),
        (Dear(), RuleBroken, r"Dear.cost gave a candidate .*expected a plain function"),
        (Lucky(), RuleBroken, r"Lucky.cost' moved the global generator of Python"),
        (Elsewhere(), RuleBroken, r"OneKey.key returned"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, pt.Problem) else None,
)
def test_problems(problem, error, message):
    refused(problem, error, message)


def test_the_right_one_that_was_spoilt_is_right():
    assert pt.check(Numbers()).remarks == ()
