import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretide import Bool, Choice, Float, Int, Ordinal
from paretide.errors import ConfigurationError

HUGE = 10**400
NOT_NUMBERS = ["1", b"1", True, np.True_, np.array(True), np.array([1.0]), None, [1.0], {}]


def name(value):
    """Short for parametrized tests."""
    return "huge" if value is HUGE else repr(value)


@pytest.mark.parametrize(
    ("low", "high"), [(2, 1), (0, -1), (-math.inf, 0), (0, math.inf), (math.nan, 1)]
)
@pytest.mark.parametrize("kind", [Float, Int])
def test_bounds_that_are_none_are_refused_by_name_and_value(kind, low, high):
    with pytest.raises(ConfigurationError) as caught:
        kind(low, high)
    message = str(caught.value)
    assert kind.__name__ in message
    assert "low" in message or "high" in message
    culprit = next((v for v in (low, high) if not math.isfinite(v)), low)
    assert str(culprit).removesuffix(".0") in message


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=repr)
@pytest.mark.parametrize("kind", [Float, Int])
def test_a_bound_that_is_no_number_is_refused(kind, value):
    for name, bounds in (("low", (value, 5)), ("high", (-5, value))):
        with pytest.raises(ConfigurationError) as caught:
            kind(*bounds)
        assert f"{kind.__name__} {name}" in str(caught.value)
        assert repr(value) in str(caught.value)


@pytest.mark.parametrize("low", [0, -1])
@pytest.mark.parametrize("kind", [Float, Int])
def test_a_logarithm_needs_a_positive_low(kind, low):
    with pytest.raises(ConfigurationError, match=rf"{kind.__name__}.*low > 0.*low={low}"):
        kind(low, 10, log=True)


@pytest.mark.parametrize(("bounds", "wrong"), [((0.5, 3), "low.*0.5"), ((0, 2.5), "high.*2.5")])
def test_an_integer_has_whole_bounds(bounds, wrong):
    with pytest.raises(ConfigurationError, match=rf"Int: {wrong}"):
        Int(*bounds)


@pytest.mark.parametrize("kind", [Float, Int])
def test_a_bound_beyond_every_double_is_refused(kind):
    with pytest.raises(ConfigurationError, match=kind.__name__):
        kind(0, HUGE)


@pytest.mark.parametrize("high", [2**53 + 1, 2**63])
def test_integers_that_a_double_cannot_count_are_refused_or_exact(high):
    try:
        variable = Int(0, high)
    except ConfigurationError:
        return
    assert variable.high == high
    assert variable.decode(variable.encode(high)) == high


@pytest.mark.parametrize("kind", [Choice, Ordinal])
class TestListed:
    def test_no_value_is_refused(self, kind):
        for nothing in ([], {}, np.array([])):
            with pytest.raises(ConfigurationError, match=f"{kind.__name__}: needs at least one"):
                kind(nothing)

    @pytest.mark.parametrize("values", [["a", "b", "a"], [1, 2, 2], [None, None]])
    def test_a_value_that_stands_there_twice_is_refused(self, kind, values):
        with pytest.raises(ConfigurationError) as caught:
            kind(values)
        assert f"{kind.__name__}: the value {values[-1]!r}" in str(caught.value)

    @pytest.mark.parametrize("values", ["relu", b"ab", {"a", "b"}, 3, None], ids=repr)
    def test_what_is_no_list_is_refused(self, kind, values):
        with pytest.raises(ConfigurationError) as caught:
            kind(values)
        assert f"{kind.__name__}: expected a list" in str(caught.value)
        assert repr(values) in str(caught.value)

    def test_values_of_different_types_are_different(self, kind):
        variable = kind([1, True, 1.0, "1", None])
        for code, value in enumerate(variable.values):
            assert variable.encode(value) == code
            assert type(variable.decode(code)) is type(value)

    def test_numpy_scalars_stand_for_their_values(self, kind):
        assert kind([1, 2]).encode(np.int64(2)) == 1
        assert kind(["a", "b"]).encode(np.str_("b")) == 1

    def test_an_unknown_value_is_refused(self, kind):
        with pytest.raises(ConfigurationError, match=r"'c' is none of \['a', 'b'\]"):
            kind(["a", "b"]).encode("c")

    def test_a_list_changed_afterwards_changes_nothing(self, kind):
        values = ["a", "b"]
        variable = kind(values)
        values.append("a")
        assert variable.values == ("a", "b")


def test_a_bool_decodes_to_the_two_of_python():
    assert Bool().decode(0.0) is False
    assert Bool().decode(1.0) is True
    assert [Bool().encode(v) for v in (False, True, np.True_)] == [0, 1, 1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1, "0.5", True, None], ids=repr)
def test_a_float_outside_is_refused(value):
    with pytest.raises(ConfigurationError) as caught:
        Float(0, 1).encode(value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 11, 2.5, "3", True, HUGE], ids=name)
def test_an_int_outside_or_not_whole_is_refused(value):
    with pytest.raises(ConfigurationError):
        Int(0, 10).encode(value)


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6), st.booleans())
def test_both_ends_of_the_working_range_round_to_the_ends(low, width, log):
    low = abs(low) + 1 if log else low
    variable = Int(low, low + width, log=log)
    ends = variable.from_working(np.array(variable.working_bounds))
    assert ends.tolist() == [low, low + width]


@pytest.mark.parametrize("variable", [Int(0, 3), Int(-2, 2), Ordinal([10, 20, 30])], ids=repr)
def test_zero_has_one_representation(variable):
    # Two zeros would make two candidates of one.
    z = np.array([-0.4, -0.0, 0.0, 0.4])
    codes = variable.from_working(z)
    np.testing.assert_array_equal(codes, 0.0)
    assert not np.signbit(codes).any()


@pytest.mark.parametrize("variable", [Float(0.1, 0.1), Float(2, 2, log=True), Int(3, 3)], ids=repr)
def test_a_range_of_one_value_is_fixed_to_it(variable):
    low, high = variable.working_bounds
    assert low == high
    assert variable.from_working(np.array([low])).tolist() == [variable.low]
    assert variable.encode(variable.low) == variable.low
    with pytest.raises(ConfigurationError):
        variable.encode(variable.low + 1)


@pytest.mark.parametrize("variable", [Choice(["adam"]), Ordinal([8])], ids=repr)
def test_a_list_of_one_value_is_fixed_to_it(variable):
    assert variable.working_bounds == (0.0, 0.0)
    assert variable.categories == 0
    assert variable.decode(0.0) == variable.values[0]
    assert variable.encode(variable.values[0]) == 0


@pytest.mark.parametrize("scalar", [np.int64, np.uint8, np.int32, np.array])
def test_numbers_of_numpy_are_bounds(scalar):
    assert Int(scalar(1), scalar(9)) == Int(1, 9)
    assert type(Int(scalar(1), scalar(9)).low) is int
    assert Float(scalar(1), np.float32(9)) == Float(1, 9)
    assert type(Float(scalar(1), np.float32(9)).high) is float


def test_log_is_a_truth_value_of_any_library():
    for kind in (Float, Int):
        assert kind(1, 5, log=np.True_) == kind(1, 5, log=True)
        assert kind(1, 5, log=np.True_).describe()["log"] is True
        with pytest.raises(ConfigurationError, match="log must be True or False"):
            kind(1, 5, log=1)
