"""Roles, and how functions and dataclasses become parts."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from paretide.errors import ConfigurationError
from paretide.operators import parts

X = np.zeros((2, 3))


@parts.sampling
def zeros(n, space, rng):
    return np.zeros((n, space))


@parts.mating
def first(rank, score, k, parents, rng):
    return np.zeros((k, parents), dtype=np.int64)


@parts.crossover
def both(A, B, space, rng):
    """As they are."""
    return np.concatenate([A, B])


@parts.crossover(parents=3)
def three(A, B, C, space, rng):
    return np.concatenate([A, B])


@parts.mutation
def still(X, space, rng):
    return X.copy()


@parts.repair
def in_order(X, space):
    return np.sort(X, axis=1)


@parts.survival
def oldest(F, violation, size, rng, memory):
    return parts.Survivors(np.arange(size), np.zeros(size, int), np.zeros(size))


@parts.duplicates
def nobody(X, others, space):
    return np.zeros(len(X), dtype=bool)


@dataclass(frozen=True)
class Shift(parts.Mutation):
    by: float = 0.5

    def __call__(self, X, space, rng):
        return X + self.by


FUNCTIONS = {
    zeros: parts.Sampling,
    first: parts.Mating,
    both: parts.Crossover,
    three: parts.Crossover,
    still: parts.Mutation,
    in_order: parts.Repair,
    oldest: parts.Survival,
    nobody: parts.Duplicates,
}


@pytest.mark.parametrize(("part", "role"), FUNCTIONS.items(), ids=repr)
def test_a_decorated_function_is_a_part_of_its_role_alone(part, role):
    assert [r for r in parts.ROLES if isinstance(part, r)] == [role]
    assert parts.read_part("part", role, part) is part
    name = part.function.__name__
    assert repr(part) == part.__name__ == part.__qualname__ == name
    assert part.__module__ == __name__
    assert globals()[name] is part
    with pytest.raises(AttributeError, match=f"{name} cannot be changed"):
        part.function = print


def test_it_is_called_as_the_function_is():
    assert zeros(2, 3, None).shape == (2, 3)
    assert both(X, X, None, None).shape == (4, 3)
    assert both.__doc__ == "As they are."
    assert (both.parents, three.parents) == (2, 3)
    assert oldest(X, X[0], 2, None, {}).rows.tolist() == [0, 1]


def test_parts_of_one_function_are_equal_and_of_others_not():
    again = parts.crossover(both.function)
    assert again == both
    assert hash(again) == hash(both)
    assert parts.crossover(parents=1)(lambda *all: all) != both
    assert len(set(FUNCTIONS)) == len(FUNCTIONS)
    assert copy.deepcopy(both) is both


def test_it_is_pickled_by_its_name(monkeypatch):
    import sys
    import types

    module = types.ModuleType("part_of_a_test")
    monkeypatch.setitem(sys.modules, "part_of_a_test", module)
    code = (
        "from paretide.operators.parts import mutation\n"
        "@mutation\ndef still(X, space, rng):\n    return X\n"
    )
    exec(code, vars(module))
    assert pickle.loads(pickle.dumps(module.still)) is module.still

    @parts.mutation
    def local(X, space, rng):
        return X

    with pytest.raises((pickle.PicklingError, AttributeError), match="local"):
        pickle.dumps(local)


def test_a_dataclass_has_its_settings_alone():
    assert parts.read_part("mutation", parts.Mutation, Shift(2.0)) == Shift(by=2.0)
    assert repr(Shift()) == "Shift(by=0.5)"
    with pytest.raises(FrozenInstanceError):
        Shift().by = 1.0


class Nothing(parts.Crossover):
    pass


class Keywords(parts.Mutation):
    def __call__(self, *, X, space, rng):
        return X


class Alone(parts.Crossover):
    parents = 0

    def __call__(self, space, rng):
        return space


@pytest.mark.parametrize(
    ("role", "wrong", "message"),
    [
        (parts.Mutation, Shift, r"mutation must be a Mutation, got .*; write Shift\(\) with its"),
        (parts.Mutation, len, r"put @pt.mutation above the function"),
        (parts.Mutation, lambda X, space, rng: X, r"put @pt.mutation above the function"),
        (parts.Mutation, both, r"got both; this one is a Crossover"),
        (parts.Survival, 3, r"got 3; subclass pt.Survival, or put @pt.survival above a function"),
        (parts.Crossover, Nothing(), r"Nothing needs __call__\(self, A, B, space, rng\)"),
        (parts.Crossover, Alone(), r"parents of .* must be a whole number >= 1, got 0"),
        (parts.Mutation, Keywords(), r"takes \(\*, X, space, rng\); .* with \(X, space, rng\)"),
    ],
    ids=str,
)
def test_what_is_no_part_is_refused_with_what_would_be_one(role, wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        parts.read_part(role.__name__.lower(), role, wrong)


def test_a_role_alone_says_what_it_needs():
    with pytest.raises(NotImplementedError, match=r"Nothing needs __call__\(self, space, rng\)"):
        Nothing()(X, X, None, None)


@pytest.mark.parametrize(
    ("decorate", "wrong", "message"),
    [
        (parts.mutation, Shift, r"@mutation makes a part of a function, got a class; .*Mutation"),
        (parts.mutation, 3, r"got 3"),
        (parts.repair, lambda X: X, r"takes \(X\); a Repair is called with \(X, space\)"),
        (parts.crossover, lambda A, space, rng: A, r"called with \(A, B, space, rng\)"),
        (
            parts.crossover(parents=4),
            lambda A, B, space, rng: A,
            r"with \(A, B, mate_3, mate_4, space, rng\)",
        ),
        (parts.survival, lambda F, n: F, r"with \(F, violation, size, rng, memory\)"),
    ],
)
def test_a_function_that_cannot_be_called_as_its_role_is_refused(decorate, wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        decorate(wrong)


@pytest.mark.parametrize("parents", [0, -1, 1.5, True, "2"])
def test_the_number_of_parents_is_a_whole_number(parents):
    with pytest.raises(ConfigurationError, match="crossover: parents must be a whole number >= 1"):
        parts.crossover(parents=parents)
