"""The pseudo-Boolean problems against definitions in plain Python and fronts by enumeration."""

import itertools
import json
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paretide as pt
from paretide.errors import ConfigurationError, ShapeError
from paretide.problems.definition import read_definition
from paretide.problems.reference import load_problem, reference_to
from paretide.problems.suites.cocz import COCZ
from paretide.problems.suites.fronts import covered, uncovered
from paretide.problems.suites.jump import OneJumpZeroJump
from paretide.problems.suites.lotz import LOTZ
from paretide.problems.suites.onemax import OneMinMax
from paretide.problems.suites.onemax3 import OneMinMax3

# -- the definitions, one string at a time ---------------------------------------------------------


def leading(bits, bit):
    return len(list(itertools.takewhile(lambda b: b == bit, bits)))


def jump(count, n, k):
    return k + count if count <= n - k or count == n else n - count


def plain(problem, x):
    """The objectives of the bits ``x``, a list of 0 and 1, as the papers write them."""
    pairs, n = problem.m // 2, len(x)
    values = []
    if isinstance(problem, OneMinMax3):
        return [x.count(0), x[: n // 2].count(1), x[n // 2 :].count(1)]
    if isinstance(problem, COCZ):
        common, rest = x[: n // 2], x[n // 2 :]
        for i in range(pairs):
            block = rest[i * n // problem.m : (i + 1) * n // problem.m]
            values += [sum(common) + sum(block), sum(common) + sum(1 - b for b in block)]
        return values
    for i in range(pairs):
        block = x[i * n // pairs : (i + 1) * n // pairs]
        ones, zeros = block.count(1), block.count(0)
        if isinstance(problem, OneMinMax):
            values += [zeros, ones]
        elif isinstance(problem, LOTZ):
            values += [leading(block, 1), leading(block[::-1], 0)]
        else:
            values += [jump(ones, len(block), problem.k), jump(zeros, len(block), problem.k)]
    return values


def maximal(points):
    """Those of a set of tuples that no other dominates."""
    rows = np.array(sorted(points))
    at_least = (rows[None, :, :] >= rows[:, None, :]).all(axis=2)
    better = (rows[None, :, :] > rows[:, None, :]).any(axis=2)
    return {tuple(row) for row in rows[~(at_least & better).any(axis=1)]}


SMALL = [
    *(OneMinMax(n, m) for n, m in [(1, 2), (7, 2), (10, 2), (2, 4), (8, 4), (9, 6), (12, 8)]),
    *(OneMinMax3(n) for n in (2, 4, 10)),
    *(COCZ(n, m) for n, m in [(2, 2), (8, 2), (10, 2), (4, 4), (8, 4), (12, 4), (12, 6), (8, 8)]),
    *(LOTZ(n, m) for n, m in [(1, 2), (7, 2), (10, 2), (2, 4), (8, 4), (12, 4), (9, 6), (12, 6)]),
    *(
        OneJumpZeroJump(n, k, m)
        for n, k, m in [
            *((2, 1, 2), (7, 1, 2), (7, 2, 2), (7, 3, 2), (8, 4, 2), (11, 3, 2)),
            *((4, 1, 4), (8, 2, 4), (10, 2, 4), (12, 3, 4), (12, 2, 6), (12, 1, 6)),
        ]
    ),
]


def named(problem):
    args, kwargs = problem.init_arguments
    return "-".join(str(part) for part in (type(problem).__name__, *args, *kwargs.values()))


def named_or_str(value):
    return named(value) if isinstance(value, pt.Problem) else str(value)


@pytest.mark.parametrize("problem", SMALL, ids=named)
def test_the_front_is_that_of_all_strings(problem):
    strings = [list(x) for x in itertools.product((0, 1), repeat=problem.n)]
    values = [plain(problem, x) for x in strings]
    assert problem.evaluate_batch(np.array(strings, dtype=bool)).tolist() == values
    expected = maximal({tuple(v) for v in values})
    front = problem.pareto_front()
    assert front.dtype == np.float64
    assert front.shape == (problem.front_size, problem.m) == (len(expected), problem.m)
    assert {tuple(row) for row in front} == expected
    assert (pt.nondominated_rank(read_definition(problem).minimized(front)) == 0).all()


def size_in_the_papers(problem):
    n, m = problem.n, problem.m
    if isinstance(problem, OneMinMax3):
        return (n // 2 + 1) ** 2
    base = n // m + 1 if isinstance(problem, COCZ) else 2 * n // m + 1
    if isinstance(problem, OneJumpZeroJump):
        base += 2 - 2 * problem.k
    return base ** (m // 2)


LARGE = [
    OneMinMax(1600),
    OneMinMax(400, 4),
    OneMinMax3(400),
    COCZ(1600),
    COCZ(64, 8),
    LOTZ(1600),
    LOTZ(60, 6),
    OneJumpZeroJump(1600, 80),
    OneJumpZeroJump(400, 3, 4),
]


@pytest.mark.parametrize("problem", [*SMALL, *LARGE], ids=named)
def test_the_front_has_the_published_size(problem):
    assert problem.front_size == size_in_the_papers(problem)
    assert len(np.unique(problem.pareto_front(), axis=0)) == problem.front_size


def test_the_size_of_a_front_too_large_to_make_is_known():
    assert LOTZ(1600, 32).front_size == 101**16


@given(data=st.data())
def test_whole_batches_agree_with_the_definitions(data):
    pairs, block = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 20))
    k = data.draw(st.integers(1, block // 2))
    n, m = pairs * block, 2 * pairs
    for problem in (OneMinMax(n, m), COCZ(2 * n, m), LOTZ(n, m), OneJumpZeroJump(n, k, m)):
        numbers = data.draw(st.lists(st.integers(0, 2**problem.n - 1), max_size=5))
        strings = [[int(b) for b in f"{number:0{problem.n}b}"] for number in numbers]
        # Those that LOTZ and the jumps are about would hardly be drawn.
        strings += [sorted(x, reverse=True) for x in strings]
        strings += [[0] * problem.n, [1] * problem.n]
        X = np.array(strings, dtype=bool)
        given_bits = X.copy()
        F = problem.evaluate_batch(X)
        assert F.dtype == np.float64
        assert F.flags.c_contiguous
        assert F.tolist() == [plain(problem, x) for x in strings]
        np.testing.assert_array_equal(X, given_bits)
        np.testing.assert_array_equal(problem.evaluate_batch(np.asfortranarray(X)[::-1]), F[::-1])
        assert problem.evaluate_batch(X[:0]).shape == (0, m)


def bits(text):
    return np.array([[c == "1" for c in text if c != " "]])


@pytest.mark.parametrize(
    ("problem", "text", "values"),
    [
        (OneMinMax(5), "01101", [2, 3]),
        (OneMinMax(6, 4), "011 000", [1, 2, 3, 0]),
        (OneMinMax3(6), "011 000", [4, 2, 0]),
        (COCZ(6), "110 001", [3, 4]),
        (COCZ(8), "1111 0010", [5, 7]),
        (COCZ(8, 4), "1101 10 00", [4, 4, 3, 5]),
        (LOTZ(6), "110100", [2, 2]),
        (LOTZ(6), "000000", [0, 6]),
        (LOTZ(6), "111111", [6, 0]),
        (LOTZ(8, 4), "1100 0111", [2, 2, 0, 0]),
        (OneJumpZeroJump(8, 2), "11110000", [6, 6]),
        (OneJumpZeroJump(8, 2), "11111111", [10, 2]),
        (OneJumpZeroJump(8, 2), "11111110", [1, 3]),
        (OneJumpZeroJump(8, 2), "10000000", [3, 1]),
        (OneJumpZeroJump(8, 2), "00000000", [2, 10]),
        (OneJumpZeroJump(8, 2, m=4), "0000 1110", [2, 6, 1, 3]),
    ],
    ids=named_or_str,
)
def test_single_strings(problem, text, values):
    assert problem.evaluate_batch(bits(text)).tolist() == [values]


def test_the_front_of_a_jump_has_two_ends_apart():
    """The first objective takes the values k, 2k to n and n + k, as in the paper."""
    first = OneJumpZeroJump(20, 3).pareto_front()[:, 0]
    assert first.tolist() == [3, *range(6, 21), 23]


def test_objectives_are_numbered_by_block_if_there_are_several():
    assert OneMinMax(4).objectives == {"zeros": "max", "ones": "max"}
    assert list(COCZ(4).objectives) == ["counted_ones", "counted_zeros"]
    assert list(OneJumpZeroJump(4, 2).objectives) == ["one_jump", "zero_jump"]
    assert list(LOTZ(4, 4).objectives) == [
        *("leading_ones_1", "trailing_zeros_1", "leading_ones_2", "trailing_zeros_2"),
    ]
    assert set(LOTZ(4, 4).objectives.values()) == {"max"}


# -- wrong arguments -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [OneMinMax, COCZ, LOTZ, lambda n, m=2: OneJumpZeroJump(n, 1, m)])
def test_wrong_lengths_and_numbers_of_objectives_are_refused(kind):
    for n in (0, -4, 2.0, "8", True, None):
        with pytest.raises(ConfigurationError, match="n must be a whole number"):
            kind(n)
    for m in (2.0, "2", True, None):
        with pytest.raises(ConfigurationError, match="m must be a whole number"):
            kind(24, m)
    for m in (-2, 0, 1, 3, 7):
        with pytest.raises(ConfigurationError, match=f"m must be even and at least 2, got {m}"):
            kind(24, m)
    with pytest.raises(ConfigurationError, match=r"n must be a multiple of .*, got 25"):
        kind(25, 6)


def test_what_n_must_be_a_multiple_of():
    with pytest.raises(ConfigurationError, match="multiple of 3, got 8"):
        LOTZ(8, 6)
    with pytest.raises(ConfigurationError, match="multiple of 6, got 9"):
        COCZ(9, 6)
    with pytest.raises(ConfigurationError, match=r"COCZ: with m = 2 .* multiple of 2, got 7"):
        COCZ(7)


@pytest.mark.parametrize(("n", "m", "most"), [(9, 2, 4), (12, 4, 3), (1, 2, 0)])
def test_the_valleys_must_not_meet(n, m, most):
    for k in (-1, 0, most + 1, n):
        with pytest.raises(ConfigurationError, match=f"k must be from 1 to {most}, .* got {k}"):
            OneJumpZeroJump(n, k, m)
    if most:
        assert OneJumpZeroJump(n, most, m).k == most


@pytest.mark.parametrize("k", [2.0, "2", True, None], ids=repr)
def test_the_gap_must_be_a_whole_number(k):
    with pytest.raises(ConfigurationError, match="k must be a whole number"):
        OneJumpZeroJump(12, k)


@pytest.mark.parametrize("shape", [(4, 24), (4, 6), (12,), (1, 12, 1)], ids=str)
def test_strings_of_another_length_are_refused(shape):
    for problem in (OneMinMax(12, 4), OneMinMax3(12), COCZ(12), LOTZ(12), OneJumpZeroJump(12, 2)):
        with pytest.raises(ShapeError, match=r"X must have the shape \(k, 12\)"):
            problem.evaluate_batch(np.zeros(shape, dtype=bool))


def test_three_objectives_need_an_even_number_of_bits():
    with pytest.raises(ConfigurationError, match="OneMinMax3: n must be even, got 7"):
        OneMinMax3(7)


# -- stores ----------------------------------------------------------------------------------------

STORED = [OneMinMax(12, m=4), OneMinMax3(12), COCZ(12), LOTZ(12, 4), OneJumpZeroJump(12, k=2)]


@pytest.mark.parametrize("problem", STORED, ids=named)
def test_a_reference_makes_the_same_problem(problem):
    reference = reference_to(problem)
    assert not reference.reason
    again = load_problem(reference.target, json.loads(json.dumps(reference.arguments)))
    assert type(again) is type(problem)
    assert (again.n, again.m) == (problem.n, problem.m)
    assert read_definition(again).describe() == read_definition(problem).describe()
    np.testing.assert_array_equal(again.pareto_front(), problem.pareto_front())
    copy = pickle.loads(pickle.dumps(problem))
    np.testing.assert_array_equal(copy.pareto_front(), problem.pareto_front())


@pytest.mark.parametrize("problem", STORED, ids=named)
def test_a_stored_run_is_resumed_with_the_arguments(problem, tmp_path):
    algorithm = pt.NSGA2(size=8)
    whole = pt.minimize(problem, algorithm, budget=80, seed=4)
    pt.minimize(problem, algorithm, budget=40, seed=4, store=tmp_path / "run.h5")
    resumed = pt.resume(tmp_path / "run.h5", budget=40)
    np.testing.assert_array_equal(resumed.population.X, whole.population.X)
    np.testing.assert_array_equal(resumed.population.F, whole.population.F)


# -- coverage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", SMALL, ids=named)
def test_a_front_is_covered_by_all_of_its_points_in_any_order_and_number(problem):
    front = problem.pareto_front()
    draw = np.random.default_rng(problem.n)
    held = np.concatenate([front, front[:2], front.min(axis=0, keepdims=True) - 1])
    held = held[draw.permutation(len(held))]
    assert covered(held, front)
    assert problem.front_covered(held)
    assert len(uncovered(held, front)) == 0
    gone = np.sort(draw.choice(len(front), size=(len(front) + 1) // 2, replace=False))
    rest = np.delete(front, gone, axis=0)
    assert not covered(rest, front)
    assert not problem.front_covered(rest)
    np.testing.assert_array_equal(uncovered(rest, front), front[gone])
    np.testing.assert_array_equal(uncovered(rest[:0], front), front)


small_values = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12)


@given(small_values, small_values)
def test_coverage_is_that_of_sets(some, wanted):
    F = np.array(some, dtype=np.float64).reshape(-1, 2)
    front = np.array(wanted, dtype=np.float64).reshape(-1, 2)
    expected = [list(w) for w in wanted if w not in set(some)]
    assert uncovered(F, front).tolist() == expected
    assert covered(F, front) == (expected == [])


def test_coverage_knows_no_negative_zero_and_no_layout():
    front = np.array([[0.0, 2.0], [1.0, 1.0]])
    assert covered(-np.array([[0.0, -2.0], [-1.0, -1.0]]), front)
    assert covered(np.asfortranarray(front), front)
    assert covered(front, np.asfortranarray(front))
    assert covered(front.astype(np.int64), front)
    assert covered(np.array([[np.nan, 2.0], *front]), front)
    assert not covered(np.nextafter(front, 9), front)


@pytest.mark.parametrize("F", [np.zeros((3, 3)), np.zeros(2), np.zeros((1, 2, 1))], ids=str)
def test_coverage_needs_matrices_of_the_same_width(F):
    front = OneMinMax(3).pareto_front()
    for function in (covered, uncovered):
        with pytest.raises(ShapeError, match="one column an objective"):
            function(F, front)
        with pytest.raises(ShapeError, match="one column an objective"):
            function(front, F)


# -- what is proved --------------------------------------------------------------------------------


def bound(problem, formula):
    (found,) = [b for b in problem.bounds if b.formula == formula]
    return found


@pytest.mark.parametrize(
    "problem",
    [*SMALL, *LARGE, OneJumpZeroJump(40, 2, 4), OneJumpZeroJump(40, 4)],
    ids=named,
)
def test_every_bound_says_where_it_is_proved_and_can_be_computed(problem):
    for b in problem.bounds:
        assert "arXiv:" in b.source
        assert b.least_size is None or b.least_size >= problem.front_size
        size = b.least_size or 4 * problem.front_size
        if b.growth is not None:
            assert b.growth(2 * size) >= b.growth(size) >= 0
        sign = b.formula.partition("(")[0]
        assert b.kind == {"O": "upper", "Theta": "tight"}.get(sign, "lower")
        with pytest.raises(FrozenInstanceError):
            b.kind = "upper"


def test_the_published_bounds():
    n, size = 100, 404
    spread = bound(OneMinMax(n), "O(N n log n)")
    assert spread.least_size == size
    assert spread.growth(size) == pytest.approx(size * 100 * np.log(100))
    assert bound(OneMinMax(n), "O(n log^2 n)").growth(size) == pytest.approx(100 * np.log(100) ** 2)
    climb = bound(LOTZ(n), "O(N n^2)")
    assert (climb.least_size, climb.growth(size)) == (size, size * n**2)
    leap = bound(OneJumpZeroJump(n, 3), "O(N n^k)")
    assert (leap.least_size, leap.growth(388)) == (4 * 97, 388 * n**3)
    assert bound(OneJumpZeroJump(n, 3), "O(max(n^(k + 1), N n))").growth(388) == n**4
    many = bound(OneJumpZeroJump(40, 2, 4), "O(N (2n/m - 2k + 3)^(m/2) n^k)")
    assert many.growth(1000) == 1000 * 19**2 * 40**2


def test_a_bound_beyond_the_floats_is_an_overflow():
    problem = OneJumpZeroJump(1600, 400)
    for b in problem.bounds:
        with pytest.raises(OverflowError):
            b.growth(8 * problem.front_size)


def test_bounds_are_given_only_where_they_are_proved():
    def algorithms(problem):
        return {b.algorithm for b in problem.bounds}

    assert "NSGA-II" in algorithms(OneJumpZeroJump(16, 4))
    assert "NSGA-II" not in algorithms(OneJumpZeroJump(16, 5))
    assert "GSEMO" in algorithms(OneJumpZeroJump(16, 7))
    assert "GSEMO" not in algorithms(OneJumpZeroJump(16, 8))
    assert algorithms(OneJumpZeroJump(16, 1)) == set()
    assert {b.kind for b in OneMinMax(16, 4).bounds if b.algorithm == "NSGA-II"} == {"lower"}


@pytest.mark.parametrize(
    ("problem", "formula"),
    [
        (OneMinMax(16), "O(N n log n)"),
        (COCZ(16), "O(n^2 log n)"),
        (LOTZ(12), "O(N n^2)"),
        (OneJumpZeroJump(10, 2), "O(N n^k)"),
    ],
    ids=named_or_str,
)
def test_nsga2_covers_the_front_within_a_small_multiple_of_its_bound(problem, formula):
    size = 4 * problem.front_size
    most = 4 * bound(problem, formula).growth(size)
    machine = pt.NSGA2(size=size, duplicates=None, copies="stay").start(problem, seed=1)
    while machine.evaluations < most:
        batch = machine.ask()
        machine.tell(batch, F=problem.evaluate_batch(batch.X))
        if problem.front_covered(machine.population.F):
            return
    pytest.fail(f"not covered after {machine.evaluations} evaluations")
