"""What ``pt.check`` finds of parts that break one rule each."""

import random
import time
from dataclasses import dataclass, field

import numpy as np
import own_spaces
import pytest
from refusing import halved, in_place, nobody, one_too_many, refused, survivors

import paretide as pt
from paretide.errors import (
    RuleBroken,
    ShapeError,
)

REAL = pt.Real(0, 1, n=3)
TOURS = own_spaces.Tours(5)
OWN = np.random.default_rng(1)


# -- crossover and mutation ------------------------------------------------------------------------


@pt.crossover
def one_child(A, B, space, rng):
    return A.copy()


@pt.crossover
def half(A, B, space, rng):
    return np.concatenate([A, B]).astype(np.float32)


@pt.crossover
def outside(A, B, space, rng):
    return np.concatenate([A, B + 2])


@pt.crossover
def by_numpy(A, B, space, rng):
    return np.concatenate([A, B])[np.random.permutation(2 * len(A))]  # noqa: NPY002


@pt.crossover
def only_two(A, B, space, rng):
    return np.concatenate([A, B]) if len(A) > 1 else A[1:2] / 0


@pt.crossover
def of_few(A, B, space, rng):
    children = np.concatenate([A, B])
    return children[[0, 1]] if len(A) == 1 else children[rng.integers(len(A), size=(9, 2 * len(A)))]


@pt.mutation
def by_python(X, space, rng):
    X = X.copy()
    X[:, 0] = random.random()
    return X


@pt.mutation
def by_the_clock(X, space, rng):
    X = X.copy()
    X[:, 0] = time.perf_counter_ns() % 1000 / 1000
    return X


@pt.mutation
def by_its_own(X, space, rng):
    X = X.copy()
    X[:, 0] = OWN.random(len(X))
    return X


@pt.mutation
def fresh(X, space, rng):
    return np.random.default_rng().random(X.shape)


@dataclass(frozen=True)
class Counting(pt.Mutation):
    calls: list = field(default_factory=list)

    def __call__(self, X, space, rng):
        self.calls.append(1)
        return X * 0 + 1 / len(self.calls)


@pt.mutation
def seldom_the_same_number_of_draws(X, space, rng):
    rng.random(time.perf_counter_ns() % 97)
    return X.copy()


@pt.mutation
def nan(X, space, rng):
    return X * np.nan


@pt.mutation
def listed(X, space, rng):
    return X.tolist()


@pt.mutation
def doubled_item(X, space, rng):
    X = X.copy()
    X[:, 0] = X[:, 1]
    return X


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (one_child, ShapeError, r"one_child returned an array of shape \(1, 3\).*shape \(2, 3\)"),
        (half, ShapeError, r"half returned .* float32; expected .* dtype float64"),
        (outside, ShapeError, r"outside returned rows outside the space: 1 of 2"),
        (by_numpy, RuleBroken, r"by_numpy moved the global generator of NumPy \(np.random\)"),
        (only_two, ShapeError, r"only_two returned an array of shape \(0, 3\)"),
        (of_few, ShapeError, r"of_few returned an array of shape \(9, 4, 3\)"),
        (in_place, RuleBroken, r"in_place changed X, which it was given: row 0 was \[.*and then"),
        (by_python, RuleBroken, r"by_python moved the global generator of Python \(random\)"),
        (by_the_clock, RuleBroken, r"by_the_clock returned something else when it was called"),
        (by_its_own, RuleBroken, r"by_its_own returned something else .* and an equal generator"),
        (fresh, RuleBroken, r"fresh returned something else .* expected the same bits"),
        (Counting(), RuleBroken, r"Counting\(calls=.* returned something else"),
        (seldom_the_same_number_of_draws, RuleBroken, r"draws left its generator as something"),
        (nan, ShapeError, r"nan returned rows outside the space"),
        (listed, ShapeError, r"listed returned \[\[.*\(list\); expected an array"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_children(part, error, message):
    refused(part, error, message, REAL)


def test_children_that_no_repair_puts_right():
    @pt.repair
    def idle(X, space):
        return X.copy()

    refused(outside, ShapeError, r"idle returned rows outside the space", REAL, repair=idle)
    refused(doubled_item, ShapeError, r"doubled_item returned rows outside the space", TOURS)


def test_the_global_generators_are_put_back():
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 - see above
    for part in (by_numpy, by_python):
        with pytest.raises(RuleBroken):
            pt.check(part, REAL)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


# -- sampling, mating, repair, duplicates ----------------------------------------------------------


@pt.sampling
def too_many(n, space, rng):
    return rng.random((n + 1, space.n_var))


@pt.sampling
def whole_numbers(n, space, rng):
    return rng.integers(0, 2, (n, space.n_var))


@pt.mating
def beyond(rank, score, k, parents, rng):
    return rng.integers(0, len(rank) + 1, (k, parents))


@pt.mating
def couples(rank, score, k, parents, rng):
    return rng.integers(0, len(rank), (k, 2))


@pt.mating
def best(rank, score, k, parents, rng):
    score.sort()
    return np.zeros((k, parents), dtype=int)


@pt.repair
def jittered(X, space):
    return np.clip(X + np.random.default_rng().random(X.shape) * 1e-9, 0, 1)


@pt.repair
def lifted(X, space):
    return X + 1


@pt.duplicates
def everybody(X, others, space):
    return np.ones(len(X), dtype=bool)


@pt.duplicates
def counted(X, others, space):
    return np.zeros(len(X), dtype=int)


@pt.duplicates
def smaller(X, others, space):
    repeated = np.zeros(len(X), dtype=bool)
    for i, x in enumerate(X):
        repeated[i] = any(x[0] <= other[0] for other in [*others, *X[:i]])
    return repeated


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (too_many, ShapeError, r"too_many returned an array of shape \(2, 3\).*\(1, 3\)"),
        (whole_numbers, ShapeError, r"whole_numbers returned .* int64; expected .* float64"),
        (beyond, ShapeError, r"beyond returned rows from 0 to 1; expected rows .* from 0 to 0"),
        (couples, ShapeError, r"couples returned .* shape \(1, 2\).*shape \(1, 1\)"),
        (best, RuleBroken, r"best changed score, which it was given"),
        (halved, RuleBroken, r"halved changed again what it had repaired: row 0 was"),
        (jittered, RuleBroken, r"jittered returned something else when it was called again"),
        (lifted, ShapeError, r"lifted returned rows outside the space"),
        (nobody, RuleBroken, r"nobody says .* the rows \[\] repeat others; expected \[0, 1, 2"),
        (everybody, RuleBroken, r"1 rows with nobody else that the rows \[0\] .*expected \[\]"),
        (counted, ShapeError, r"counted returned .* int64; expected .* dtype bool"),
        (smaller, RuleBroken, r"smaller says that .* repeats .*the other way round: .*the same"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_other_parts(part, error, message):
    refused(part, error, message, REAL)


# -- survival --------------------------------------------------------------------------------------


@pt.survival
def none_if_infeasible(F, violation, size, rng, memory):
    return survivors(np.flatnonzero(violation == 0)[:size])


@pt.survival
def always_size(F, violation, size, rng, memory):
    return survivors(np.arange(size) % len(F))


@pt.survival
def with_replacement(F, violation, size, rng, memory):
    return survivors(np.sort(rng.integers(0, len(F), min(size, len(F)))) * (len(F) > 2))


@pt.survival
def nan_scores(F, violation, size, rng, memory):
    rows = np.arange(len(F))[:size]
    spread = np.ptp(F, axis=0).sum()
    with np.errstate(invalid="ignore"):
        return pt.Survivors(rows, np.zeros(len(rows), dtype=int), np.zeros(len(rows)) / spread)


@pt.survival
def two_objectives(F, violation, size, rng, memory):
    return survivors(np.argsort(F[:, 1])[:size])


@pt.survival
def sorts_in_place(F, violation, size, rng, memory):
    F.sort(axis=0)
    return survivors(np.arange(len(F))[:size])


@pt.survival
def keeps_texts(F, violation, size, rng, memory):
    memory["names"] = ["a"]
    return survivors(np.arange(len(F))[:size])


@pt.survival
def keeps_objects(F, violation, size, rng, memory):
    memory["names"] = np.array(["a", None])
    return survivors(np.arange(len(F))[:size])


@dataclass(frozen=True)
class Remembers(pt.Survival):
    """Of the largest population so far, but not in ``memory``."""

    seen: list = field(default_factory=list)

    def __call__(self, F, violation, size, rng, memory):
        if len(F) == 12 and size == 6 and not violation.any():
            self.seen.append(F.sum())
        rows = np.arange(len(F))[:size]
        score = np.full(len(rows), max(self.seen, default=0.0))
        return pt.Survivors(rows, np.zeros(len(rows), dtype=int), score)


@dataclass(frozen=True)
class Forgets(pt.Survival):
    """Keeps in ``memory`` what it knows again only by identity."""

    known: dict = field(default_factory=dict)

    def __call__(self, F, violation, size, rng, memory):
        times = self.known.get(id(memory.get("mark")), 0)
        memory["mark"] = np.zeros(1)
        self.known[id(memory["mark"])] = times + 1
        rows = np.arange(len(F))[:size]
        return pt.Survivors(rows, np.zeros(len(rows), dtype=int), np.full(len(rows), times))


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (one_too_many, ShapeError, r"one_too_many returned rows as .*\(3,\).*expected \(2,\)"),
        (none_if_infeasible, ShapeError, r"none_if_infeasible returned rows as .*shape \(0,\)"),
        (always_size, ShapeError, r"always_size returned rows .*expected \(1,\) int64 .of 1 rows"),
        (with_replacement, ShapeError, r"with_replacement kept row 0 twice"),
        (nan_scores, ShapeError, r"nan_scores gave row 0 the score nan"),
        (two_objectives, RuleBroken, r"raised IndexError.*F=float64 \(1, 1\).*n_obj="),
        (sorts_in_place, RuleBroken, r"sorts_in_place changed F, which it was given"),
        (keeps_texts, ShapeError, r"keeps_texts left \['a'\] \(list\) in its memory under 'names'"),
        (keeps_objects, ShapeError, r"keeps_objects left an array of object in its memory"),
        (Remembers(), RuleBroken, r"Remembers\(.*called again|.*belongs into memory"),
        (Forgets(), RuleBroken, r"Forgets\(.* chose otherwise after its memory had been stored"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_survival(part, error, message):
    refused(part, error, message)


def test_what_is_for_one_number_of_objectives_is_tried_with_it():
    assert pt.check(two_objectives, n_obj=2).remarks == ()
