"""Improvement per predicted cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from screened import SPACES, drawn

import paretide as pt
from paretide.operators.parts import KnownOutcomes
from paretide.operators.screening.choosing import choose, reference_point
from paretide.operators.screening.costs import log_costs, relative
from paretide.operators.screening.improvement import expected_improvement
from paretide.operators.screening.scale import Scale

SCREENS = [pt.GaussianProcess(unscreened=0), pt.ExtraTrees(unscreened=0)]
by_screens = pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: type(screen).__name__)


class Sure:
    """Beliefs of which one is as good as any other model's."""

    def __init__(self, mean, feasible):
        self.mean, self._feasible = mean, feasible

    def sd(self):
        return np.full_like(self.mean, 0.3)

    def feasible(self):
        return self._feasible

    def believe(self, i):
        pass


def by_hand(beliefs, size, k, front, scales, cost):
    """One by one: who is worth most for its cost, of equals the cheaper, of those the first."""
    chosen = []
    for _ in range(k):
        gains = [0.0] * size
        if len(front):
            reference = reference_point(front, scales)
            args = (beliefs.mean[:size], beliefs.sd()[:size], front, reference, scales)
            gains = (beliefs.feasible()[:size] * expected_improvement(*args)).tolist()
        left = [i for i in range(size) if i not in chosen]
        if not any(gains[i] for i in left):
            gains = beliefs.feasible()[:size].tolist()
        best = min(left, key=lambda i: (-(gains[i] / cost[i]), cost[i], i))
        chosen.append(best)
        if beliefs.feasible()[best] >= 0.5:
            front = np.concatenate([front, beliefs.mean[best : best + 1]])
    return chosen


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(0, 6), st.booleans())
def test_what_is_chosen_is_worth_most_for_its_cost(seed, k, told, alike):
    rng = np.random.default_rng(seed)
    size = 8
    mean = np.round(rng.normal(size=(size, 2)), 1)
    feasible = rng.choice([0.0, 0.3, 0.9, 1.0], size)
    beliefs = Sure(np.repeat(mean[:2], 4, axis=0) if alike else mean, feasible)
    front = np.round(rng.normal(size=(told, 2)), 1)
    scales = [Scale(np.array([-1.0, 0.0, 2.0]), np.array([0.0, 0.5, 1.0])) for _ in range(2)]
    cost = rng.choice([0.01, 0.3, 1.0], size)
    found = choose(beliefs, size, k, front, scales, 0, 0.0, cost)
    assert found.tolist() == by_hand(beliefs, size, k, front, scales, cost)
    same = choose(beliefs, size, k, front, scales, 0, 0.0, np.ones(size))
    assert same.tolist() == choose(beliefs, size, k, front, scales, 0, 0.0).tolist()


def test_those_that_go_out_unscreened_do_so_whatever_they_cost():
    beliefs = Sure(np.zeros((4, 2)), np.ones(4))
    cost = np.array([1.0, 0.5, 0.2, 0.1])
    scales = [Scale(np.zeros(1), np.zeros(1))] * 2
    nothing = np.empty((0, 2))
    assert choose(beliefs, 4, 2, nothing, scales, 0, 0.5, cost).tolist() == [3, 0]


def test_costs_are_learned_in_logarithms_of_those_that_are_known():
    cost = np.array([np.nan, 1.0, np.e, np.nan, np.e**2, 1.0])
    learned = log_costs(cost, np.array([0, 1, 2, 3, 4]))
    assert learned.rows.tolist() == [1, 2, 4]
    np.testing.assert_allclose(learned.targets * learned.spread + 1, [0, 1, 2], atol=1e-12)
    np.testing.assert_allclose(relative(np.log([3.0, 12.0, 6.0])), [0.25, 1.0, 0.5])
    assert relative(np.array([-1e9, 0.0])).min() > 0


@pytest.mark.parametrize("cost", [None, [np.nan] * 3, [2.0, np.nan, np.nan], [2.0, 2.0, 2.0]])
def test_there_may_be_nothing_to_learn(cost):
    assert log_costs(None if cost is None else np.array(cost), np.arange(3)) is None


def known(space, cost, n=30, failed=()):
    X = drawn(space, n, 0)
    rng = np.random.default_rng(1)
    F = space.to_working(X) @ rng.random((space.n_var, 2)) + 0.01 * rng.random((n, 2))
    F[list(failed)] = np.nan
    return KnownOutcomes(X, F, np.empty((n, 0)), cost=cost)


def picks(screen, told, space, k=4):
    pool, nobody = drawn(space, 60, 5), drawn(space, 0)
    return screen(pool, k, told, nobody, space, np.random.default_rng(3), {}), pool


@by_screens
@pytest.mark.parametrize("name", SPACES)
def test_where_all_cost_the_same_nothing_changes(screen, name):
    space = SPACES[name]
    counted, _ = picks(screen, known(space, None), space)
    for cost in (np.full(30, 7.0), np.full(30, np.nan)):
        paid, _ = picks(screen, known(space, cost), space)
        assert paid.tolist() == counted.tolist()


@by_screens
def test_cheap_ones_come_first(screen):
    space = pt.Real(0, 1, n=3)
    rng = np.random.default_rng(0)
    X = drawn(space, 40, 0)
    F = np.column_stack([X[:, 0], 1 - X[:, 0]]) + 0.1 * rng.random((40, 1))
    cost = np.exp(4 * X[:, 2])
    cost[[3, 9]] = np.nan
    F[[5, 6]] = np.nan  # who has failed early was cheap, and says nothing
    cost[[5, 6]] = 1e-9
    nothing = np.empty((40, 0))
    counted, pool = picks(screen, KnownOutcomes(X, F, nothing), space, 8)
    paid, _ = picks(screen, KnownOutcomes(X, F, nothing, cost=cost), space, 8)
    assert pool[paid, 2].mean() < pool[counted, 2].mean() - 0.15
    assert pool[paid, 2].mean() < 0.3


def test_the_search_of_the_model_goes_by_cost_too():
    space = pt.Real(0, 1, n=3)
    screen = pt.GaussianProcess(unscreened=0, search=3)
    X = drawn(space, 40, 0)
    F = np.column_stack([X[:, 0], 1 - X[:, 0]])
    told = KnownOutcomes(X, F, np.empty((40, 0)), cost=np.exp(4 * X[:, 2]))

    def vary(parents, rng):
        return np.clip(parents + rng.normal(0, 0.1, parents.shape), 0, 1)

    rng, nobody = np.random.default_rng(3), X[:0]
    improved = [
        screen.improve(drawn(space, 20, 5), 2, each, nobody, space, rng, {}, vary)[2:, 2].mean()
        for each in (told._replace(cost=None), told)
    ]
    assert improved[1] < improved[0] - 0.1


def test_no_memory_is_kept_of_costs_that_there_are_not():
    space = SPACES["real"]
    kept = []
    for cost in (None, np.exp(np.arange(30) / 10.0)):
        memory = {}
        screen = pt.GaussianProcess()
        pool = drawn(space, 20, 5)
        screen(pool, 2, known(space, cost), pool[:0], space, np.random.default_rng(3), memory)
        kept.append(memory["theta"])
    assert len(kept[1]) == len(kept[0]) + 1
    np.testing.assert_array_equal(kept[1][:2], kept[0][:2])
