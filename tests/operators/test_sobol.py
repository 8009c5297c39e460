"""Scrambled Sobol points against SciPy's, and samples of every kind of space."""

import logging
import subprocess
import sys

import numpy as np
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.errors import ConfigurationError
from paretide.operators.sampling import sobol_points as sobol
from paretide.operators.sampling.sobol import spread
from paretide.typing import Layout

qmc = pytest.importorskip("scipy.stats").qmc

seeds = st.integers(0, 2**32)
SPACES = {
    "real": pt.Real([-3, 0, 1], [5, 0, 1e9]),
    "integer": pt.Integer([-2, 7, 0], [2, 7, 1000]),
    "binary": pt.Binary(9),
    "mixed": toy.Mixed.space,
    "one value": pt.Real(2, 2, n=3),
}


# -- points ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("d", "columns"), [(1, 9), (2, 9), (40, 20), (1111, 12), (21201, 3)])
def test_direction_numbers_are_those_of_scipy(d, columns):
    expected = sobol._from_points(d, columns)
    np.testing.assert_array_equal(sobol.direction_numbers(d, columns), expected)


def test_without_scipys_table_they_are_the_same(monkeypatch):
    expected = sobol.sobol_points(3, 50, 6, np.random.default_rng(4))
    monkeypatch.setattr(sobol, "_published", lambda: None)
    sobol.direction_numbers.cache_clear()
    found = sobol.sobol_points(3, 50, 6, np.random.default_rng(4))
    sobol.direction_numbers.cache_clear()
    np.testing.assert_array_equal(found, expected)


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 70), st.integers(0, 9), seeds)
def test_points_are_a_matrix_and_a_shift_of_the_unscrambled_ones(start, n, d, seed):
    """By bits in plain Python, with the same draws in the same order."""
    rng = np.random.default_rng(seed)
    shift = rng.integers(0, 2**53, size=d, dtype=np.uint64).tolist()
    width = max(n - 1, 0).bit_length()
    columns = (((max(start, start + n - 1) >> width) + 1 << width) - 1).bit_length()
    matrix = [
        [int(x) | 1 << 52 - i for x in rng.integers(0, 2 ** (52 - i), size=d, dtype=np.uint64)]
        for i in range(columns)
    ]
    v = sobol.direction_numbers(d, columns).tolist()
    expected = np.zeros((n, d))
    for row in range(n):
        for j in range(d):
            plain, bits = 0, shift[j]
            for i in range(columns):
                plain ^= v[i][j] * (start + row >> i & 1)
            for i in range(columns):
                bits ^= matrix[i][j] * (plain >> 52 - i & 1)
            expected[row, j] = bits / 2**53
    found = sobol.sobol_points(start, n, d, np.random.default_rng(seed))
    np.testing.assert_array_equal(found, expected)


@settings(deadline=None)
@given(st.integers(0, 7), st.integers(0, 20), st.integers(1, 30), seeds)
def test_each_block_puts_one_point_into_each_interval(m, block, d, seed):
    points = sobol.sobol_points(block << m, 1 << m, d, np.random.default_rng(seed))
    cells = np.sort((points * 2**m).astype(int), axis=0)
    np.testing.assert_array_equal(cells, np.repeat(np.arange(2**m)[:, None], d, axis=1))
    assert ((points >= 0) & (points < 1)).all()


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 40), seeds)
def test_a_part_of_a_sequence_is_a_part_of_it(start, n, seed):
    whole = sobol.sobol_points(0, start + n, 4, np.random.default_rng(seed))
    part = sobol.sobol_points(start, n, 4, np.random.default_rng(seed))
    np.testing.assert_array_equal(part, whole[start:])


def test_they_fill_the_cube_as_evenly_as_scipys():
    rngs = [np.random.default_rng(i) for i in range(40)]
    own = [qmc.discrepancy(sobol.sobol_points(0, 32, 7, rng)) for rng in rngs]
    theirs = [qmc.discrepancy(qmc.Sobol(7, rng=rng).random(32)) for rng in rngs]
    independent = [qmc.discrepancy(rng.random((32, 7))) for rng in rngs]
    assert np.mean(own) < 1.1 * np.mean(theirs)
    assert np.mean(own) < 0.6 * np.mean(independent)


# -- samples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 20, 64, 100])
def test_a_sample_lies_in_its_space(space, n):
    X = pt.ScrambledSobol()(n, space, np.random.default_rng(n))
    assert (X.shape, X.dtype) == ((n, space.n_var), space.dtype)
    assert space.contains(X).all()
    again = pt.ScrambledSobol()(n, space, np.random.default_rng(n))
    assert X.tobytes() == again.tobytes()
    other = pt.ScrambledSobol()(n, space, np.random.default_rng(n + 1))
    varies = n > 2 and space is not SPACES["one value"]
    assert (X.tobytes() != other.tobytes()) == varies or n <= 2


def test_every_choice_and_level_comes_as_often_as_the_next():
    X = pt.ScrambledSobol()(64, toy.Mixed.space, np.random.default_rng(3))
    for column, values in ((2, 3), (3, 2), (4, 3)):
        counts = np.bincount(X[:, column].astype(int), minlength=values)
        assert counts.min() >= 64 // values
        assert counts.max() <= 64 // values + 1
    decades = np.bincount((np.log10(X[:, 0]) + 5).astype(int).clip(0, 3))
    np.testing.assert_array_equal(decades, [16, 16, 16, 16])


def test_it_is_what_built_in_spaces_begin_with():
    for name, space in SPACES.items():
        machine = pt.NSGA2(size=16).start(problem_in(space), seed=1)
        assert machine.breeding.sampling == pt.ScrambledSobol(), name
    machine = pt.NSGA2(size=16).start(problem_in(SPACES["real"]), seed=1)
    X = machine.ask().X
    np.testing.assert_array_equal(np.sort((X[:, 0] + 3) * 2).astype(int), np.arange(16))
    assert (X[:, 1] == 0).all()  # it has one value, and takes no part


def test_duplicates_among_them_are_drawn_again():
    machine = pt.NSGA2(size=30).start(problem_in(pt.Integer(0, 7, n=2)), seed=1)
    X = machine.ask().X
    assert len(np.unique(X, axis=0)) == 30


def test_a_uniform_sample_is_there_to_be_chosen():
    algorithm = pt.NSGA2(size=16, sampling=pt.Uniform())
    X = algorithm.start(problem_in(SPACES["real"]), seed=1).ask().X
    assert len(set(((X[:, 0] + 3) * 2).astype(int))) < 16


def test_more_variables_than_it_has_dimensions_are_independent_and_said(caplog):
    space = pt.Binary(21202)
    with caplog.at_level(logging.WARNING, logger="paretide"):
        X = pt.ScrambledSobol()(2, space, np.random.default_rng(1))
    assert X.shape == (2, 21202)
    assert "21202 variables" in caplog.text
    expected = pt.Uniform()(2, space, np.random.default_rng(1))
    np.testing.assert_array_equal(X, expected)


def test_a_space_without_coordinates_is_refused_by_name():
    class Tours(pt.SearchSpace):
        dtype, n_var = np.dtype(np.int64), 5

        def contains(self, X):
            return np.ones(len(X), dtype=bool)

    with pytest.raises(ConfigurationError, match=r"ScrambledSobol\(\) needs working coordinates"):
        pt.ScrambledSobol()(3, Tours(), np.random.default_rng(1))


@settings(deadline=None)
@given(st.lists(st.integers(2, 9), min_size=1, max_size=4), seeds)
def test_categories_are_equal_intervals(counts, seed):
    class Space:
        layout = Layout(np.zeros(len(counts)), np.array(counts) - 1.0, np.array(counts))
        from_working = staticmethod(lambda Z: Z)

    cube = np.random.default_rng(seed).random((30, len(counts)))
    expected = [[int(u * c) for u, c in zip(row, counts, strict=True)] for row in cube]
    np.testing.assert_array_equal(spread(Space(), cube), expected)


def test_a_first_sample_loads_nothing_of_scipy():
    code = (
        "import sys, numpy as np, paretide as pt; "
        "pt.ScrambledSobol()(20, pt.Real(0, 1, n=12), np.random.default_rng(1)); "
        "print(*(m for m in sys.modules if m.split('.')[0] == 'scipy'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []


def problem_in(space):
    class Problem(pt.Problem):
        objectives = {"a": "min", "b": "min"}

        def evaluate(self, x, ctx):
            return {"a": 0.0, "b": 0.0}

    Problem.space = space
    return Problem()
