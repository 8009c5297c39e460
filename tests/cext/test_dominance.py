import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import paretide.cext.dominance as kernel
import paretide.cext.reference as oracle
from paretide.errors import ShapeError

finite = st.floats(allow_nan=False, allow_infinity=False)
grid = st.integers(-2, 2).map(float) | st.just(-0.0)  # ties, duplicates and both zeros
constant = st.just(1.0)
sizes = st.tuples(st.integers(0, 40), st.integers(1, 5))
tiny = st.integers(-3, 3).map(lambda k: k * 5e-324)  # denormals
near = st.integers(-3, 3).map(lambda k: 1.0 + k * 2.0**-52)  # differ in the last bits
fronts = st.sampled_from([finite, grid, constant, tiny, near, near | finite]).flatmap(
    lambda elements: arrays(np.float64, sizes, elements=elements)
)


@settings(deadline=None, max_examples=200)
@given(fronts)
def test_ranks_are_those_of_the_definition(call, F):
    rank = call(kernel.nondominated_rank, F)
    assert rank.dtype == np.int64
    np.testing.assert_array_equal(rank, oracle.nondominated_rank(F))


def methods(n_obj):
    """Every method that ranks points with so many objectives, whichever the kernel chooses."""
    some = ["sweep"] if n_obj <= 2 else ["staircases"] if n_obj == 3 else []
    return some + (["dominator sets", "division"] if n_obj >= 2 else [])


@settings(deadline=None, max_examples=200)
@given(fronts)
def test_every_method_gives_the_ranks_of_the_definition(F):
    expected = oracle.nondominated_rank(F)
    for method in methods(F.shape[1]):
        np.testing.assert_array_equal(kernel._rank_by(method, F), expected, method)


def random_points(rng, n, n_obj):
    return rng.random((n, n_obj))


def one_front(rng, n, n_obj):
    F = rng.standard_exponential((n, n_obj))
    return F / F.sum(axis=1, keepdims=True)


def tied(rng, n, n_obj):
    return rng.integers(0, 20, (n, n_obj)) * 1.0


def duplicated(rng, n, n_obj):
    return rng.random((n // 3 + 1, n_obj))[rng.integers(0, n // 3 + 1, n)]


def chain(rng, n, n_obj):
    return np.repeat(rng.permutation(n)[:, None] * 1.0, n_obj, axis=1)


def opposed(rng, n, n_obj):
    """The last two objectives are: with three, one long staircase, which is given up."""
    F = rng.random((n, n_obj))
    F[:, -1] = -F[:, max(n_obj - 2, 0)]
    return F


def all_magnitudes(rng, n, n_obj):
    return rng.standard_normal((n, n_obj)) * 10.0 ** rng.integers(-320, 300, (n, n_obj))


def zeros_of_either_sign(rng, n, n_obj):
    return rng.choice([-1.0, -0.0, 0.0, 5e-324], (n, n_obj))


def last_bits(rng, n, n_obj):
    """Values that agree in all but the last bits, and one far away: sorted in several rounds."""
    F = 1.0 + rng.integers(0, 2**20, (n, n_obj)) * 2.0**-52
    F[0] = 1e300
    return F


KINDS = [
    random_points,
    one_front,
    tied,
    duplicated,
    chain,
    opposed,
    all_magnitudes,
    zeros_of_either_sign,
    last_bits,
]
# Around the words of 64 and the blocks of 256 of the sets, and the 24 that insertion sorts.
SIZES = [1, 2, 24, 25, 63, 64, 65, 128, 255, 256, 257, 320, 511, 513, 800]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_obj", [1, 2, 3, 4, 7])
def test_every_method_at_the_edges_of_its_blocks(n_obj, kind):
    rng = np.random.default_rng([n_obj, KINDS.index(kind)])
    for n in SIZES:
        F = kind(rng, n, n_obj)
        expected = oracle.nondominated_rank(F)
        np.testing.assert_array_equal(kernel.nondominated_rank(F), expected)
        for method in methods(n_obj):
            np.testing.assert_array_equal(kernel._rank_by(method, F), expected, f"{method}, {n=}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_obj", [2, 3])
def test_methods_agree_on_many_points(n_obj, kind):
    """Too many for the oracle; sorted by one more digit than fewer are."""
    F = kind(np.random.default_rng(7), 40_000, n_obj)
    rank = kernel._rank_by("sweep" if n_obj == 2 else "staircases", F)
    np.testing.assert_array_equal(kernel._rank_by("dominator sets", F), rank)
    np.testing.assert_array_equal(kernel.nondominated_rank(F), rank)


@pytest.mark.parametrize("n_obj", [4, 6])
def test_a_constant_objective_changes_nothing(n_obj):
    """Many points with more objectives than the other methods take, against those."""
    F = random_points(np.random.default_rng(n_obj), 20_000, 3)
    padded = np.concatenate([F, np.ones((len(F), n_obj - 3))], axis=1)
    padded = padded[:, np.random.default_rng(1).permutation(n_obj)]
    np.testing.assert_array_equal(
        kernel.nondominated_rank(padded), kernel._rank_by("staircases", F)
    )


RANKS = """
import hashlib
import numpy as np
import paretide.cext.dominance as kernel
digest = hashlib.sha256()
for n_obj in (2, 3, 5, 10):
    rng = np.random.default_rng(n_obj)
    for n in (200, 1500):
        for F in (rng.random((n, n_obj)), rng.integers(0, 6, (n, n_obj)) * 1.0):
            digest.update(kernel._rank_by("dominator sets", F).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("path", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_ranks(path):
    """Those that the processor lacks fall back to what it has."""
    expected = hashlib.sha256()
    for n_obj in (2, 3, 5, 10):
        rng = np.random.default_rng(n_obj)
        for n in (200, 1500):
            for F in (rng.random((n, n_obj)), rng.integers(0, 6, (n, n_obj)) * 1.0):
                expected.update(oracle.nondominated_rank(F).tobytes())
    printed = subprocess.run(
        [sys.executable, "-c", RANKS],
        env=os.environ | {"PARETIDE_SIMD": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == expected.hexdigest()


@settings(deadline=None, max_examples=50)
@given(fronts, st.randoms(use_true_random=False))
def test_ranks_go_with_their_rows(F, shuffler):
    rows = list(range(len(F)))
    shuffler.shuffle(rows)
    np.testing.assert_array_equal(
        kernel.nondominated_rank(F[rows]), kernel.nondominated_rank(F)[rows]
    )


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("levels", [2, 4, 30, None])
def test_ranks_of_larger_sets_agree_with_the_oracle_and_with_moocore(n_obj, levels):
    moocore = pytest.importorskip("moocore")
    rng = np.random.default_rng(n_obj)
    F = rng.random((400, n_obj)) if levels is None else rng.integers(0, levels, (400, n_obj)) * 1.0
    rank = kernel.nondominated_rank(F)
    np.testing.assert_array_equal(rank, oracle.nondominated_rank(F))
    np.testing.assert_array_equal(rank, moocore.pareto_rank(F))


@pytest.mark.parametrize("n_obj", [2, 3, 4])
@pytest.mark.parametrize("shape", ["one front", "a chain"])
def test_the_two_extremes_of_structure(n_obj, shape):
    t = np.random.default_rng(5).permutation(3000) * 1.0
    F = np.tile(t[:, None], n_obj)
    if shape == "one front":
        F[:, -1] = -t
        np.testing.assert_array_equal(kernel.nondominated_rank(F), 0)
    else:
        np.testing.assert_array_equal(kernel.nondominated_rank(F), t)


@pytest.mark.parametrize("n_obj", [3, 4])
def test_many_points_on_several_fronts(n_obj):
    rng = np.random.default_rng(n_obj)
    F = rng.random((150, n_obj))
    F /= np.linalg.norm(F, axis=1, keepdims=True)
    depth = rng.integers(0, 10, len(F))
    # Scaled copies of one sphere: copy d is behind copy d - 1, point by point.
    stacked = np.concatenate([F[depth >= d] * 2.0**d for d in range(10)])
    expected = np.concatenate([np.full((depth >= d).sum(), d) for d in range(10)])
    rank = kernel.nondominated_rank(stacked)
    assert (rank >= expected).all()
    np.testing.assert_array_equal(rank, oracle.nondominated_rank(stacked))


def test_zeros_of_either_sign_are_equal():
    np.testing.assert_array_equal(kernel.nondominated_rank([[0.0, 1.0], [-0.0, 1.0]]), [0, 0])
    np.testing.assert_array_equal(kernel.nondominated_rank([[0.0, 1, 2], [-0.0, 1, 3]]), [0, 1])


def test_integers_are_accepted():
    np.testing.assert_array_equal(kernel.nondominated_rank(np.array([[3, 1], [3, 2]])), [0, 1])


@given(arrays(np.float64, array_shapes(min_dims=1, max_dims=3), elements=constant))
@settings(deadline=None, max_examples=20)
def test_other_shapes_are_refused(F):
    if F.ndim != 2:
        with pytest.raises(ShapeError, match="F must be a 2-D array"):
            kernel.nondominated_rank(F)


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4])
def test_no_rows_have_no_ranks(n_obj):
    rank = kernel.nondominated_rank(np.empty((0, n_obj)))
    assert rank.shape == (0,)
    assert rank.dtype == np.int64


def test_one_objective_ranks_by_value():
    rank = kernel.nondominated_rank([[3.0], [-1.0], [3.0], [0.0], [-0.0]])
    np.testing.assert_array_equal(rank, [2, 0, 2, 1, 1])


def test_swapped_bytes_and_subclasses_are_converted():
    F = np.array([[1.0, 2.0], [3.0, 3.0]])
    np.testing.assert_array_equal(kernel.nondominated_rank(F.astype(">f8")), [0, 1])
    np.testing.assert_array_equal(kernel.nondominated_rank(F.view(np.recarray)), [0, 1])
    np.testing.assert_array_equal(kernel.nondominated_rank(F.astype(np.float32)), [0, 1])


def test_no_objective_is_refused():
    with pytest.raises(ShapeError, match="at least one objective"):
        kernel.nondominated_rank(np.empty((3, 0)))


def test_other_kinds_of_number_are_refused():
    with pytest.raises(ShapeError, match="float64; got complex128"):
        kernel.nondominated_rank(np.ones((2, 2), dtype=complex))
