"""The fast path of breeding is its plain oracle, draw for draw."""

import math

import numpy as np
import pytest

import paretide as pt
from paretide.cext import reference as oracle
from paretide.engine.algorithms.breeding import Mates, breeding_for
from paretide.engine.algorithms.generation import REDRAWS
from paretide.operators.survival import constrained_rank

MIXED = pt.Space(
    rate=pt.Float(1e-5, 1e-1, log=True),
    shift=pt.Float(-1, 1),
    width=pt.Int(1, 512, log=True),
    act=pt.Choice(["relu", "gelu", None]),
    bias=pt.Bool(),
    size=pt.Ordinal([16, 64, 256]),
)
SPACES = {
    "real": pt.Real([-1.0, 0.0, 1e-3, -5.0], [1.0, 1e6, 2e-3, 5.0]),
    "real, one fixed": pt.Real([-1.0, 3.0, 0.0], [1.0, 3.0, 1.0]),
    "integer": pt.Integer([0, -5, 1, 0], [1, 5, 1000, 99]),
    "binary": pt.Binary(12),
    "few bits": pt.Binary(6),
    "mixed": MIXED,
    "choices": pt.Space(a=pt.Choice(list("abcd")), b=pt.Bool(), c=pt.Choice(list("xyz"))),
    "mixed, one fixed": pt.Space(
        rate=pt.Float(1e-5, 1e-1, log=True), same=pt.Float(2, 2), act=pt.Choice(["a", "b"])
    ),
}
N = 20


def mates_of(space):
    """A population with ties, whose ids are not its rows."""
    rng = np.random.default_rng(5)
    X = breeding_for(space).children(N, None, rng, None).X
    F, violation = rng.integers(0, 3, (N, 2)) + 0.0, rng.choice([0.0, 0.0, 1.0, 2.0], N)
    rank, score = constrained_rank(F, violation), rng.choice([0.5, 1.0, np.inf], N)
    return Mates(np.arange(N) * 3 + 7, X, rank, score, F, violation)


def plain(space, mates, k, bits, by="dominance", crossed=True):
    """(k, n_var) children and (k, 2) rows of parents: oracles, in the coordinates of the space."""
    compared = (mates.F, mates.violation) if by == "dominance" else (None, None)
    X = np.array(mates.X)
    layout = space.layout
    columns = np.flatnonzero((layout.lower < layout.upper) | (layout.categories > 0))
    some = space.take(columns)
    prob = 1 / len(columns)
    if isinstance(space, pt.Binary) and crossed:
        exchange = (0.9, 0.5)
        return oracle.crossed_bits(X, mates.rank, mates.score, k, *exchange, prob, bits, *compared)
    if isinstance(space, pt.Binary):
        return oracle.bit_children(X, mates.rank, mates.score, k, prob, bits, *compared)
    own = np.ascontiguousarray(X[:, columns])
    layout = some.layout
    common = mates.rank, mates.score, k, layout.lower, layout.upper
    if isinstance(space, pt.Real):
        varied, rows = oracle.real_children(
            own, *common, 15.0, 0.9, 0.5, 20.0, prob, bits, *compared
        )
    else:
        Z, kinds = some.to_working(own), layout.categories
        Z, rows = oracle.working_children(
            Z, *common, kinds, 3.0, 0.9, 0.75, 5.0, prob, bits, *compared
        )
        varied = some.from_working(Z)
        for parent in rows.T:  # a value that is a parent's is so to the bit
            same = some.to_working(own)[parent] == Z
            varied = np.where(same, own[parent], varied).astype(space.dtype)
    children = np.repeat(X[:1], k, axis=0)
    children[:, columns] = varied
    return children, rows


@pytest.mark.parametrize("distinct", [False, True], ids=["as they come", "distinct"])
@pytest.mark.parametrize("k", [1, 20, 33, 100, 101, 1_000])
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_children_are_those_of_the_oracle(space, k, distinct):
    mates = mates_of(space)
    rng, bits = np.random.default_rng(k), np.random.default_rng(k).bit_generator
    breeding = breeding_for(space)
    if distinct:
        born = breeding.distinct(k, mates, rng)
        expected, rows = oracle.breed_distinct(
            lambda k: plain(space, mates, k, bits), mates.X, k, REDRAWS - 1
        )
    else:
        born = breeding.children(k, mates, rng, None)
        expected, rows = plain(space, mates, k, bits)
    np.testing.assert_array_equal(born.parents, np.where(rows < 0, -1, mates.ids[rows]))
    assert born.X.dtype == expected.dtype
    if expected.dtype == np.float64:  # the last bits of a power may differ
        np.testing.assert_allclose(born.X, expected, rtol=1e-9, atol=1e-12)
        copied = (expected == mates.X[rows[:, 0]]) | (expected == mates.X[rows[:, 1]])
        assert born.X[copied].tobytes() == expected[copied].tobytes()
    else:
        np.testing.assert_array_equal(born.X, expected)
    # The generators stand at the same place: not a draw more, not one less.
    assert rng.bit_generator.state == bits.state


@pytest.mark.parametrize("k", [1, 33, 100])
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_one_after_the_other_gives_the_same_as_all_that_are_new(space, k):
    """``children`` with everybody seen and ``distinct`` differ in where they are made alone."""
    mates, breeding = mates_of(space), breeding_for(space)
    one, other = np.random.default_rng(k), np.random.default_rng(k)
    seen = breeding.seen(N + k)
    seen.add(mates.X)
    born, again = breeding.distinct(k, mates, one), breeding.children(k, mates, other, seen)
    assert born.X.tobytes() == again.X.tobytes()
    np.testing.assert_array_equal(born.parents, again.parents)
    assert one.bit_generator.state == other.bit_generator.state


@pytest.mark.parametrize("k", [1, 20, 33, 100, 101, 1_000])
def test_bits_that_are_not_crossed_have_one_parent(k):
    space = SPACES["binary"]
    mates, breeding = mates_of(space), breeding_for(space, crossover=None)
    rng, bits = np.random.default_rng(k), np.random.default_rng(k).bit_generator
    born = breeding.children(k, mates, rng, None)
    expected, rows = plain(space, mates, k, bits, crossed=False)
    np.testing.assert_array_equal(born.X, expected)
    np.testing.assert_array_equal(born.parents[:, 0], mates.ids[rows[:, 0]])
    assert (born.parents[:, 1] == -1).all()
    assert rng.bit_generator.state == bits.state


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_tournaments_by_rank_look_at_nothing_else(space):
    mates, breeding = mates_of(space), breeding_for(space, mating=pt.Tournament(by="rank"))
    born = breeding.children(33, mates, np.random.default_rng(3), None)
    bits = np.random.default_rng(3).bit_generator
    _, rows = plain(space, mates, 33, bits, by="rank")
    np.testing.assert_array_equal(born.parents, np.where(rows < 0, -1, mates.ids[rows]))


ROUND = [1e-3, 3e-4, 1e-2, 0.3, 7e-5]
"""Values that users write, of which logarithm and exponential make others."""


@pytest.mark.parametrize("steps", ["crossover and mutation", "crossover", "mutation"])
def test_a_round_value_that_nobody_changes_stays_the_same_bits(steps):
    changed = [value for value in ROUND if math.exp(math.log(value)) != value]
    assert changed  # or this test shows nothing
    space = pt.Space(
        **{f"rate{i}": pt.Float(1e-5, 1.0, log=True) for i in range(len(changed))},
        act=pt.Choice(list("abc")),
    )
    X = np.array([[*changed, 0.0], [*changed, 1.0], [*changed, 2.0]])
    crossover, mutation = pt.SBX(prob=1, prob_var=1), pt.PolynomialMutation(prob=0)
    rng = np.random.default_rng(1)
    if steps == "crossover and mutation":  # which stay in working coordinates
        breeding = breeding_for(space, crossover=crossover, mutation=mutation)
        nobody_better = np.zeros(3, dtype=np.int64), np.ones(3), np.ones((3, 2)), np.zeros(3)
        mates = Mates(np.arange(3), X, *nobody_better)
        children = breeding.children(40, mates, rng, None).X
    elif steps == "crossover":
        children = crossover(X, X[::-1], space, rng)
    else:
        children = mutation(X, space, rng)
    assert (children[:, :-1] == changed).all()


def test_a_pair_that_only_swaps_makes_nobody_new():
    space = pt.Space(rate=pt.Float(1e-5, 1.0, log=True), act=pt.Choice(["a", "b"]))
    X = np.array([[1e-3, 0.0], [1e-3, 1.0]])
    nobody_better = np.zeros(2, dtype=np.int64), np.ones(2), np.ones((2, 2)), np.zeros(2)
    mates = Mates(np.arange(2), X, *nobody_better)
    breeding = breeding_for(
        space, crossover=pt.SBX(prob=1, prob_var=1), mutation=pt.PolynomialMutation(prob=0)
    )
    assert len(breeding.distinct(10, mates, np.random.default_rng(1))) == 0
