"""A row of a batch that holds no numbers fails alone."""

import numpy as np
import pytest

import paretide as pt
from paretide.errors import ContractError


class Wordy(pt.Problem):
    """Some rows hold words."""

    space = pt.Real(0, 1, n=2)
    objectives = {"a": "min", "b": "min"}
    constraints = {"c": pt.upper(2)}

    def __init__(self):
        self.calls = 0

    def evaluate_batch(self, X):
        self.calls += 1
        F, G = X.astype(object), np.zeros((len(X), 1), dtype=object)
        F[X[:, 0] > 0.8, 1] = "diverged"
        G[X[:, 1] > 0.8, 0] = "out of range"
        return F, G


def test_a_row_of_words_fails_alone_and_nothing_is_evaluated_twice():
    problem = Wordy()
    run = pt.minimize(problem, pt.NSGA2(size=20), budget=60, seed=1).run  # candidate 0 is sound
    assert problem.calls == 3
    everything = run.evaluations
    wrong = (everything.X > 0.8).any(axis=1)
    assert 0 < np.count_nonzero(wrong) < 60
    assert sorted(everything.failures) == sorted(everything.ids[wrong].tolist())
    assert set(run.failures()) == {"F must hold numbers: got text", "G must hold numbers: got text"}
    assert {failure.kind for failure in everything.failures.values()} == {"contract"}


def test_words_from_the_very_first_candidate_are_the_problem_s_fault():
    class Always(Wordy):
        def evaluate_batch(self, X):
            F, G = super().evaluate_batch(X)
            F[0, 0] = "text"
            return F, G

    with pytest.raises(ContractError, match="candidate 0: F must hold numbers: got text"):
        pt.minimize(Always(), pt.NSGA2(size=20), budget=60, seed=2)
