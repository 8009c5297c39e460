"""How tests say what ``pt.check`` must find, and parts that are wrong wherever they are."""

import re

import numpy as np
import pytest

import paretide as pt


def refused(thing, error, message, *arguments, **named):
    with pytest.raises(pt.errors.ParetideError) as caught:
        pt.check(thing, *arguments, **named)
    assert type(caught.value) is error, caught.value
    assert re.search(message, str(caught.value), re.DOTALL), caught.value


@pt.mutation
def in_place(X, space, rng):
    X[:, 0] = rng.random(len(X))
    return X


@pt.repair
def halved(X, space):
    return X / 2


@pt.duplicates
def nobody(X, others, space):
    return np.zeros(len(X), dtype=bool)


def survivors(rows):
    return pt.Survivors(np.asarray(rows), np.zeros(len(rows), dtype=int), np.zeros(len(rows)))


@pt.survival
def one_too_many(F, violation, size, rng, memory):
    return survivors(np.arange(len(F))[: size + 1])
