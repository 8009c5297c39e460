"""Breeding with parts and spaces that users write: each called once, and its result checked."""

from dataclasses import dataclass

import numpy as np
import pytest

import paretide as pt
from paretide.engine.algorithms.breeding import Mates, breeding_for
from paretide.engine.records.provenance import INITIAL, OPERATORS, SAMPLE
from paretide.errors import ConfigurationError, ShapeError

calls = []


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


@pt.sampling
def shuffled(n, space, rng):
    calls.append(("shuffled", n))
    return np.array([rng.permutation(space.n_var) for _ in range(n)]).reshape(n, space.n_var)


@pt.crossover(parents=2)
def turned(A, B, space, rng):
    """The first child is one parent, the second the other one from its end."""
    calls.append(("turned", len(A)))
    children = np.empty((2 * len(A), space.n_var), dtype=A.dtype)
    children[0::2], children[1::2] = A, B[:, ::-1]
    return children


@dataclass(frozen=True)
class Swap(pt.Mutation):
    prob: float = 1.0

    def __call__(self, X, space, rng):
        calls.append(("Swap", len(X)))
        X = X.copy()
        for row in X[rng.random(len(X)) < self.prob]:
            row[:2] = row[1::-1]
        return X


class Tours(pt.SearchSpace):
    dtype = np.dtype(np.int64)
    operators = {"sampling": shuffled, "crossover": turned, "mutation": Swap(0.0)}

    def __init__(self, n):
        self.n_var = n

    def contains(self, X):
        return (np.sort(X, axis=1) == np.arange(self.n_var)).all(axis=1)


TOURS = Tours(7)


def mates_of(breeding, n, seed=1):
    rng = np.random.default_rng(seed)
    X = breeding.children(n, None, rng, None).X
    calls.clear()
    return Mates(
        np.arange(n) + 100,
        X,
        np.zeros(n, dtype=np.int64),
        rng.random(n),
        np.ones((n, 2)),
        np.zeros(n),
    )


def bred(breeding, k=5, n=6, seed=3):
    return breeding.children(k, mates_of(breeding, n), np.random.default_rng(seed), None)


# -- what is called, and what comes of it ----------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 7, 8])
def test_each_part_is_called_once_on_all_rows(k):
    breeding = breeding_for(TOURS)
    mates = mates_of(breeding, 6)
    born = breeding.children(k, mates, np.random.default_rng(3), None)
    assert calls == [("turned", (k + 1) // 2), ("Swap", k)]
    assert born.X.shape == (k, 7)
    assert born.parents.shape == (k, 2)
    for i, (child, (a, b)) in enumerate(zip(born.X, born.parents - 100, strict=True)):
        expected = mates.X[b][::-1] if i % 2 else mates.X[a]  # rows 2i and 2i + 1 are pair i
        np.testing.assert_array_equal(child, expected)
    assert [breeding.operators[i] for i in born.operator] == ["turned, Swap(prob=0.0)"] * k


def test_one_seed_gives_one_draw():
    one, other = (bred(breeding_for(TOURS)) for _ in range(2))
    assert one.X.tobytes() == other.X.tobytes()
    assert one.parents.tobytes() == other.parents.tobytes()


def test_a_sample_has_no_parents():
    born = breeding_for(TOURS).children(4, None, np.random.default_rng(1), None)
    assert calls == [("shuffled", 4)]
    assert TOURS.contains(born.X).all()
    assert (born.parents == -1).all()
    assert set(born.operator) == {SAMPLE}


def test_without_crossover_a_child_has_one_parent():
    breeding = breeding_for(pt.Binary(9), crossover=None, mutation=Swap())
    born = bred(breeding)
    assert calls == [("Swap", 5)]
    assert (born.parents[:, 0] >= 100).all()
    assert (born.parents[:, 1] == -1).all()
    assert breeding.operator == "Swap(prob=1.0)"


@pt.mating
def least_violated(rank, score, k, parents, rng, *, violation):
    return np.full((k, parents), violation.argmin())


@dataclass(frozen=True)
class LeastF(pt.Mating):
    def __call__(self, rank, score, k, parents, rng, *, violation=None, F=None):
        return np.full((k, parents), F[:, 0].argmin())


@pytest.mark.parametrize(("mating", "expected"), [(least_violated, 3), (LeastF(), 2)])
def test_a_mating_that_asks_by_name_sees_what_parents_have_reached(mating, expected):
    breeding = breeding_for(TOURS, mating=mating)
    F, violation = np.array([[3.0, 0], [2, 0], [1, 0], [2, 0], [3, 0]]), np.array([1.0, 1, 1, 0, 1])
    mates = mates_of(breeding, 5)._replace(F=F, violation=violation)
    born = breeding.children(4, mates, np.random.default_rng(1), None)
    assert (born.parents == mates.ids[expected]).all()
    assert pt.check(mating)


@pt.crossover(parents=3)
def of_three(A, B, C, space, rng):
    return np.concatenate([A, B, C])[: 2 * len(A)]


@pytest.mark.parametrize("n", [1, 2, 9])
def test_three_may_meet_even_if_there_are_fewer(n):
    breeding = breeding_for(TOURS, crossover=of_three)
    born = bred(breeding, n=n)
    assert breeding.parents == 3
    assert born.parents.shape == (5, 3)
    assert set(born.parents.ravel()) <= set(range(100, 100 + n))
    first = breeding.first(np.empty((0, 7), int), 2, np.random.default_rng(1), None)
    assert first.parents.shape == (2, 3)


def test_only_what_repeats_is_drawn_again():
    breeding = breeding_for(TOURS, mutation=Swap(0.5))
    mates = mates_of(breeding, 3)
    born = breeding.distinct(10, mates, np.random.default_rng(5))
    sizes = [n for name, n in calls if name == "Swap"]
    assert sizes[0] == 10
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] < 10
    keys = TOURS.key(mates.X) + TOURS.key(born.X)
    assert len(set(keys)) == len(keys)
    everything = breeding_for(TOURS, mutation=Swap(0.5), duplicates=False)
    assert len(everything.distinct(10, mates, np.random.default_rng(5))) == 10


def test_what_is_equal_the_space_says():
    class Rings(Tours):
        def key(self, X):
            return [np.roll(x, -int(np.argmin(x))).tobytes() for x in X]

    rings = Rings(3)  # of which there are two
    breeding = breeding_for(rings)
    for seen in (breeding.seen(), breeding.taken()):
        born = breeding.children(9, None, np.random.default_rng(2), seen)
        assert len(born) == 2


@pt.duplicates
def nearly(X, others, space):
    """Rows that begin alike."""
    first = [*others[:, 0].tolist(), *X[:, 0].tolist()]
    return np.array([x in first[: len(others) + i] for i, x in enumerate(X[:, 0].tolist())], bool)


def test_a_part_may_say_what_is_equal():
    breeding = breeding_for(TOURS, duplicates=nearly)
    seen = breeding.taken()
    born = breeding.children(9, None, np.random.default_rng(2), seen)
    assert sorted(born.X[:, 0]) == list(range(7))
    (key,) = TOURS.key(born.X[:1])
    seen.leave(key)
    again = born.X[:1].copy()
    assert seen.add(again).tolist() == []
    assert seen.add(again).tolist() == [0]
    mates = mates_of(breeding, 3)
    made = breeding.distinct(9, mates, np.random.default_rng(2))
    assert len({*mates.X[:, 0], *made.X[:, 0]}) == len(mates.X) + len(made)


@pt.repair
def ascending(X, space):
    calls.append(("ascending", len(X)))
    return np.sort(X, axis=1)


@pt.mutation
def beyond(X, space, rng):
    return X + 0.5


@pt.repair
def clipped(X, space):
    return np.clip(X, space.low, space.high)


def test_what_is_repaired_is_what_is_born():
    space = pt.Real(0, 1, n=4)
    breeding = breeding_for(space, mutation=Swap(), repair=ascending)
    initial = np.array([[0.9, 0.1, 0.5, 0.2]])
    first = breeding.first(initial, 3, np.random.default_rng(1), breeding.seen(3))
    assert first.operator.tolist() == [INITIAL, SAMPLE, SAMPLE]
    assert initial[0, 0] == 0.9
    assert first.X[0].tolist() == [0.1, 0.2, 0.5, 0.9]
    children = bred(breeding).X
    assert [name for name, _ in calls] == ["Swap", "ascending"]
    for X in (first.X, children):
        assert (np.diff(X, axis=1) >= 0).all()


def test_before_a_repair_children_may_be_outside_the_space():
    space = pt.Real(0, 1, n=4)
    assert space.contains(bred(breeding_for(space, mutation=beyond, repair=clipped)).X).all()
    with pytest.raises(ShapeError, match="beyond returned rows outside the space"):
        bred(breeding_for(space, mutation=beyond))


class Texts(pt.SearchSpace):
    """Texts of any length, one a row."""

    dtype = np.dtype(object)
    n_var = 1

    def contains(self, X):
        return np.array([isinstance(x, str) for x in X[:, 0]], dtype=bool)

    def encode(self, X):
        return [x.encode() for x in X[:, 0]]

    def decode(self, encoded):
        return rows_of([x.decode() for x in encoded])


def rows_of(texts):
    X = np.empty((len(texts), 1), dtype=object)
    X[:, 0] = texts
    return X


@pt.sampling
def letters(n, space, rng):
    return rows_of(["abc"[i] for i in rng.integers(0, 3, n)])


@pt.crossover
def joined(A, B, space, rng):
    return rows_of([t for a, b in zip(A[:, 0], B[:, 0], strict=True) for t in (a + b, b[:1])])


def test_candidates_may_be_objects_of_the_users():
    breeding = breeding_for(Texts(), sampling=letters, crossover=joined)
    rng = np.random.default_rng(1)
    first = breeding.first(rows_of(["z"]), 9, rng, breeding.seen(9))
    assert sorted(first.X[:, 0]) == ["a", "b", "c", "z"]  # there are no more
    zeros = np.zeros(4, dtype=np.int64)
    mates = Mates(np.arange(4), first.X, zeros, np.ones(4), np.ones((4, 2)), np.zeros(4))
    born = breeding.distinct(9, mates, rng)
    assert born.X.dtype == object
    assert len(set(born.X[:, 0]) | set(first.X[:, 0])) == 4 + len(born)
    numbers = pt.mutation(lambda X, space, rng: np.full((len(X), 1), 3, dtype=object))
    with pytest.raises(ShapeError, match=r"outside the space: 5 of 5, the first is row 0, \[3\]"):
        breeding_for(Texts(), sampling=letters, mutation=numbers).children(5, mates, rng, None)


# -- built-in parts and others ---------------------------------------------------------------------

MIXED = pt.Space(
    rate=pt.Float(1e-5, 1.0, log=True),
    same=pt.Int(3, 3),
    act=pt.Choice(list("abc")),
    width=pt.Int(1, 64, log=True),
)


def test_a_subclass_of_a_built_in_part_is_called():
    class Own(pt.SBX):
        def __call__(self, A, B, space, rng):
            calls.append(("Own", len(A)))
            return super().__call__(A, B, space, rng)

    class OwnMutation(pt.PolynomialMutation):
        def __call__(self, X, space, rng):
            calls.append(("OwnMutation", len(X)))
            return super().__call__(X, space, rng)

    class OwnFlip(pt.BitFlip):
        def __call__(self, X, space, rng):
            calls.append(("OwnFlip", len(X)))
            return super().__call__(X, space, rng)

    class OwnTournament(pt.Tournament):
        def __call__(self, rank, score, k, parents, rng):
            calls.append(("OwnTournament", k))
            return super().__call__(rank, score, k, parents, rng)

    class OwnSampling(pt.Uniform):
        def __call__(self, n, space, rng):
            calls.append(("OwnSampling", n))
            return super().__call__(n, space, rng)

    for space in (MIXED, pt.Real(0, 1, n=3), pt.Real([0, 1], [0, 2])):
        breeding = breeding_for(
            space, crossover=Own(prob=1), mutation=OwnMutation(), mating=OwnTournament()
        )
        assert space.contains(bred(breeding).X).all()
        assert calls == [("OwnTournament", 3), ("Own", 3), ("OwnMutation", 5)]
        calls.clear()
        breeding_for(space, sampling=OwnSampling()).children(4, None, np.random.default_rng(), None)
        assert calls == [("OwnSampling", 4)]
        calls.clear()
    bred(breeding_for(pt.Binary(6), mutation=OwnFlip()))
    assert calls == [("OwnFlip", 5)]


@pytest.mark.parametrize("space", [MIXED, pt.Real([0, 2], [1, 2]), pt.Integer(0, 9, n=3)], ids=str)
def test_built_in_parts_work_beside_others(space):
    for parts in ({"mutation": Swap(0.0)}, {"crossover": turned_back}, {"repair": untouched}):
        breeding = breeding_for(space, **parts)
        mates = mates_of(breeding, 8)
        born = breeding.children(21, mates, np.random.default_rng(2), None)
        assert space.contains(born.X).all()
        assert born.X.dtype == space.dtype
        fixed = (mates.X[0] == mates.X).all(axis=0)
        assert (born.X[:, fixed] == mates.X[0, fixed]).all()


@pt.crossover
def turned_back(A, B, space, rng):
    return np.repeat(A, 2, axis=0)


@pt.repair
def untouched(X, space):
    return X


def test_categories_are_exchanged_by_sbx_alone():
    rng = np.random.default_rng(1)
    A, B = (pt.Uniform()(200, MIXED, rng) for _ in range(2))
    children = pt.SBX(prob=1)(A, B, MIXED, rng)
    straight = (children[0::2, 2] == A[:, 2]) & (children[1::2, 2] == B[:, 2])
    crossed = (children[0::2, 2] == B[:, 2]) & (children[1::2, 2] == A[:, 2])
    assert (straight | crossed).all()
    assert 40 < np.count_nonzero(~straight) < 110  # half of those two thirds that differ


def test_bits_flip_with_their_probability_beside_other_parts():
    X = np.zeros((500, 10), dtype=bool)
    flipped = pt.BitFlip()(X, pt.Binary(10), np.random.default_rng(1))
    assert abs(np.count_nonzero(flipped) - 500) < 4 * np.sqrt(450)
    assert not X.any()


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("space", "parts", "message"),
    [
        (pt.Real(0, 1), {"crossover": pt.SBX}, r"crossover must be a Crossover.*SBX\(\) with its"),
        (pt.Real(0, 1), {"mutation": pt.SBX()}, r"mutation must be a Mutation.*is a Crossover"),
        (pt.Real(0, 1), {"sampling": "sobol"}, r"sampling must be a Sampling, got 'sobol'"),
        (pt.Real(0, 1), {"repair": len}, r"put @pt.repair above the function"),
        (
            pt.Real(0, 1),
            {"duplicates": "none"},
            r"duplicates must be \"all\".*or a pt.Duplicates, got 'none'",
        ),
        (TOURS, {"crossover": pt.SBX()}, r"SBX\(.*\) needs working coordinates.*Tours"),
        (TOURS, {"mutation": pt.PolynomialMutation()}, r"PolynomialMutation\(.*\) needs working"),
        (TOURS, {"sampling": pt.Uniform()}, r"Uniform\(\) needs working coordinates"),
        (TOURS, {"mutation": pt.BitFlip()}, r"BitFlip\(.*\) fits only a Binary space"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_what_does_not_fit_is_refused(space, parts, message):
    with pytest.raises(ConfigurationError, match=message):
        breeding_for(space, **parts)


@pytest.mark.parametrize(
    ("operators", "message"),
    [
        ({}, "nothing draws first candidates: pass sampling=, or name one in Bare.operators"),
        ({"sampling": shuffled}, "nothing makes children: pass crossover= or mutation="),
        ({"sampling": "no.such:part"}, r"Bare.operators\['sampling'\]: .*no.such"),
        ({"sampling": "paretide:nothing"}, r"operators\['sampling'\]: .*nothing"),
        ({"sampling": "os:getcwd"}, r"operators\['sampling'\]: os:getcwd is .*, and no part"),
        ({"sampling": turned}, r"must be a Sampling, got turned; this one is a Crossover"),
    ],
    ids=str,
)
def test_operators_of_a_space_that_are_none_are_refused(operators, message):
    class Bare(Tours):
        pass

    Bare.operators = operators
    with pytest.raises(ConfigurationError, match=message):
        breeding_for(Bare(3))


def test_a_space_names_its_operators_by_part_class_or_reference():
    class Named(Tours):
        operators = {
            "sampling": "paretide.operators.sampling.uniform:Uniform",
            "mutation": Swap,
        }
        layout = pt.Integer(0, 6, n=7).layout

    breeding = breeding_for(Named(7))
    assert (breeding.sampling, breeding.mutation) == (pt.Uniform(), Swap())
    assert breeding.crossover is None


def with_space(space=None, **parts):
    return lambda: bred(breeding_for(pt.Real(0, 1, n=4) if space is None else space, **parts))


def as_part(decorate, f):
    return decorate(f)


BROKEN = {
    "a list": (
        with_space(mutation=as_part(pt.mutation, lambda X, space, rng: X.tolist())),
        r"returned \[\[.* \(list\); expected an array of shape \(5, 4\) and dtype float64",
    ),
    "nothing": (
        with_space(crossover=as_part(pt.crossover, lambda A, B, space, rng: None)),
        r"returned None \(NoneType\); expected an array of shape \(6, 4\)",
    ),
    "one child a pair": (
        with_space(crossover=as_part(pt.crossover, lambda A, B, space, rng: A)),
        r"returned an array of shape \(3, 4\) and dtype float64; expected .* \(6, 4\)",
    ),
    "too few rows": (
        with_space(mutation=as_part(pt.mutation, lambda X, space, rng: X[1:])),
        r"shape \(4, 4\) .*; expected an array of shape \(5, 4\)",
    ),
    "another dtype": (
        with_space(mutation=as_part(pt.mutation, lambda X, space, rng: X.astype(np.float32))),
        r"dtype float32; expected .* dtype float64",
    ),
    "above the bounds": (
        with_space(mutation=beyond),
        r"beyond returned rows outside the space: .* of 5, the first is row \d, \[.*; expected "
        r"candidates of Real",
    ),
    "NaN": (
        with_space(mutation=as_part(pt.mutation, lambda X, space, rng: X * np.nan)),
        r"outside the space: 5 of 5, the first is row 0, \[nan, nan",
    ),
    "no permutation": (
        with_space(TOURS, mutation=as_part(pt.mutation, lambda X, space, rng: X * 0)),
        r"outside the space: 5 of 5, the first is row 0, \[0, 0, 0, 0, 0, 0, 0\]",
    ),
    "a repair that does not": (
        with_space(repair=as_part(pt.repair, lambda X, space: X + 2)),
        r"returned rows outside the space",
    ),
    "a sample of another width": (
        with_space(sampling=as_part(pt.sampling, lambda n, space, rng: np.zeros((n, 1)))),
        r"returned an array of shape \(6, 1\) and dtype float64; expected .* \(6, 4\)",
    ),
    "mates that are not there": (
        with_space(
            mating=as_part(
                pt.mating, lambda rank, score, k, parents, rng: np.full((k, parents), 6)
            ),
            repair=untouched,
        ),
        r"returned rows from 6 to 6; expected rows of the population, from 0 to 5",
    ),
    "mates alone": (
        with_space(
            mating=as_part(pt.mating, lambda rank, score, k, parents, rng: np.zeros(k, int))
        ),
        r"shape \(3,\) .*; expected rows of parents, an array of shape \(3, 2\) and dtype int64",
    ),
    "mates by number": (
        with_space(
            mating=as_part(pt.mating, lambda rank, score, k, parents, rng: np.zeros((k, parents)))
        ),
        r"dtype float64; expected rows of parents",
    ),
}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_part_is_named_with_what_came_and_what_was_expected(make, message):
    with pytest.raises(ShapeError, match=message):
        make()


def test_a_duplicates_part_marks_rows():
    numbers = pt.duplicates(lambda X, others, space: np.zeros(len(X)))
    breeding = breeding_for(TOURS, duplicates=numbers)
    with pytest.raises(ShapeError, match=r"float64; expected an array of shape \(4,\) .* bool"):
        breeding.children(4, None, np.random.default_rng(1), breeding.seen())


def test_what_a_part_keeps_of_its_result_does_not_matter():
    kept = []

    @pt.mutation
    def keeping(X, space, rng):
        if not kept:
            kept.append(rng.random((5, 4)))
        kept[0][:] = rng.random((5, 4))
        return kept[0]

    first = bred(breeding_for(pt.Real(0, 1, n=4), mutation=keeping)).X
    before = first.copy()
    kept[0][:] = 9.0
    np.testing.assert_array_equal(first, before)


def test_the_names_of_operators():
    assert breeding_for(pt.Binary(3), crossover=None).operators == OPERATORS
    assert breeding_for(pt.Binary(3)).operators == (*OPERATORS, "uniform crossover, bit flip")
    assert breeding_for(pt.Real(0, 1)).operator == "SBX, polynomial mutation"
    assert breeding_for(TOURS).operators == (*OPERATORS, "turned, Swap(prob=0.0)")
    own = breeding_for(pt.Real(0, 1), mutation=Swap())
    assert own.widened(3.0).operators == own.operators  # one operator, narrow or wide
    assert own.widened(3.0).crossover.eta == 3.0
