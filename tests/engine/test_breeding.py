"""The operators put together: children of every kind of space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.algorithms.breeding import Mates, breeding_for
from paretide.errors import ConfigurationError
from paretide.problems.candidates import check_candidates

MIXED = pt.Space(
    rate=pt.Float(1e-5, 1e-1, log=True),
    shift=pt.Float(-1, 1),
    width=pt.Int(1, 512, log=True),
    depth=pt.Int(-3, 3),
    act=pt.Choice(["relu", "gelu", None]),
    bias=pt.Bool(),
    size=pt.Ordinal([16, 64, 256]),
)
SPACES = [
    pt.Real([-1.0, 0.0, 1e-3], [1.0, 1e6, 2e-3]),
    pt.Real(-1e300, 1e300),
    pt.Integer([0, -5, 1], [1, 5, 1000]),
    pt.Binary(7),
    pt.Binary(1),
    MIXED,
    pt.Space(act=pt.Choice(["a", "b"]), bias=pt.Bool()),
    pt.Space(rate=pt.Float(1e-300, 1e300, log=True), one=pt.Int(1, 2, log=True)),
]

spaces = st.sampled_from(SPACES)
seeds = st.integers(0, 2**32)


def start(space, n, seed, **operators):
    """Breeding, a sample of it, ranks and distances."""
    rng = np.random.default_rng(seed)
    breeding = breeding_for(space, **operators)
    X = breeding.children(n, None, rng, None).X
    return breeding, X, rng.integers(0, 3, n), rng.random(n), rng


def bred(breeding, X, rank, score, k, rng):
    """Children as they come, and the rows of their parents."""
    n = len(X)
    F = np.stack([rank, rank, -rank], axis=1) + 0.0  # nobody dominates anybody
    born = breeding.children(k, Mates(np.arange(n), X, rank, score, F, np.zeros(n)), rng, None)
    return born.X, born.parents


def columns(space):
    return list(space.variables.values())


@settings(deadline=None)
@given(spaces, st.integers(0, 20), seeds)
def test_samples_lie_in_the_space(space, n, seed):
    _, X, *_ = start(space, n, seed)
    assert X.dtype == space.dtype
    np.testing.assert_array_equal(check_candidates(space, X), X)


@settings(deadline=None, max_examples=150)
@given(spaces, st.integers(1, 12), st.integers(0, 15), seeds, st.booleans())
def test_children_lie_in_the_space_and_their_parents_in_the_population(space, n, k, seed, eager):
    operators = {}
    if eager and not isinstance(space, pt.Binary):
        operators = {
            "crossover": pt.SBX(prob=1, prob_var=1, eta=0),
            "mutation": pt.PolynomialMutation(prob=1, eta=0),
        }
    breeding, X, rank, crowding, rng = start(space, n, seed, **operators)
    before = X.copy()
    children, parents = bred(breeding, X, rank, crowding, k, rng)
    np.testing.assert_array_equal(X, before)
    assert not np.shares_memory(children, X)
    assert children.shape == (k, space.n_var)
    assert children.dtype == space.dtype
    np.testing.assert_array_equal(check_candidates(space, children), children)
    assert parents.shape == (k, 2)
    assert parents.dtype == np.int64
    assert (parents < n).all()
    assert (parents >= 0).all()
    if isinstance(space, pt.Space):
        for j, variable in enumerate(columns(space)):
            if not isinstance(variable, pt.Float):
                np.testing.assert_array_equal(children[:, j], np.rint(children[:, j]))
            for code in children[:, j]:
                assert variable.encode(variable.decode(code)) == code


@settings(deadline=None)
@given(spaces, st.integers(2, 12), st.integers(0, 15), seeds)
def test_without_crossover_and_mutation_children_are_their_parents_to_the_bit(space, n, k, seed):
    if isinstance(space, pt.Binary):
        operators = {"crossover": None, "mutation": pt.BitFlip(prob=0)}
    else:
        operators = {"crossover": pt.SBX(prob=0), "mutation": pt.PolynomialMutation(prob=0)}
    breeding, X, rank, crowding, rng = start(space, n, seed, **operators)
    children, parents = bred(breeding, X, rank, crowding, k, rng)
    # The first child of a pair is after the first parent, the second after the second.
    which = np.zeros(k, int) if isinstance(space, pt.Binary) else np.arange(k) % 2
    own = parents[np.arange(k), which]
    assert children.tobytes() == X[own].tobytes()


@settings(deadline=None)
@given(st.integers(2, 12), st.integers(1, 15), seeds)
def test_values_of_a_logarithm_that_no_operator_touched_stay_the_same_bits(n, k, seed):
    space = pt.Space(
        **{f"rate{i}": pt.Float(1e-5, 3.7, log=True) for i in range(6)},
        width=pt.Int(3, 77, log=True),
    )
    mutation = pt.PolynomialMutation(prob=0)
    # Half of the values are crossed. SBX changes both values of a pair or none, and those that it
    # leaves must be exactly a parent's; one unit in the last place would be a new candidate.
    breeding, X, rank, crowding, rng = start(space, n, seed, mutation=mutation)
    children, parents = bred(breeding, X, rank, crowding, k, rng)
    for child, (a, b) in zip(children, parents, strict=True):
        for j in range(6):
            near = np.isclose(child[j], X[[a, b], j], rtol=1e-14, atol=0)
            assert not near.any() or child[j] in X[[a, b], j]


@settings(deadline=None)
@given(st.integers(2, 12), st.integers(1, 15), seeds)
def test_values_without_an_order_are_a_parents_unless_mutated(n, k, seed):
    mutation = pt.PolynomialMutation(prob=0)
    breeding, X, rank, crowding, rng = start(
        MIXED, n, seed, crossover=pt.SBX(prob=1, prob_var=1), mutation=mutation
    )
    children, parents = bred(breeding, X, rank, crowding, k, rng)
    listed = [j for j, v in enumerate(columns(MIXED)) if isinstance(v, pt.Choice)]
    assert len(listed) == 2
    for child, (a, b) in zip(children, parents, strict=True):
        for j in listed:
            assert child[j] in X[[a, b], j]


def test_values_without_an_order_are_mutated_to_another_one():
    space = pt.Space(act=pt.Choice(list("abc")), bias=pt.Bool())
    breeding, X, rank, crowding, rng = start(
        space, 10, 1, crossover=pt.SBX(prob=0), mutation=pt.PolynomialMutation(prob=1)
    )
    children, parents = bred(breeding, X, rank, crowding, 40, rng)
    own = parents[np.arange(40), np.arange(40) % 2]
    assert (children != X[own]).all()


def test_by_default_one_value_is_mutated_on_average():
    space = pt.Space(**{f"act{i}": pt.Choice(list("abcd")) for i in range(8)})
    breeding, X, rank, crowding, rng = start(space, 10, 1, crossover=pt.SBX(prob=0))
    children, parents = bred(breeding, X, rank, crowding, 4000, rng)
    own = parents[np.arange(4000), np.arange(4000) % 2]
    changed = (children != X[own]).sum()
    assert abs(changed - 4000) < 4 * np.sqrt(4000 * 7 / 8)


def test_every_value_of_an_integer_can_be_reached():
    space = pt.Space(
        depth=pt.Int(-2, 2), width=pt.Int(1, 4, log=True), size=pt.Ordinal(["x", "y", "z"])
    )
    breeding, X, rank, crowding, rng = start(
        space, 30, 3, mutation=pt.PolynomialMutation(prob=1, eta=1)
    )
    children, _ = bred(breeding, X, rank, crowding, 500, rng)
    assert [len(np.unique(column)) for column in children.T] == [5, 4, 3]


def test_one_parent_is_enough():
    for space in SPACES:
        breeding, X, _, _, rng = start(space, 1, 0)
        children, parents = bred(breeding, X, np.zeros(1, dtype=np.int64), np.ones(1), 5, rng)
        assert set(parents[:, 0]) == {0}
        check_candidates(space, children)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_one_seed_gives_one_generation(space):
    made = []
    for _ in range(2):
        breeding, X, rank, crowding, rng = start(space, 6, 9)
        children, parents = bred(breeding, X, rank, crowding, 7, rng)
        made.append((X.tobytes(), children.tobytes(), parents.tobytes(), rng.bit_generator.state))
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("space", "operators", "wrong"),
    [
        (pt.Binary(3), {"crossover": pt.SBX()}, "SBX"),
        (pt.Binary(3), {"mutation": pt.PolynomialMutation()}, "PolynomialMutation"),
        (pt.Real(0, 1), {"mutation": pt.BitFlip()}, "BitFlip"),
        (pt.Integer(0, 1), {"mutation": pt.BitFlip()}, "BitFlip"),
        (MIXED, {"mutation": pt.BitFlip()}, "BitFlip"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_operators_that_do_not_fit_are_refused(space, operators, wrong):
    with pytest.raises(ConfigurationError, match=rf"{wrong}\(.*Binary space"):
        breeding_for(space, **operators)


# -- duplicates, through ask -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "space",
    [
        pt.Space(a=pt.Int(-1, 1), b=pt.Ordinal(list("xyz")), c=pt.Bool()),
        pt.Space(a=pt.Int(0, 3), b=pt.Choice(list("xyz"))),
        pt.Integer([-2, 0], [2, 3]),
        pt.Binary(4),
    ],
    ids=str,
)
def test_no_candidate_comes_twice_in_a_generation_nor_equals_a_parent(space):
    class Ridge(pt.Problem):
        objectives = {"a": "min", "b": "min"}

        def evaluate_batch(self, X):
            return np.stack([X.sum(axis=1), -X.sum(axis=1)], axis=1).astype(float)

    problem = Ridge()
    problem.space = space
    machine = pt.NSGA2(size=6, duplicates="population").start(problem, seed=3)
    for _ in range(6):
        batch = machine.ask()
        known = {tuple(x) for x in machine.parents.X.tolist()}
        asked = [tuple(x) for x in batch.X.tolist()]
        assert len(set(asked)) == len(asked)
        assert not known & set(asked)
        machine.tell(batch, F=problem.evaluate_batch(batch.X))
