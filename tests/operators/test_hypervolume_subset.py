"""The chosen rows of a front: against the plain greedy choice, and what must hold of any."""

import itertools

import moocore
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretide.operators import hypervolume_subset as module
from paretide.operators.hypervolume_subset import hypervolume_subset

fronts = st.integers(1, 4).flatmap(
    lambda m: st.integers(1, 9).flatmap(
        lambda n: arrays(np.float64, (n, m), elements=st.integers(0, 6).map(float))
    )
)


def volume(F, reference):
    return float(moocore.hypervolume(F, ref=reference)) if len(F) else 0.0


def box(F):
    """F in shares of its ranges, and the reference point."""
    spread = np.ptp(F, axis=0)
    spread[spread == 0] = 1.0
    return (F - F.min(axis=0)) / spread, (F.max(axis=0) - F.min(axis=0)) / spread + 0.1


@settings(max_examples=60, deadline=None)
@given(fronts, st.integers(1, 9))
def test_each_choice_adds_as_much_as_any_could(F, k):
    scaled, reference = box(F)
    plain: list[int] = []
    while len(plain) < min(k, len(F)):
        rest = [row for row in range(len(F)) if row not in plain]
        plain.append(max(rest, key=lambda row: volume(scaled[[*plain, row]], reference)))
    rows = hypervolume_subset(F, k)
    assert rows.dtype == np.int64
    assert (np.diff(rows) > 0).all()
    assert len(rows) == min(k, len(F))
    assert volume(scaled[rows], reference) == pytest.approx(volume(scaled[plain], reference))


@settings(max_examples=40, deadline=None)
@given(fronts, st.integers(1, 4))
def test_it_is_at_least_two_thirds_of_the_best_choice(F, k):
    scaled, reference = box(F)
    k = min(k, len(F))
    best = max(
        volume(scaled[list(some)], reference) for some in itertools.combinations(range(len(F)), k)
    )
    assert volume(scaled[hypervolume_subset(F, k)], reference) >= 0.63 * best


def on_a_sphere(n, m):
    F = np.abs(np.random.default_rng(n).standard_normal((n, m)))
    return 1 - F / np.linalg.norm(F, axis=1, keepdims=True)


def test_units_do_not_matter():
    F = on_a_sphere(40, 3)
    chosen = hypervolume_subset(F, 7)
    for scale in (1e-300, 1e-3, 1e300):
        assert hypervolume_subset(F * [1, scale, 1], 7).tolist() == chosen.tolist()
    assert hypervolume_subset(np.array([[-1.7e308, 1.7e308], [1.7e308, -1.7e308]]), 1).tolist()


def test_copies_come_last_and_the_first_of_them_first():
    F = np.array([[0.0, 1], [0, 1], [1, 0], [1, 0], [0.4, 0.4]])
    assert hypervolume_subset(F, 3).tolist() == [0, 2, 4]
    assert hypervolume_subset(F, 4).tolist() == [0, 1, 2, 4]


@pytest.mark.parametrize("m", [3, 7, 12])
def test_along_directions_it_is_nearly_as_good(m, monkeypatch):
    F = on_a_sphere(60, m)
    exact = hypervolume_subset(F, 8) if m == 3 else None
    monkeypatch.setattr(module, "EXACT", {})
    rows = hypervolume_subset(F, 8)
    assert rows.tolist() == hypervolume_subset(F, 8).tolist()
    scaled, reference = box(F)
    random = np.random.default_rng(1).choice(60, 8, replace=False)
    assert volume(scaled[rows], reference) > volume(scaled[random], reference)
    if exact is not None:
        assert volume(scaled[rows], reference) > 0.99 * volume(scaled[exact], reference)


def test_what_it_is_given_stays_as_it_is():
    F = on_a_sphere(30, 2)
    before = F.copy()
    F.flags.writeable = False
    hypervolume_subset(F, 5)
    assert F.tobytes() == before.tobytes()
