"""What screens are made of, against plain NumPy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from screened import MIXED, SPACES, drawn

from paretide.operators.indicators import hypervolume
from paretide.operators.screening.improvement import boxes, expected_improvement
from paretide.operators.screening.inputs import Inputs, inputs
from paretide.operators.screening.known import most_telling
from paretide.operators.screening.regression import Fit, Kernel, Process, prior
from paretide.operators.screening.scale import Scale
from paretide.operators.screening.targets import margin_targets, objective_targets
from paretide.operators.survival import nondominated_rank

seeds = st.integers(0, 2**32 - 1)


def candidates(rng, n, p=3, q=2):
    return Inputs(rng.random((n, p)), rng.integers(0, 3, (n, q)).astype(float))


# -- improvement -----------------------------------------------------------------------------------


@given(seeds, st.integers(1, 3), st.integers(0, 30), st.booleans())
@settings(deadline=None, max_examples=60)
def test_boxes_are_all_that_a_front_does_not_dominate(seed, m, n, coarse):
    rng = np.random.default_rng(seed)
    F = rng.random((n, m)) * 0.9
    F = np.round(F, 1) if coarse else F
    front = F[nondominated_rank(F) == 0] if n else F
    lower, upper = boxes(front, np.ones(m))
    assert len(lower) <= 2 * len(front) + 1
    volume = np.prod(upper - np.maximum(lower, 0.0), axis=1).sum()
    assert volume + hypervolume(front, np.ones(m)) == pytest.approx(1.0)
    points = rng.random((200, m))
    inside = (points[:, None] >= lower) & (points[:, None] < upper)
    dominated = (front[None] <= points[:, None]).all(axis=2).any(axis=1)
    np.testing.assert_array_equal(inside.all(axis=2).sum(axis=1), ~dominated)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("n", [0, 7])
def test_expected_improvement_is_the_mean_of_improvements(m, n):
    rng = np.random.default_rng(m)
    front, reference = rng.random((n, m)), np.ones(m)
    mean, sd = rng.random((5, m)) * 0.8, rng.random((5, m)) * 0.2 + 0.05
    before = hypervolume(front, reference) if n else 0.0
    draws = 500
    expected, error = np.empty(5), np.empty(5)
    for i in range(5):
        ys = mean[i] + sd[i] * rng.standard_normal((draws, m))
        gains = [hypervolume(np.vstack([front, y]), reference) - before for y in ys]
        expected[i], error[i] = np.mean(gains), np.std(gains) / math.sqrt(draws)
    slack = (1e-3 if m <= 3 else 0.1) * expected.max()  # what is rare; few directions
    got = expected_improvement(mean, sd, front, reference)
    assert (np.abs(got - expected) <= 5 * error + slack).all()


def test_where_everything_is_certain_it_is_the_improvement():
    front = np.array([[0.2, 0.8], [0.5, 0.3]])
    mean = np.array([[0.3, 0.5], [0.6, 0.6], [0.1, 0.1]])
    got = expected_improvement(mean, np.full((3, 2), 1e-9), front, np.ones(2))
    np.testing.assert_allclose(got, [0.2 * 0.3, 0.0, 0.81 - 0.41], atol=1e-8)


@given(seeds, st.integers(1, 3))
@settings(deadline=None, max_examples=6)
def test_volume_of_values_is_that_of_the_values_of_targets(seed, m):
    rng = np.random.default_rng(seed)
    scales = []
    for _ in range(m):
        knots = np.sort(rng.standard_normal(8))
        scales.append(Scale(knots, np.sort(rng.random(8))))
    front, reference = rng.standard_normal((4, m)), np.full(m, 1.0)
    mean, sd = rng.standard_normal((3, m)) - 0.5, rng.random((3, m)) * 0.5 + 0.1

    def values(Y):
        return np.column_stack([s.values_of(y) for s, y in zip(scales, Y.T, strict=True)])

    before = hypervolume(values(front), values(reference[None])[0])
    got = expected_improvement(mean, sd, front, reference, scales)
    for i in range(3):
        Y = values(mean[i] + sd[i] * rng.standard_normal((100, m)))
        after = [hypervolume(np.vstack([values(front), y]), values(reference[None])[0]) for y in Y]
        gains = np.array(after) - before
        assert abs(got[i] - gains.mean()) <= 6 * gains.std() / 10 + 0.02 * (got.max() + 0.01)


@given(seeds, st.integers(1, 100))
def test_a_scale_leads_from_targets_to_values_and_back(seed, n):
    rng = np.random.default_rng(seed)
    targets, values = np.sort(rng.standard_normal(n)), np.sort(rng.random(n))
    scale = Scale(targets, values)
    np.testing.assert_allclose(scale.values_of(scale.targets[[0, -1]]), values[[0, -1]])
    for value in (-0.5, *rng.random(3).tolist(), 1.7):
        assert scale.values_of(np.array([scale.target_of(value)]))[0] == pytest.approx(value)
    everywhere = scale.values_of(np.linspace(-5, 5, 200))
    assert (np.diff(everywhere) > 0).all()


# -- regression ------------------------------------------------------------------------------------


def plain_covariance(a, b, kernel, lengths, weights):
    r = math.sqrt(sum(((x - y) / s) ** 2 for x, y, s in zip(a[0], b[0], lengths, strict=True)))
    unequal = sum(w for x, y, w in zip(a[1], b[1], weights, strict=True) if x != y)
    matern = (1 + math.sqrt(5) * r + 5 / 3 * r * r) * math.exp(-math.sqrt(5) * r)
    return kernel.signal * matern * math.exp(-unequal)


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_covariances_are_those_of_the_formula(seed):
    rng = np.random.default_rng(seed)
    A, B = candidates(rng, 4), candidates(rng, 3)
    theta = rng.standard_normal(7)
    kernel = Kernel(theta, A)
    lengths, weights = np.exp(theta[:3]), np.exp(theta[3:5])
    for i in range(4):
        for j in range(3):
            one, other = (A.ordered[i], A.listed[i]), (B.ordered[j], B.listed[j])
            expected = plain_covariance(one, other, kernel, lengths, weights)
            assert kernel(A, B)[i, j] == pytest.approx(expected, rel=1e-6, abs=1e-12)


def plain_loss(theta, X, y):
    kernel, before = Kernel(theta, X), prior(X)
    K = kernel(X, X) + kernel.noise * np.eye(len(y))
    off = (theta - before.mean) / before.sd
    return 0.5 * (y @ np.linalg.solve(K, y) + np.linalg.slogdet(K)[1] + off @ off)


@given(seeds, st.sampled_from([(3, 2), (3, 0), (0, 2), (40, 0), (2, 40)]))
@settings(deadline=None, max_examples=20)
def test_the_gradient_is_that_of_the_density(seed, shape):
    rng = np.random.default_rng(seed)
    X, y = candidates(rng, 12, *shape), rng.standard_normal(12)
    theta = prior(X).mean + 0.3 * rng.standard_normal(len(prior(X).mean))
    loss, gradient = Fit(X, y).loss(theta)
    assert loss == pytest.approx(plain_loss(theta, X, y), rel=1e-6)
    for j, step in enumerate(np.eye(len(theta)) * 1e-5):
        slope = (plain_loss(theta + step, X, y) - plain_loss(theta - step, X, y)) / 2e-5
        assert gradient[j] == pytest.approx(slope, rel=1e-3, abs=1e-3)


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_believing_is_conditioning_on_the_mean(seed):
    rng = np.random.default_rng(seed)
    X, more, y = candidates(rng, 9), candidates(rng, 6), rng.standard_normal(9)
    theta = prior(X).mean
    process = Process(theta, X, y)
    believed = process.at(more)
    kernel = Kernel(theta, X)
    K = kernel(X, X) + kernel.noise * np.eye(9)
    np.testing.assert_allclose(believed.mean, kernel(more, X) @ np.linalg.solve(K, y), atol=1e-7)
    assert process.smoothed is y
    for i in (4, 1):
        X = Inputs(*(np.vstack([a, b[i]]) for a, b in zip(fields(X), fields(more), strict=True)))
        y = np.append(y, believed.mean[i])
        believed.believe(i)
        afresh = Process(theta, X, y).at(more)
        np.testing.assert_allclose(believed.mean, afresh.mean, atol=1e-6)
        np.testing.assert_allclose(believed.variance, afresh.variance, atol=1e-6)


def test_where_there_is_noise_the_known_is_smoothed():
    rng = np.random.default_rng(0)
    X, y = candidates(rng, 9), rng.standard_normal(9)
    theta = prior(X).mean
    theta[-1] = np.log(0.3)
    kernel = Kernel(theta, X)
    K = kernel(X, X) + 0.3 * np.eye(9)
    smoothed = Process(theta, X, y).smoothed
    np.testing.assert_allclose(smoothed, kernel(X, X) @ np.linalg.solve(K, y), atol=1e-9)


def fields(of):
    return of.ordered, of.listed


def test_what_does_not_matter_gets_a_long_length_and_noise_is_found():
    rng = np.random.default_rng(0)
    X = candidates(rng, 120, 2, 1)
    y = np.sin(6 * X.ordered[:, 0]) + 0.2 * rng.standard_normal(120)
    y = (y - y.mean()) / y.std()
    theta = Fit(X, y).best()
    assert theta[1] > theta[0] + 1
    noise = 0.2**2 / np.var(np.sin(6 * X.ordered[:, 0]))
    assert noise / 3 < np.exp(theta[-1]) < noise * 3


# -- inputs and targets ----------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_inputs_lie_between_0_and_1_and_leave_out_what_is_fixed(space):
    of = inputs(drawn(space, 20), space)
    assert (of.ordered >= 0).all()
    assert (of.ordered <= 1).all()
    varies = (space.layout.lower < space.layout.upper) & (space.layout.categories == 0)
    assert of.ordered.shape[1] == varies.sum()
    assert of.listed.shape[1] == (space.layout.categories > 0).sum()


class Conditional:
    """``rate`` and ``act`` mean something only where ``norm`` is set."""

    def __init__(self):
        self.layout, self.to_working, self.names = MIXED.layout, MIXED.to_working, MIXED.names

    def active(self, X):
        on = np.ones(X.shape, dtype=bool)
        off = X[:, self.names.index("norm")] == 0
        for name in ("rate", "act"):
            on[off, self.names.index(name)] = False
        return on


def test_inactive_values_are_equal_to_one_another():
    X = drawn(MIXED, 20)
    X[:10, MIXED.names.index("norm")] = 0
    X[10:, MIXED.names.index("norm")] = 1
    free, bound = inputs(X, MIXED), inputs(X, Conditional())
    assert (bound.ordered[:10, 0] == 0.5).all()
    assert (bound.listed[:10, 0] == -1).all()
    np.testing.assert_array_equal(bound.ordered[10:], free.ordered[10:])
    np.testing.assert_array_equal(bound.listed[10:], free.listed[10:])


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=30))
def test_targets_keep_the_order(values):
    f = np.array(values)
    y = objective_targets(f)
    assert np.isfinite(y).all()
    order = np.argsort(f, kind="stable")
    assert (np.diff(y[order]) >= -1e-9).all()
    if len(set(values)) > 1:
        assert y.std() == pytest.approx(1.0)


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=30))
def test_targets_of_margins_keep_the_side_of_the_limit(values):
    g = np.array(values)
    y, zero = margin_targets(g)
    assert np.isfinite(y).all()
    assert (y[g > 0] >= zero - 1e-9).all()
    assert (y[g <= 0] <= zero + 1e-9).all()


def test_the_best_and_some_of_the_others_are_modelled():
    rng = np.random.default_rng(0)
    F, violation = rng.random((100, 2)), np.zeros(100)
    violation[:30] = 1.0
    rows = most_telling(F, violation, 40)
    assert len(rows) == 40
    assert (np.diff(rows) > 0).all()
    front = 30 + np.flatnonzero(nondominated_rank(F[30:]) == 0)
    assert set(front) <= set(rows)
    assert (rows < 30).any()
    np.testing.assert_array_equal(most_telling(F, violation, 100), np.arange(100))
