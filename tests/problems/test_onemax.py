import numpy as np
import pytest

from paretide import OneMinMax, nondominated_rank
from paretide.errors import ConfigurationError
from paretide.problems.definition import read_definition


def test_zeros_and_ones_are_counted():
    X = np.array([[0, 0, 0], [1, 0, 1], [1, 1, 1]], dtype=bool)
    F = OneMinMax(3).evaluate_batch(X)
    assert F.dtype == np.float64
    assert F.tolist() == [[3, 0], [1, 2], [0, 3]]


@pytest.mark.parametrize("n", [1, 2, 30])
def test_the_front_is_complete_and_nothing_in_it_is_dominated(n):
    problem = OneMinMax(n)
    front = problem.pareto_front()
    assert front.shape == (n + 1, 2)
    assert (front.sum(axis=1) == n).all()
    assert len(np.unique(front, axis=0)) == n + 1
    assert (nondominated_rank(read_definition(problem).minimized(front)) == 0).all()
    # Every string is optimal, so any sample stands on the front.
    X = np.random.default_rng(n).integers(0, 2, (50, n), dtype=bool)
    assert {tuple(f) for f in problem.evaluate_batch(X)} <= {tuple(f) for f in front}


def test_the_front_is_covered_by_all_of_its_values_in_any_order_and_number():
    problem = OneMinMax(5)
    front = problem.pareto_front()
    repeated = np.concatenate([front[::-1], front[2:4]])
    assert problem.front_covered(repeated)
    for missing in range(6):
        assert not problem.front_covered(np.delete(front, missing, axis=0))
    assert not problem.front_covered(np.empty((0, 2)))


@pytest.mark.parametrize("n", [0, 2.5, "8", None], ids=repr)
def test_the_length_must_be_a_count(n):
    with pytest.raises(ConfigurationError, match="n must be a whole number") as caught:
        OneMinMax(n)
    assert repr(n) in str(caught.value)
