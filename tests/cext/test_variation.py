import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import paretide.cext.polynomial_mutation as mutation
import paretide.cext.reference as oracle
import paretide.cext.sbx as crossover
import paretide.cext.variation as kernel
from paretide.cext import tournament
from paretide.errors import ConfigurationError, ShapeError

etas = st.sampled_from([0.0, 2.5, 15.0, 100.0])
probabilities = st.sampled_from([0.0, 1 / 30, 0.5, 0.9, 1.0])
generators = st.sampled_from([np.random.PCG64, np.random.MT19937, np.random.Philox])


def population(seed, n, n_var):
    """Draw bounds, some equal, and candidates, some equal or at a bound, with ties in the rest."""
    rng = np.random.default_rng(seed)
    lower = rng.normal(0, 10.0, n_var)
    upper = lower + rng.choice([0.0, 1e-3, 1.0, 1e3], n_var)
    share = rng.choice([0.0, 0.3, 1.0, np.nan], (n, n_var))
    share[np.isnan(share)] = rng.random(np.isnan(share).sum())
    X = np.clip(lower + share * (upper - lower), lower, upper)
    return X, rng.integers(0, 2, n), rng.choice([0.5, 1.0, np.inf], n), lower, upper


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 2**32),
    generators,
    st.integers(1, 12),
    st.integers(0, 70),
    st.sampled_from([1, 3, 30, 70]),
    etas,
    probabilities,
    probabilities,
    etas,
    probabilities,
)
def test_children_are_those_of_the_oracle(
    seed, make, n, k, n_var, eta, prob, prob_var, small, mutate
):
    X, rank, crowding, lower, upper = population(seed, n, n_var)
    arguments = (X, rank, crowding, k, lower, upper, eta, prob, prob_var, small, mutate)
    source, same = make(seed), make(seed)
    children, rows = kernel.real_children(*arguments, source)
    expected, expected_rows = oracle.real_children(*arguments, same)
    np.testing.assert_array_equal(rows, expected_rows)
    # Untouched values are the parents' bits; of the others the power's last bits may differ.
    own = X[rows[np.arange(k), np.arange(k) % 2]]
    untouched = expected == own
    assert children[untouched].tobytes() == own[untouched].tobytes()
    assert (np.abs(children - expected) <= 1e-12 * (upper - lower) + 1e-15 * np.abs(own)).all()
    assert ((lower <= children) & (children <= upper)).all()
    # The generators stand at the same place: not a draw more, not one less.
    assert source.random_raw() == same.random_raw()


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.integers(0, 40),
    st.sampled_from([1, 3, 30]),
    probabilities,
    probabilities,
    st.integers(0, 5),
)
def test_duplicates_are_drawn_again(seed, n, k, n_var, prob, mutate, redraws):
    X, rank, crowding, lower, upper = population(seed, n, n_var)
    settings = (lower, upper, 15, prob, 0.5, 20, mutate)
    ids = np.arange(n) * 7 + 3
    source, same = np.random.PCG64(seed), np.random.PCG64(seed)
    children, rows = kernel.real_children(X, rank, crowding, k, *settings, source, redraws, ids)
    expected, expected_rows = oracle.breed_distinct(
        lambda k: kernel.real_children(X, rank, crowding, k, *settings, same), X, k, redraws
    )
    assert children.tobytes() == expected.tobytes()
    np.testing.assert_array_equal(rows, ids[expected_rows])
    assert source.state == same.state
    assert len(np.unique(np.concatenate([X, children]) + 0.0, axis=0)) == len(
        np.unique(X + 0.0, axis=0)
    ) + len(children)


def test_zeros_of_either_sign_are_one_value():
    X = np.array([[0.0, 1.0], [-0.0, 1.0]])
    children, _ = kernel.real_children(
        X, [0, 0], [1.0, 1.0], 6, [-1, 1], [1, 1], 15, 0.0, 0.5, 20, 0.0, np.random.PCG64(1), 3
    )
    assert len(children) == 0


def test_layout_of_the_arguments_does_not_matter(call):
    X, rank, crowding, lower, upper = population(3, 20, 5)
    arguments = (X, rank, crowding, 31, lower, upper, 15, 0.9, 0.5, 20, 0.2, np.random.PCG64(3))
    children = call(lambda *a: kernel.real_children(*a)[0], *arguments)
    rows = call(lambda *a: kernel.real_children(*a)[1], *arguments)
    assert children.shape == (31, 5)
    assert rows.shape == (31, 2)
    listed = kernel.real_children(X.tolist(), rank.tolist(), *arguments[2:-1], np.random.PCG64(3))
    np.testing.assert_array_equal(listed[0], children)


def test_a_block_is_the_three_kernels_one_after_the_other():
    X, rank, crowding, lower, upper = population(5, 50, 30)
    one, other = np.random.PCG64(5), np.random.PCG64(5)
    children, rows = kernel.real_children(
        X, rank, crowding, 32, lower, upper, 15, 0.9, 0.5, 20, 0.1, one
    )
    pairs = tournament.binary_tournament(rank, crowding, 32, other).reshape(-1, 2)
    crossed = crossover.sbx(X[pairs[:, 0]], X[pairs[:, 1]], lower, upper, 15, 0.9, 0.5, other)
    mutated = mutation.polynomial_mutation(crossed, lower, upper, 20, 0.1, other)
    np.testing.assert_array_equal(rows[0::2], pairs)
    np.testing.assert_array_equal(rows[1::2], pairs)
    assert children.tobytes() == mutated.tobytes()
    assert one.state == other.state


def test_an_odd_number_drops_the_last_child():
    X, rank, crowding, lower, upper = population(6, 9, 4)
    settings = (lower, upper, 15, 0.9, 0.5, 20, 0.0)
    even, pairs = kernel.real_children(X, rank, crowding, 34, *settings, np.random.PCG64(1))
    odd, rows = kernel.real_children(X, rank, crowding, 33, *settings, np.random.PCG64(1))
    np.testing.assert_array_equal(odd, even[:33])
    np.testing.assert_array_equal(rows, pairs[:33])


@pytest.mark.parametrize("eta", [0.0, 1.5, 15.0, 40.25])
def test_the_spread_is_distributed_as_published(eta):
    near, far, low, high = 0.2, 0.5, 0.0, 1.2
    X = np.array([[near], [far]])
    children, rows = kernel.real_children(
        X, [0, 0], [1.0, 1.0], 80_000, [low], [high], eta, 1.0, 1.0, 20, 0.0, np.random.PCG64(17)
    )
    couples = children.reshape(-1, 2)[rows[0::2, 0] != rows[0::2, 1]]
    assert len(couples) > 15_000
    down, up = couples.min(axis=1), couples.max(axis=1)

    def spread(beta):  # Deb and Agrawal (1995), integrated
        outside = 1 - 0.5 * np.maximum(beta, 1) ** -(eta + 1)
        return np.where(beta <= 1, 0.5 * beta ** (eta + 1), outside)

    for beta, room in (
        ((near + far - 2 * down) / (far - near), near - low),
        ((2 * up - near - far) / (far - near), high - far),
    ):
        most = np.array(1 + 2 * room / (far - near))
        assert stats.kstest(beta, lambda b, most=most: spread(b) / spread(most)).pvalue > 1e-4
    swapped = (couples[:, 0] > couples[:, 1]).mean()
    assert abs(swapped - 0.5) < 4 * np.sqrt(0.25 / len(couples))


@pytest.mark.parametrize("eta", [0.0, 5.5, 20.0])
@pytest.mark.parametrize("x", [0.0, 0.3, 1.0])
def test_steps_are_distributed_as_published(eta, x):
    children, _ = kernel.real_children(
        [[x]], [0], [1.0], 40_000, [0], [1], 15, 1.0, 1.0, eta, 1.0, np.random.PCG64(19)
    )
    delta = children[:, 0] - x
    for steps, room in ((delta[delta < 0], x), (delta[delta > 0], 1 - x)):
        if room > 0:
            assert abs(len(steps) / len(delta) - 0.5) < 0.02

            def share(t, room=room):  # density (1 - |delta|)**eta up to the bound
                return (1 - (1 - t) ** (eta + 1)) / (1 - (1 - room) ** (eta + 1))

            assert stats.kstest(abs(steps), share).pvalue > 1e-4


@pytest.mark.parametrize("prob_var", [0.1, 0.5, 0.8])
def test_variables_are_crossed_and_mutated_as_often_as_they_should(prob_var):
    n_var, k, prob = 70, 20_000, 0.9
    X = np.stack([np.full(n_var, 0.3), np.full(n_var, 0.7)])
    bounds = np.zeros(n_var), np.ones(n_var)
    children, rows = kernel.real_children(
        X, [0, 0], [1.0, 1.0], k, *bounds, 15, prob, prob_var, 20, 0.0, np.random.PCG64(2)
    )
    own = X[rows[np.arange(k), np.arange(k) % 2]]
    crossed = (children != own)[0::2][rows[0::2, 0] != rows[0::2, 1]]
    pairs = len(crossed)
    assert abs(crossed.any(axis=1).mean() - prob) < 5 * np.sqrt(prob * (1 - prob) / pairs)
    share = crossed[crossed.any(axis=1)].mean(axis=0)
    assert (abs(share - prob_var) < 5 * np.sqrt(0.25 / pairs)).all()
    children, rows = kernel.real_children(
        X, [0, 0], [1.0, 1.0], k, *bounds, 15, 0.0, prob_var, 20, 1 / n_var, np.random.PCG64(3)
    )
    mutated = children != X[rows[np.arange(k), np.arange(k) % 2]]
    assert abs(mutated.sum() - k) < 5 * np.sqrt(k)
    column = mutated.mean(axis=0) * n_var - 1
    assert (abs(column) < 5 * np.sqrt(n_var / k)).all()


@pytest.mark.parametrize("eta", [0.0, 0.7, 2.0, 15.0, 63.0, 64.5, 1000.0])
@pytest.mark.parametrize("room", [0.0, 0.01, 1.5, 1e9])
def test_powers_are_exact_to_1e_12(eta, room):
    # Between parents -1 and 1 the child below is minus the spread factor, without any rounding.
    n = 40_000
    children = crossover.sbx(
        np.full((n, 1), -1.0),
        np.full((n, 1), 1.0),
        [-1.0 - room],
        [1.0 + room],
        eta,
        1.0,
        1.0,
        np.random.PCG64(8),
    )
    down = -children.reshape(n, 2).min(axis=1)
    words = np.random.PCG64(8).random_raw(3 * n)[2::3]  # after one for the pair and one to choose
    u = (np.longdouble(1) * (words >> np.uint64(12)) + 0.5) / 2**52
    power = np.longdouble(eta) + 1
    c = (1 + np.longdouble(room)) ** -power
    inner = u * (2 - c)
    with np.errstate(divide="ignore"):
        beta = np.where(inner <= 1, inner, 1 / (2 * (1 - u) + u * c)) ** (1 / power)
    beta = np.minimum(beta, np.longdouble(1.0 + room))
    assert np.abs(down / beta - 1).max() < 1e-12


CALLS = """
import hashlib, numpy as np
from paretide.cext import polynomial_mutation, sbx, variation
digest = hashlib.sha256()
for seed, n, n_var in ((1, 7, 3), (2, 150, 30), (3, 33, 200)):
    for eta, prob_var in ((15.0, 0.5), (3.7, 0.9), (0.0, 1.0)):
        rng = np.random.default_rng(seed)
        lower = rng.normal(0, 10, n_var)
        upper = lower + rng.choice([0.0, 1e-3, 1.0, 1e300], n_var)
        X = np.clip(lower + rng.random((n, n_var)) * (upper - lower), lower, upper)
        rank, crowding = rng.integers(0, 2, n), rng.random(n)
        source = np.random.PCG64(seed)
        for result in (
            *variation.real_children(
                X, rank, crowding, n, lower, upper, eta, 0.9, prob_var, eta + 5, 0.2, source
            ),
            sbx.sbx(X, X[::-1], lower, upper, eta, 0.9, prob_var, source),
            polynomial_mutation.polynomial_mutation(X, lower, upper, eta, 0.3, source),
        ):
            digest.update(np.ascontiguousarray(result).tobytes())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_bits():
    seen = {}
    for path in ("baseline", "avx2", "avx512"):
        done = subprocess.run(
            [sys.executable, "-c", CALLS],
            env={**os.environ, "PARETIDE_SIMD": path},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        seen[path] = done.stdout.strip()
        assert len(seen[path]) == 2 * hashlib.sha256().digest_size
    assert len(set(seen.values())) == 1, seen


def test_wide_bounds_give_finite_children():
    X = np.random.default_rng(4).uniform(-1e300, 1e300, (30, 6))
    bounds = np.full(6, -1e300), np.full(6, 1e300)
    for eta in (0.0, 15.0, 70.0):
        children, _ = kernel.real_children(
            X, [0] * 30, [1.0] * 30, 500, *bounds, eta, 1.0, 1.0, eta, 0.5, np.random.PCG64(4)
        )
        assert (abs(children) <= 1e300).all()


def test_wrong_arguments_are_refused():
    X, rank, crowding, low, high = np.zeros((2, 3)), [0, 1], [0.0, 1.0], np.zeros(3), np.ones(3)
    source = np.random.PCG64()

    def refused(error, message, **wrong):
        arguments = {
            "X": X, "rank": rank, "crowding": crowding, "k": 4, "lower": low, "upper": high,
            "eta_crossover": 15, "prob": 0.9, "prob_var": 0.5, "eta_mutation": 20,
            "prob_mutation": 0.1, "bit_generator": source,
        }  # fmt: skip
        kernel.real_children(**arguments)
        with pytest.raises(error, match=message):
            kernel.real_children(**{**arguments, **wrong})

    refused(ShapeError, "ids must have length 2; got 3", ids=[1, 2, 3])
    refused(ShapeError, "X must be a 2-D array", X=X[0])
    refused(
        ShapeError,
        r"X must have between 1 and 2\*\*32 - 1 rows; got 0",
        X=X[:0],
        rank=[],
        crowding=[],
    )
    refused(ShapeError, "rank must have length 2; got 3", rank=[0, 1, 2])
    refused(ShapeError, "rank must be an array of int64; got float64", rank=[0.0, 1.0])
    refused(ShapeError, "crowding must have length 2; got 1", crowding=[1.0])
    refused(ShapeError, "upper must have length 3; got 2", upper=high[:2])
    refused(ConfigurationError, r"variable 1 has lower 0\.0 and upper -1\.0", upper=[1, -1, 1])
    refused(ConfigurationError, "finite upper - lower", upper=[1, np.inf, 1])
    refused(ConfigurationError, "k must be >= 0; got -1", k=-1)
    refused(ConfigurationError, "redraws must be >= 0; got -1", redraws=-1)
    refused(ConfigurationError, "eta must be finite and >= 0; got -1", eta_crossover=-1)
    refused(ConfigurationError, "eta must be finite and >= 0; got nan", eta_mutation=np.nan)
    refused(ConfigurationError, "prob must be a probability", prob=1.5)
    refused(ConfigurationError, "prob_var must be a probability", prob_var=-0.1)
    refused(ConfigurationError, "prob_mutation must be a probability", prob_mutation=np.nan)
    refused(TypeError, "such as rng.bit_generator; got Generator",
            bit_generator=np.random.Generator(source))  # fmt: skip
