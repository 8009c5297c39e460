"""What needs no training is taken as it is by every screen that models."""

import numpy as np
import pytest

import paretide as pt
from paretide.operators.parts import KnownOutcomes
from paretide.operators.screening import gaussian_process
from paretide.operators.screening.ahead import FARTHEST, ahead_of
from paretide.operators.screening.targets import standardized

SPACE = pt.Real(0, 1, n=2)


def everything(X):
    """One objective that is trained, one that is known, and the margins of two constraints."""
    F = np.stack([(X[:, 0] - 0.3) ** 2 + 0.01 * np.sin(50 * X[:, 1]), 10 * X[:, 1]], axis=1)
    return F, np.stack([X[:, 1] - 0.9, X[:, 0] - 0.8], axis=1)


def known_of(X):
    F, margins = everything(X)
    F[:, 0], margins[:, 1] = np.nan, np.nan
    return F, margins


def outcomes(n=30, say=known_of):
    X = np.random.default_rng(1).random((n, 2)) * [1, 0.9]  # within the limit that is known
    return KnownOutcomes(X, *everything(X), say)


SCREENS = [pt.GaussianProcess(unscreened=0), pt.ExtraTrees(unscreened=0)]


def picked(screen, pool, known, k=3):
    rng = np.random.default_rng(5)
    return screen(pool, k, known, pool[:0], SPACE, rng, {})


def test_columns_that_are_said_are_known_and_no_others():
    known = outcomes()
    ahead = ahead_of(known, np.ones(30, dtype=bool))
    assert ahead.objectives.tolist() == [False, True]
    assert ahead.margins.tolist() == [True, False]
    silent = ahead_of(known._replace(known_of=None), np.ones(30, dtype=bool))
    assert not silent.objectives.any()
    assert not silent.margins.any()


def test_targets_are_standardized_by_what_was_evaluated():
    known = outcomes()
    ahead = ahead_of(known, np.ones(30, dtype=bool))
    own = ahead.targets(1, known.F[:, 1])
    np.testing.assert_allclose(own, standardized(known.F[:, 1]), rtol=1e-12)
    between = ahead.targets(1, (known.F[:5, 1] + known.F[5:10, 1]) / 2)
    np.testing.assert_allclose(between, (own[:5] + own[5:10]) / 2)
    assert ahead.targets(1, np.array([np.nan, 1e300])).tolist() == [FARTHEST, FARTHEST]


def test_nobody_who_breaks_a_known_limit_or_is_not_spoken_of_may_be_chosen():
    def sometimes(X):
        F, margins = known_of(X)
        F[X[:, 0] > 0.5, 1] = np.nan
        return F, margins

    known = outcomes(say=sometimes)
    ahead = ahead_of(known, known.X[:, 0] < 0.5)
    X = np.array([[0.2, 0.5], [0.2, 0.95], [0.7, 0.5]])
    targets, fit = ahead.sure(X)
    assert fit.tolist() == [True, False, False]
    assert np.isnan(targets[:, 0]).all()


@pytest.mark.parametrize("screen", SCREENS)
def test_the_better_of_two_that_are_alike_but_for_what_is_known(screen):
    """A model of few points confuses neighbours; what is known tells them apart."""
    known = outcomes()

    def said(X):
        F, margins = known_of(X)
        F[:, 1] = np.where(X[:, 1] == 0.5, 0.0, 10.0)  # better than all, and worse than all
        return F, margins

    pool = np.array([[0.3, 0.5001], [0.3, 0.4999], [0.3, 0.5], [0.31, 0.501]])
    assert picked(screen, pool, known._replace(known_of=said), 1).tolist() == [2]


@pytest.mark.parametrize("screen", SCREENS)
def test_what_breaks_a_known_limit_comes_last(screen):
    pool = np.array([[0.3, 0.99], [0.3, 0.95], [0.3, 0.1], [0.3, 0.3]])
    assert sorted(picked(screen, pool, outcomes(), 2).tolist()) == [2, 3]


def test_no_process_is_fitted_to_what_is_known(monkeypatch):
    fitted = []

    class Counting(gaussian_process.Process):
        def __init__(self, theta, known, y):
            fitted.append(y)
            super().__init__(theta, known, y)

    monkeypatch.setattr(gaussian_process, "Process", Counting)
    known, pool = outcomes(), np.random.default_rng(2).random((20, 2))
    picked(SCREENS[0], pool, known)
    assert len(fitted) == 2  # the error, and the limit that has to be trained
    fitted.clear()
    picked(SCREENS[0], pool, known._replace(known_of=None))
    assert len(fitted) == 3


@pytest.mark.parametrize("screen", SCREENS)
def test_all_may_be_known(screen):
    def said(X):
        F, margins = everything(X)
        F[X[:, 1] == 0] = -10  # better than all
        return F, margins

    known = outcomes(say=said)
    pool = np.random.default_rng(3).random((20, 2)) * [0.8, 0.9]
    chosen = picked(screen, pool, known, 4)
    assert len(set(chosen.tolist())) == 4
    best = np.array([[0.3, 0.0]])
    assert picked(screen, np.concatenate([pool, best]), known, 1).tolist() == [20]


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4])
def test_a_sure_value_is_worth_what_it_gains(n_obj):
    """The expectation of what is sure is that of a narrow one."""
    from paretide.operators.screening.ahead import SURE_SD
    from paretide.operators.screening.improvement import expected_improvement

    rng = np.random.default_rng(4)
    front, mean = rng.random((6, n_obj)), rng.random((9, n_obj)) * 0.8
    sd = np.full_like(mean, 0.3)
    sd[:, -1] = SURE_SD
    near = sd.copy()
    near[:, -1] = 1e-4
    sure, narrow = (expected_improvement(mean, s, front, np.ones(n_obj)) for s in (sd, near))
    np.testing.assert_allclose(sure, narrow, rtol=0.05, atol=2e-3)
