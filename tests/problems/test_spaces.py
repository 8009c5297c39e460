import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretide import Binary, Bool, Choice, Float, Int, Integer, Ordinal, Real, Space
from paretide.errors import ConfigurationError, ShapeError
from paretide.operators.sampling.uniform import uniform
from paretide.problems.candidates import check_candidates, read_candidates

MIXED = Space(
    lr=Float(1e-5, 1e-1, log=True),
    momentum=Float(-1, 1),
    width=Int(8, 512, log=True),
    shift=Int(-3, 3),
    act=Choice(["relu", "gelu", None]),
    bias=Bool(),
    size=Ordinal([16, 64, 256]),
)

HUGE = 10**400


def name(value):
    """Short for parametrized tests."""
    return "huge" if value is HUGE else repr(value)


reals = st.floats(-1e100, 1e100)
positive = st.floats(1e-300, 1e300)


def pairs(numbers):
    return st.tuples(numbers, numbers).filter(lambda p: p[0] <= p[1])


whole = st.integers(-(10**9), 10**9)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.lists(
    st.recursive(plain, lambda v: st.lists(v, max_size=3).map(tuple) | st.lists(v, max_size=3)),
    min_size=1,
    max_size=5,
    unique_by=lambda v: repr(v).replace("-0.0", "0.0"),
)
variables = st.one_of(
    pairs(reals).map(lambda b: Float(*b)),
    pairs(positive).map(lambda b: Float(*b, log=True)),
    pairs(whole).map(lambda b: Int(*b)),
    pairs(st.integers(1, 10**9)).map(lambda b: Int(*b, log=True)),
    values.map(Choice),
    values.map(Ordinal),
    st.just(Bool()),
)
mixed = st.lists(variables, min_size=1, max_size=5).map(
    lambda vs: Space(**{f"v{i}": v for i, v in enumerate(vs)})
)
spaces = st.one_of(
    st.lists(pairs(reals), min_size=1, max_size=4).map(
        lambda b: Real(*(list(e) for e in zip(*b, strict=True)))
    ),
    st.lists(pairs(whole), min_size=1, max_size=4).map(
        lambda b: Integer(*(list(e) for e in zip(*b, strict=True)))
    ),
    st.integers(1, 9).map(Binary),
    mixed,
)


def sample(space, n, rng):
    layout = space.layout
    return space.from_working(uniform(n, layout.lower, layout.upper, layout.categories, rng))


def made_or_refused(kind, *bounds):
    """The space, or None if it is refused as it should be; anything else is an error."""
    try:
        return kind(*bounds)
    except ConfigurationError:
        return None


# -- definitions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Real, Integer])
class TestVectors:
    @pytest.mark.parametrize(("low", "high"), [(2, 1), ([0, 4], [1, 3]), ([0, 0], [1, -5])])
    def test_low_must_not_be_above_high(self, kind, low, high):
        last = np.ravel(low)[-1], np.ravel(high)[-1]
        with pytest.raises(ConfigurationError) as caught:
            kind(low, high)
        message = str(caught.value)
        assert f"{kind.__name__} variable {np.size(low) - 1}" in message
        assert f"low={float(last[0])}, high={float(last[1])}" in message

    @pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
    def test_bounds_must_be_finite(self, kind, wrong):
        for low, high in (([0, wrong], [1, 1]), ([0, 0], [1, wrong])):
            with pytest.raises(ConfigurationError) as caught:
                kind(low, high)
            assert f"{kind.__name__} variable 1" in str(caught.value)
            assert f"={wrong}" in str(caught.value)

    def test_lengths_must_agree(self, kind):
        with pytest.raises(ConfigurationError, match=rf"{kind.__name__}: .*disagree.*\[2, 3\]"):
            kind([0, 0], [1, 1, 1])
        with pytest.raises(ConfigurationError, match=rf"{kind.__name__}: .*disagree.*\[2, 4\]"):
            kind([0, 0], 1, n=4)

    @pytest.mark.parametrize("n", [0, -1])
    def test_there_must_be_a_variable(self, kind, n):
        with pytest.raises(ConfigurationError, match=rf"{kind.__name__}: .*at least one.*{n}"):
            kind(0, 1, n=n)

    @pytest.mark.parametrize("n", [2.5, "3", [2], True], ids=repr)
    def test_n_must_be_a_whole_number(self, kind, n):
        with pytest.raises(ConfigurationError, match=kind.__name__) as caught:
            kind(0, 1, n=n)
        assert repr(n) in str(caught.value)

    def test_no_bounds_are_no_variables(self, kind):
        with pytest.raises(ConfigurationError, match=rf"{kind.__name__}: .*at least one"):
            kind([], [])

    def test_a_matrix_of_bounds_is_refused(self, kind):
        with pytest.raises(ConfigurationError, match=rf"{kind.__name__}: .*flat"):
            kind([[0, 0]], 1)

    @pytest.mark.parametrize("low", ["zero", "0", {}, 1j, [0, [1]], HUGE], ids=name)
    def test_bounds_that_are_no_numbers_are_refused(self, kind, low):
        with pytest.raises(ConfigurationError, match=kind.__name__):
            kind(low, 1)

    def test_numbers_spread_over_all_variables(self, kind):
        space = kind(0, [1, 2, 3])
        assert space.n_var == len(space.names) == 3
        assert space.low.tolist() == [0, 0, 0]
        assert kind(0, 5).n_var == 1
        assert kind(0, 5, n=4).high.tolist() == [5] * 4

    @pytest.mark.parametrize(("low", "high"), [(2, 2), ([0, 3], [1, 3]), ([0, 0, 5], [1, 9, 5])])
    def test_low_may_be_high(self, kind, low, high):
        space = kind(low, high)
        X = sample(space, 20, np.random.default_rng(1))
        fixed = space.low == space.high
        assert (X[:, fixed] == space.low[fixed]).all()
        assert (space.layout.lower[fixed] == space.layout.upper[fixed]).all()
        wrong = X[:1].astype(float)
        wrong[0, np.flatnonzero(fixed)[0]] += 1
        with pytest.raises(ShapeError, match="is no value of variable"):
            check_candidates(space, wrong)

    def test_numbers_of_numpy_are_numbers(self, kind):
        space = kind(np.int32(0), np.array([3, 4], dtype=np.uint8), n=np.int64(2))
        assert space.high.tolist() == [3, 4]
        assert type(space.n_var) is int

    def test_bounds_are_a_copy_and_cannot_be_written(self, kind):
        high = np.array([1.0, 2.0])
        space = kind(0, high)
        high[:] = 99
        assert space.high.tolist() == [1, 2]
        for bound in (space.low, space.high):
            with pytest.raises(ValueError, match="read-only"):
                bound[0] = 7


@pytest.mark.parametrize(("low", "high", "wrong"), [([0, 0.5], [3, 3], "0.5"), (0, 2.5, "2.5")])
def test_integer_bounds_must_be_whole(low, high, wrong):
    with pytest.raises(ConfigurationError, match=r"Integer.*whole") as caught:
        Integer(low, high)
    assert wrong in str(caught.value)


@pytest.mark.parametrize(("low", "high"), [(0, 2**63 - 1), (0, 2**64), (-(2**63), 0)])
@pytest.mark.filterwarnings("error")
def test_integers_are_exact_or_refused(low, high):
    space = made_or_refused(Integer, low, high)
    assert space is None or (int(space.low[0]), int(space.high[0])) == (low, high)


@pytest.mark.filterwarnings("error")
def test_a_range_beyond_the_largest_double_is_refused_or_sampled():
    space = made_or_refused(Real, -1.7e308, 1.7e308)
    assert space is None or np.isfinite(sample(space, 10, np.random.default_rng(1))).all()


@pytest.mark.parametrize("n", [0, -3, 2.0, "4", True, np.True_, None, math.nan], ids=repr)
def test_a_binary_length_must_be_a_whole_number(n):
    with pytest.raises(ConfigurationError, match="Binary: n") as caught:
        Binary(n)
    assert repr(n) in str(caught.value)


def test_a_space_needs_variables():
    with pytest.raises(ConfigurationError, match="Space: needs at least one variable"):
        Space()


@pytest.mark.parametrize("wrong", [0.5, (0, 1), ["relu", "gelu"], Float, Real(0, 1)], ids=str)
def test_what_is_no_variable_is_refused_by_name(wrong):
    with pytest.raises(ConfigurationError) as caught:
        Space(lr=Float(0, 1), width=wrong)
    assert f"Space: width={wrong!r} is no variable" in str(caught.value)


# -- working coordinates ---------------------------------------------------------------------------


@settings(deadline=None)
@given(spaces, st.integers(0, 2**32))
def test_samples_are_candidates_of_their_space(space, seed):
    X = sample(space, 7, np.random.default_rng(seed))
    assert X.dtype == space.dtype
    assert X.shape == (7, space.n_var)
    again = check_candidates(space, X)
    np.testing.assert_array_equal(again, X)
    assert again.flags.c_contiguous


@settings(deadline=None)
@given(spaces, st.integers(0, 2**32))
def test_working_coordinates_lead_back(space, seed):
    X = sample(space, 7, np.random.default_rng(seed))
    Z = space.to_working(X)
    assert Z.dtype == np.float64
    back = space.from_working(Z)
    np.testing.assert_allclose(back.astype(float), X.astype(float), rtol=1e-12, atol=0)
    exact = [
        not (isinstance(v, Float) and v.log) for v in getattr(space, "variables", {}).values()
    ] or [True] * space.n_var
    np.testing.assert_array_equal(back[:, exact], X[:, exact])


@settings(deadline=None)
@given(spaces, st.data())
def test_every_working_coordinate_gives_a_value_inside(space, data):
    layout = space.layout
    row = []
    for low, high, categories in zip(layout.lower, layout.upper, layout.categories, strict=True):
        if categories:
            row.append(float(data.draw(st.integers(0, int(categories) - 1))))
        else:
            row.append(data.draw(st.floats(low, high)))
    X = space.from_working(np.array([row]))
    np.testing.assert_array_equal(check_candidates(space, X), X)
    if isinstance(space, Integer):
        assert (space.low <= X).all()
        assert (space.high >= X).all()
    if isinstance(space, Space):
        for code, variable in zip(X[0], space.variables.values(), strict=True):
            value = variable.decode(code)
            if isinstance(variable, (Float, Int)):
                assert variable.low <= value <= variable.high
            else:
                assert variable.encode(value) == code
            assert isinstance(variable, Float) or code == int(code)


@settings(deadline=None)
@given(mixed, st.integers(0, 2**32))
def test_candidates_are_encoded_to_what_they_were_decoded_from(space, seed):
    for row in sample(space, 5, np.random.default_rng(seed)):
        candidate = space.candidate(row)
        assert list(candidate) == list(space.names)
        np.testing.assert_array_equal(space.row(candidate), row)
        assert all(
            type(candidate[name]) is int
            for name, v in space.variables.items()
            if isinstance(v, Int)
        )


@settings(deadline=None)
@given(spaces, st.integers(0, 2**32))
def test_what_is_shown_is_plain_and_leads_back(space, seed):
    for row in sample(space, 5, np.random.default_rng(seed)):
        shown = space.show(row)
        assert list(shown) == list(space.names)
        assert all(type(v) in (int, float, bool, str, type(None)) for v in shown.values())
        if isinstance(space, Space):
            np.testing.assert_array_equal(space.row(shown), row)
        else:
            np.testing.assert_array_equal(list(shown.values()), row)


@pytest.mark.parametrize("space", [Real(0, 1, n=3), Integer(0, 9, n=3), Binary(3), MIXED], ids=repr)
def test_some_variables_of_a_space_are_one(space):
    part = space.take(np.array([0, 2]))
    assert part.n_var == 2
    np.testing.assert_array_equal(part.layout.lower, space.layout.lower[[0, 2]])
    np.testing.assert_array_equal(part.layout.categories, space.layout.categories[[0, 2]])
    assert type(part) is type(space)


@pytest.mark.parametrize("space", [Real(0, 1, n=3), Integer(0, 9, n=3), Binary(3)], ids=repr)
def test_a_candidate_is_a_copy_of_its_row(space):
    X = sample(space, 1, np.random.default_rng(0))
    before = X.copy()
    candidate = space.candidate(X[0])
    assert candidate.dtype == space.dtype
    candidate[:] = ~candidate if space.dtype == bool else 0
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    ("space", "cells"),
    [
        (Integer(-3, 4), 8),
        (Integer(0, 1), 2),
        (Space(x=Int(-3, 4)), 8),
        (Space(x=Ordinal(list("abcde"))), 5),
        (Space(x=Choice(list("abcde"))), 5),
        (Space(x=Bool()), 2),
    ],
    ids=repr,
)
def test_the_ends_are_as_likely_as_the_middle(space, cells):
    expected = 1000
    X = sample(space, expected * cells, np.random.default_rng(20))
    counts = np.unique(X, return_counts=True)[1]
    assert counts.size == cells
    # Chi-square with cells - 1 degrees of freedom: mean and variance are that and twice that.
    # Ends half as likely would add expected / 2.
    freedom = cells - 1
    assert ((counts - expected) ** 2 / expected).sum() < freedom + 5 * math.sqrt(2 * freedom)


def test_a_logarithmic_float_is_uniform_in_its_logarithm():
    X = sample(Space(lr=Float(1e-4, 1, log=True)), 4000, np.random.default_rng(3))
    counts, _ = np.histogram(np.log10(X), bins=[-4, -3, -2, -1, 0])
    assert ((counts - 1000) ** 2 / 1000).sum() < 16.3  # chi-square, 3 degrees, 0.999


# -- candidates from outside -----------------------------------------------------------------------


@pytest.mark.parametrize("X", [[0, 1], [[0]], [[0, 1, 0]], [[[0, 1]]], 3, []], ids=repr)
@pytest.mark.parametrize("space", [Real(0, 1, n=2), Integer(0, 1, n=2), Binary(2)], ids=repr)
def test_candidates_of_another_shape_are_refused(space, X):
    with pytest.raises(ShapeError, match=r"X must have shape \(n, 2\)") as caught:
        check_candidates(space, X)
    assert str(np.shape(X)) in str(caught.value)


@pytest.mark.parametrize(
    ("space", "wrong"),
    [
        (Real(0, 1, n=2), [math.nan, math.inf, -math.inf, -0.1, 1.1]),
        (Integer(0, 9, n=2), [math.nan, math.inf, 10, -1, 1.5, 1e300]),
        (Binary(2), [2, -1, 0.5, math.nan]),
        (Space(a=Int(0, 9), b=Int(0, 9)), [math.nan, math.inf, -1, 10, 0.5]),
        (Space(a=Choice(["x", "y"]), b=Choice(["x", "y"])), [2, -1, 0.5, math.nan]),
        (Space(a=Ordinal([1, 2]), b=Ordinal([1, 2])), [2, -1, 0.5, math.nan]),
        (Space(a=Float(0, 9), b=Float(1, 9, log=True)), [math.nan, math.inf, -1, 0, 10]),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("error")
def test_values_outside_are_refused_by_row_and_name(space, wrong):
    for value in wrong:
        X = np.ones((3, 2))
        X[2, 1] = value
        with pytest.raises(ShapeError) as caught:
            check_candidates(space, X)
        message = str(caught.value)
        assert "X[2, 1]" in message
        assert str(value) in message
        assert repr(space.names[1]) in message


@pytest.mark.parametrize("space", [Real(0, 1, n=2), Integer(0, 1, n=2), Binary(2), MIXED], ids=str)
@pytest.mark.parametrize("value", ["a", "0.5", b"1", 1j, None, object(), HUGE], ids=name)
@pytest.mark.filterwarnings("error")
def test_candidates_that_are_no_numbers_are_refused_by_row_and_variable(space, value):
    good = sample(space, 1, np.random.default_rng(1))[0].tolist()
    with pytest.raises(ShapeError) as caught:
        read_candidates(space, [good, [*good[:-1], value]])
    assert f"X[1, {space.n_var - 1}] = {value!r:.100} is no number" in str(caught.value)
    assert repr(space.names[-1]) in str(caught.value)


def test_what_is_masked_is_no_number():
    masked = np.ma.masked_array([[0.5, 0.25], [0.5, 0.25]], mask=[[0, 0], [0, 1]])
    with pytest.raises(ShapeError, match=r"X\[1, 1\] = None is no number"):
        read_candidates(Real(0, 1, n=2), masked)


def test_tables_of_pandas_are_candidates():
    pandas = pytest.importorskip("pandas")
    rows = [MIXED.candidate(x) for x in sample(MIXED, 3, np.random.default_rng(2))]
    np.testing.assert_array_equal(
        read_candidates(MIXED, pandas.DataFrame(rows).assign(f=1.5)),
        np.stack([MIXED.row(row) for row in rows]),
    )
    table = pandas.DataFrame({"a": [0, 1], "b": [0.5, 1.0]})
    np.testing.assert_array_equal(read_candidates(Real(0, 1, n=2), table), [[0, 0.5], [1, 1]])


@pytest.mark.parametrize("space", [Real(0, 1, n=2), Integer(0, 1, n=2), Binary(2), MIXED], ids=str)
def test_no_candidates_are_candidates(space):
    X = check_candidates(space, np.empty((0, space.n_var)))
    assert X.shape == (0, space.n_var)
    assert X.dtype == space.dtype


@pytest.mark.parametrize("value", [1 - 1e-12, 1 + 1e-12])
@pytest.mark.parametrize(
    "space",
    [
        Real(0, 1),
        Integer(0, 1),
        Space(a=Int(0, 1)),
        Space(a=Choice(["x", "y"])),
    ],
    ids=repr,
)
def test_what_nearly_is_a_value_becomes_one(space, value):
    # Or is refused; but neither 0.999... of an integer nor 1.000... beyond a bound comes through.
    try:
        X = check_candidates(space, [[value]])
    except ShapeError:
        return
    assert X[0, 0] <= 1
    if not isinstance(space, Real):
        candidate = space.candidate(X[0])
        value_in = candidate["a"] if isinstance(space, Space) else candidate[0]
        assert X[0, 0] == 1
        assert value_in in (1, "y")


def test_a_candidate_needs_exactly_the_names():
    candidate = MIXED.candidate(sample(MIXED, 1, np.random.default_rng(1))[0])
    for wrong in ({**candidate, "depth": 3}, {"lr": 0.01}, {}):
        with pytest.raises(ConfigurationError) as caught:
            MIXED.row(wrong)
        assert str(list(MIXED.names)) in str(caught.value)
        assert str(list(wrong)) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr", 1.0), ("width", 8.5), ("act", "tanh"), ("bias", "yes"), ("size", 17), ("shift", None)],
)
def test_a_value_that_does_not_fit_is_refused_by_name(name, value):
    candidate = MIXED.candidate(sample(MIXED, 1, np.random.default_rng(1))[0])
    with pytest.raises(ConfigurationError) as caught:
        MIXED.row({**candidate, name: value})
    assert repr(value) in str(caught.value)
    assert name in str(caught.value)


@settings(deadline=None)
@given(spaces, st.integers(0, 2**32))
def test_nothing_warns(space, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X = sample(space, 3, np.random.default_rng(seed))
        check_candidates(space, X)
        repr(space)


def test_keys_do_not_depend_on_the_layout_in_memory():
    X, space = np.arange(12.0).reshape(4, 3), Real(0, 12, n=3)
    for view in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        assert space.key(view) == space.key(X)


@pytest.mark.parametrize("other", [-0.0, 0.0])
def test_equal_rows_have_equal_keys(other):
    # The two zeros are equal numbers of different bits.
    assert len(set(Real(0, 1, n=2).key(np.array([[0.0, 1.0], [other, 1.0]])))) == 1


def test_rows_that_differ_in_the_last_bit_differ():
    assert len(set(Real(0, 1).key(np.array([[0.1], [np.nextafter(0.1, 1)]])))) == 2
