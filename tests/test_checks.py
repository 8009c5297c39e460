"""What counts as a number."""

from fractions import Fraction

import numpy as np
import pytest

from paretide.checks import real_number, whole_number
from paretide.errors import ConfigurationError


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3), np.array(3, "i2")])
def test_whole_numbers_of_either_library_are_ints(value):
    found = whole_number("size", value, least=3)
    assert type(found) is int
    assert found == 3


@pytest.mark.parametrize(
    "value", [True, np.True_, np.array(True), 3.0, np.float64(3), "3", None, [3], np.array([3])]
)
def test_what_is_no_whole_number_is_named(value):
    with pytest.raises(ConfigurationError, match="size must be a whole number >= 1, got"):
        whole_number("size", value, least=1)


def test_no_whole_number_is_larger_than_arrays_hold():
    assert whole_number("size", 2**63 - 1) == 2**63 - 1
    for value in (2**63, -(2**63), 10**400, 10**5000):
        with pytest.raises(ConfigurationError, match="size must be below 2\\*\\*63 in size, got"):
            whole_number("size", value)


def test_the_least_is_said():
    with pytest.raises(ConfigurationError, match="size must be a whole number >= 4, got"):
        whole_number("size", np.int64(3), least=4)
    assert whole_number("offset", -7) == -7


@pytest.mark.parametrize("value", [1.5, np.float32(1.5), np.array(1.5), np.float64(1.5)])
def test_real_numbers_of_either_library_are_floats(value):
    found = real_number("eta", value)
    assert type(found) is float
    assert found == 1.5


def test_infinity_is_a_number_and_a_whole_number_is_real():
    assert real_number("limit", np.inf) == np.inf
    assert type(real_number("limit", np.int8(2))) is float


@pytest.mark.parametrize(
    "value", [True, np.False_, "1.5", None, np.nan, 1j, [1.5], np.array([1.5]), Fraction(3, 2)]
)
def test_what_is_no_number_is_named(value):
    with pytest.raises(ConfigurationError, match="eta must be a number, got"):
        real_number("eta", value)


def test_what_no_double_holds_is_named():
    with pytest.raises(ConfigurationError, match="eta is beyond the largest number"):
        real_number("eta", 10**400)
