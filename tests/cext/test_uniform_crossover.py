import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide.cext.reference as oracle
import paretide.cext.uniform_crossover as kernel
from paretide.errors import ConfigurationError, ShapeError

probabilities = st.sampled_from([0.0, 1e-3, 0.1, 0.5, 0.9, 1.0])
makers = st.sampled_from([np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])


def population(seed, n, n_var):
    """Draw bit strings, some equal, with ties in what decides tournaments."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, n_var)) < 0.5
    compared = rng.integers(0, 3, (n, 2)) + 0.0, rng.choice([0.0, 0.0, 1.0], n)
    return X, rng.integers(0, 2, n), rng.choice([0.5, 1.0, np.inf], n), compared


@settings(deadline=None)
@given(
    st.integers(0, 2**32), makers, st.integers(1, 12), st.integers(0, 15),
    st.sampled_from([0, 1, 12, 64, 65, 130]), probabilities, probabilities, probabilities,
    st.booleans(),
)  # fmt: skip
def test_children_are_those_of_the_oracle(
    seed, make, n, k, n_var, prob, prob_var, prob_flip, by_dominance
):
    X, rank, crowding, compared = population(seed, n, n_var)
    also = dict(zip(("F", "violation"), compared, strict=True)) if by_dominance else {}
    arguments = (X, rank, crowding, k, prob, prob_var, prob_flip)
    source, same = make(seed), make(seed)
    children, rows = kernel.crossed_bits(*arguments, source, **also)
    expected, expected_rows = oracle.crossed_bits(*arguments, same, **also)
    assert children.dtype == np.bool_
    assert rows.dtype == np.int64
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(children, expected)
    assert source.random_raw() == same.random_raw()


@settings(deadline=None)
@given(
    st.integers(0, 2**32), st.integers(1, 9), st.integers(0, 20), st.integers(1, 8),
    probabilities, st.integers(0, 5),
)  # fmt: skip
def test_duplicates_are_drawn_again(seed, n, k, n_var, prob_flip, redraws):
    X, rank, crowding, compared = population(seed, n, n_var)
    ids = np.arange(n) * 7 + 3
    source, same = np.random.PCG64(seed), np.random.PCG64(seed)
    settings = (0.9, 0.5, prob_flip)
    children, rows = kernel.crossed_bits(
        X, rank, crowding, k, *settings, source, redraws, ids, *compared
    )
    expected, expected_rows = oracle.breed_distinct(
        lambda k: kernel.crossed_bits(X, rank, crowding, k, *settings, same, None, None, *compared),
        X, k, redraws,
    )  # fmt: skip
    np.testing.assert_array_equal(children, expected)
    np.testing.assert_array_equal(rows, ids[expected_rows])
    assert source.state == same.state


def test_a_pair_keeps_its_values_between_its_children():
    X, rank, crowding, _ = population(1, 30, 70)
    children, rows = kernel.crossed_bits(X, rank, crowding, 400, 0.9, 0.5, 0.0, np.random.PCG64(1))
    one, other = children[0::2], children[1::2]
    A, B = X[rows[0::2, 0]], X[rows[0::2, 1]]
    np.testing.assert_array_equal(one ^ other, A ^ B)
    np.testing.assert_array_equal(one & other, A & B)


@pytest.mark.parametrize("prob_var", [0.2, 0.5])
def test_pairs_and_bits_are_exchanged_as_often_as_they_should(prob_var):
    n_var, k, prob = 100, 8_000, 0.7
    X = np.stack([np.zeros(n_var, bool), np.ones(n_var, bool)])
    children, rows = kernel.crossed_bits(
        X, [0, 0], [1.0, 1.0], k, prob, prob_var, 0.0, np.random.PCG64(2)
    )
    own = X[rows[np.arange(k), np.arange(k) % 2]]
    unlike = rows[0::2, 0] != rows[0::2, 1]
    exchanged = (children != own)[0::2][unlike]
    crossed = exchanged.any(axis=1)
    assert abs(crossed.mean() - prob) < 5 * np.sqrt(prob * (1 - prob) / len(crossed))
    share = exchanged[crossed].mean(axis=0)
    assert (abs(share - prob_var) < 5 * np.sqrt(0.25 / crossed.sum())).all()


def test_layout_of_the_arguments_does_not_matter(call):
    X, rank, crowding, (F, violation) = population(3, 20, 9)
    arguments = (X, rank, crowding, 31, 0.9, 0.5, 0.1, np.random.PCG64(3), None, None, F, violation)
    children = call(lambda *a: kernel.crossed_bits(*a)[0], *arguments)
    rows = call(lambda *a: kernel.crossed_bits(*a)[1], *arguments)
    assert children.shape == (31, 9)
    assert rows.shape == (31, 2)


def test_wrong_arguments_are_refused():
    X = np.zeros((2, 3), bool)

    def refused(error, message, **wrong):
        arguments = {
            "X": X, "rank": [0, 1], "crowding": [0.0, 1.0], "k": 4, "prob": 0.9, "prob_var": 0.5,
            "prob_flip": 0.1, "bit_generator": np.random.PCG64(),
        }  # fmt: skip
        kernel.crossed_bits(**arguments)
        with pytest.raises(error, match=message):
            kernel.crossed_bits(**{**arguments, **wrong})

    refused(ShapeError, "X must be an array of bool; got float64", X=X + 0.5)
    refused(ShapeError, "X must be a 2-D array", X=X[0])
    refused(ShapeError, "X must have between 1", X=X[:0], rank=[], crowding=[])
    refused(ShapeError, "rank must have length 2; got 3", rank=[0, 1, 2])
    refused(ShapeError, "ids must have length 2; got 3", ids=[1, 2, 3])
    refused(ShapeError, "F and violation go together", F=np.ones((2, 2)))
    refused(ConfigurationError, "k must be >= 0; got -1", k=-1)
    refused(ConfigurationError, "redraws must be >= 0; got -1", redraws=-1)
    refused(ConfigurationError, "prob must be a probability", prob=1.5)
    refused(ConfigurationError, "prob_var must be a probability", prob_var=np.nan)
    refused(ConfigurationError, "prob_flip must be a probability", prob_flip=-0.1)
